"""The world moves while it is read: it replays, it is true, and the search indexes lag behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import SMALL, Client, served

OWN = "17841400000000001"
NEWEST = [{"propertyName": "lastmodifieddate", "direction": "DESCENDING"}]
ORDER = "query ($id: ID!) { order(id: $id) { updatedAt } }"
LATE = """{ orders(first: 250, query: "updated_at:>='2026-06-30T22:00:00Z'", sortKey: UPDATED_AT) { nodes { id } } }"""
READ = """query ($after: String) { orders(first: 50, after: $after, sortKey: UPDATED_AT) {
  nodes { id } pageInfo { hasNextPage endCursor } } }"""
NOW = "2026-06-30T22:00:00.200Z"


@pytest.fixture(scope="module")
def restless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    yield from served(tmp_path_factory.mktemp("restless"), replace(SMALL, moves=2))


def changes(sandbox: Client) -> list[dict[str, Any]]:
    path = sandbox.home / "sandbox" / "changes.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def kinds(sandbox: Client) -> set[str]:
    return {change["kind"] for change in changes(sandbox)}


def media(sandbox: Client) -> list[dict[str, Any]]:
    page = sandbox.graph(f"{OWN}/media", fields="id,comments_count", limit=5).json()
    found: list[dict[str, Any]] = page["data"]
    while "next" in page["paging"]:
        page = requests.get(page["paging"]["next"]).json()
        found += page["data"]
    return found


def orders(sandbox: Client) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = sandbox.shopify(READ, after=after).json()["data"]["orders"]
        found += [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def contacts(sandbox: Client) -> list[str]:
    found: list[str] = []
    after: str | None = "0"
    while after:
        sorts = [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}]
        page = sandbox.search("contacts", limit=20, after=after, sorts=sorts).json()
        found += [record["id"] for record in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")
    return found


def test_records_change_while_they_are_read_and_the_truth_is_what_is_shown_in_the_end(restless: Client) -> None:
    first = media(restless), orders(restless), contacts(restless)
    assert kinds(restless) >= {"add_comment", "edit_order", "edit_contact"}
    assert len(set(first[2])) < len(set(contacts(restless)) | set(first[2])), "reading by offset loses contacts"
    for _ in range(60):
        restless.graph(OWN, fields="id")
    assert {"add_post", "delete_post", "hide_comment", "delete_comment"} <= kinds(restless)
    restless.control("conditions", moves=0)
    made = changes(restless)
    restless.control("truth")
    truth = {row["media_id"]: row for row in restless.truth("posts") if row["brand_id"] == "aurora"}
    shown = {found["id"]: found["comments_count"] for found in media(restless)}
    assert shown == {number: row["comments"] for number, row in truth.items() if not row["is_deleted"]}
    assert {order.rpartition("/")[2] for order in orders(restless)} == {o["order_id"] for o in restless.truth("orders")}
    assert changes(restless) == made, "nothing moves any more"


def test_a_restless_world_replays(tmp_path: Path) -> None:
    running = served(tmp_path, replace(SMALL, moves=1))
    client = next(running)
    for _ in range(12):
        client.graph(OWN, fields="id")
        client.search("contacts", limit=1)
        client.shopify("{ shop { id } }")
    client.control("conditions", moves=0)
    before = media(client), orders(client), contacts(client)
    next(running, None)
    again = served(tmp_path)
    client = next(again)
    client.control("conditions", moves=0)
    assert (media(client), orders(client), contacts(client)) == before
    assert len(changes(client)) == 36
    next(again, None)


def test_the_truth_is_written_when_nobody_asks_and_at_the_end(tmp_path: Path) -> None:
    running = served(tmp_path, replace(SMALL, moves=1))
    client = next(running)
    while "add_post" not in kinds(client):
        client.graph(OWN, fields="id")
    added = sum(change["kind"] == "add_post" for change in changes(client))
    next(running, None)
    posts = [row for row in client.truth("posts") if int(row["media_id"]) >= 17_950_000_000_000_000]
    assert len(posts) == added


def test_two_worlds_move_alike(tmp_path: Path) -> None:
    made = []
    for name in ("one", "other"):
        running = served(tmp_path / name, replace(SMALL, moves=1))
        client = next(running)
        for _ in range(8):
            client.search("contacts", limit=1)
        made.append(changes(client))
        next(running, None)
    assert made[0] == made[1]
    assert len(made[0]) == 8


def test_an_edited_contact_moves_to_the_end_and_the_index_knows_it_later(fresh: Client) -> None:
    fresh.control("conditions", api="hubspot", lag=3)
    sorts = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    edited = fresh.search("contacts", limit=1, sorts=sorts).json()["results"][0]
    fresh.control("change", kind="edit_contact", contact_id=edited["id"])
    path = f"/crm/v3/objects/contacts/{edited['id']}"
    assert fresh.hubspot("GET", path).json()["updatedAt"] == NOW
    seen = [fresh.search("contacts", limit=1, sorts=NEWEST).json()["results"][0]["id"] for _ in range(4)]
    assert [number == edited["id"] for number in seen] == [False, False, True, True]


def test_an_edited_order_is_found_later_but_shown_at_once(fresh: Client) -> None:
    fresh.control("conditions", api="shopify", lag=2)
    chosen = min(row["order_id"] for row in fresh.truth("orders"))
    gid = f"gid://shopify/Order/{chosen}"
    assert gid not in str(fresh.shopify(LATE).json())
    fresh.control("change", kind="edit_order", order_id=chosen)
    assert fresh.shopify(ORDER, id=gid).json()["data"]["order"]["updatedAt"] == "2026-06-30T22:00:00Z"
    assert [gid in str(fresh.shopify(LATE).json()) for _ in range(3)] == [False, True, True]


def test_a_day_later_the_indexes_know_everything(fresh: Client) -> None:
    fresh.control("conditions", lag=1000)
    contact = fresh.search("contacts", limit=1).json()["results"][0]["id"]
    total = fresh.search("contacts", limit=1).json()["total"]
    fresh.control("change", kind="archive_contact", contact_id=contact)
    assert fresh.search("contacts", limit=1).json()["total"] == total
    fresh.control("clock", advance_hours=1)
    found = fresh.search("contacts", limit=200).json()["results"]
    assert contact not in {record["id"] for record in found}


def test_a_listing_of_media_loses_nothing_when_posts_come_and_go_before_its_cursor(fresh: Client) -> None:
    whole = [found["id"] for found in media(fresh)]
    page = fresh.graph(f"{OWN}/media", fields="id", limit=4).json()
    seen = [found["id"] for found in page["data"]]
    fresh.control("change", kind="add_post")
    fresh.control("change", kind="delete_post", media_id=seen[0])
    fresh.control("change", kind="delete_post", media_id=seen[3])
    while "next" in page["paging"]:
        page = requests.get(page["paging"]["next"]).json()
        seen += [found["id"] for found in page["data"]]
    assert set(whole) <= set(seen)
