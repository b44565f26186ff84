"""A person's key is given once: by the record known longest, whatever turns up, merges or parts later."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.config import Settings
from tests.edges.world import World

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 7, 1, tzinfo=UTC)
PERSONS = "+int_person_identities"
EVENTS = 80
Event = tuple[str, dict[str, Any]]
"""Kind of source, and the version of a record that it tells of."""

pytestmark = pytest.mark.xdist_group("edges")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty home."""
    settings = replace(Settings.from_environment({}), home=tmp_path / "home")
    settings.prepare()
    return World(settings, NOW)


def called(con: duckdb.DuckDBPyConnection, brand: str) -> dict[tuple[str, str], str]:
    """Record to the record that its person is called by."""
    rows = con.execute(
        "select here.record_type, here.source_id, caller.source_id from int_person_identities as here"
        " join int_person_identities as caller on here.customer_key = caller.own_customer_key where here.brand_id = ?",
        [brand],
    ).fetchall()
    return {(kind, record): caller for kind, record, caller in rows}


def keys(world: World) -> dict[tuple[str, str], str]:
    """Record to its person's key."""
    with world.build(select=PERSONS) as con:
        rows = con.execute("select record_type, source_id, customer_key from int_person_identities").fetchall()
    return {(kind, record): key for kind, record, key in rows}


def shopper(number: int, at: datetime, email: str | None) -> Event:
    row = {"customer_id": f"s{number}", "email_token": email, "created_at": at, "updated_at": at}
    return "shopify", row


def contact(number: int, created: datetime, at: datetime, email: str | None, merged: Sequence[int] = ()) -> Event:
    ids = ";".join(f"c{n}" for n in merged) or None
    row = {"contact_id": f"c{number}", "email_token": email, "created_at": created, "updated_at": at,
           "is_archived": False, "merged_contact_ids": ids}  # fmt: skip
    return "hubspot", row


def history(seed: int) -> Iterator[Event]:
    """Records, changes of e-mail, merges and their undoing, an hour apart."""
    chance = random.Random(seed)
    emails = [None, *(f"e{n}" for n in range(8))]
    shoppers: dict[int, datetime] = {}
    contacts: dict[int, tuple[datetime, str | None, list[int]]] = {}
    for hour in range(EVENTS):
        at = START + timedelta(hours=hour)
        what = chance.choice(["shopper", "contact", "email", "merge", "merge", "part"])
        if what == "shopper" or not contacts:
            number = chance.randrange(15)
            yield shopper(number, shoppers.setdefault(number, at), chance.choice(emails))
            continue
        number = chance.choice(list(contacts)) if what != "contact" else len(contacts) + 100
        created, email, merged = contacts.get(number, (at, chance.choice(emails), []))
        others = [n for n in contacts if n != number]
        if what == "email":
            email = chance.choice(emails)
        if what == "merge" and others:
            merged = [*merged, chance.choice(others)]
        if what == "part":
            merged = []
        contacts[number] = (created, email, merged)
        yield contact(number, created, at, email, merged)


def land(world: World, sources: dict[str, str], events: Sequence[Event], at: datetime) -> None:
    for kind, table in (("shopify", "customers"), ("hubspot", "contacts")):
        rows = [row for of, row in events if of == kind]
        newest = {row.get("customer_id") or row["contact_id"]: row for row in rows}
        if rows:
            world.land(sources[kind], at, **{table: list(newest.values())})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_history_gives_the_same_persons_however_it_is_cut(world: World, seed: int) -> None:
    events = list(history(seed))
    chance = random.Random(seed)
    cuts = {
        "at_once": [EVENTS],
        "one_by_one": list(range(1, EVENTS + 1)),
        "at_random": sorted({*chance.sample(range(1, EVENTS), 12), EVENTS}),
    }
    for brand, ends in cuts.items():
        world.brand(brand)
        sources = {kind: world.source(kind, brand) for kind in ("shopify", "hubspot")}
        for begin, end in zip([0, *ends], ends, strict=False):
            land(world, sources, events[begin:end], START + timedelta(hours=end))
    with world.build(select=PERSONS) as con:
        at_once, one_by_one, at_random = (called(con, brand) for brand in cuts)
    assert len(set(at_once.values())) < len(at_once)
    assert one_by_one == at_once
    assert at_random == at_once


def test_no_later_record_merge_or_parting_renames_who_stays(world: World) -> None:
    brand = world.brand("aurora")
    shop, crm = world.source("shopify", brand), world.source("hubspot", brand)
    day = timedelta(days=1)
    world.land(shop, START, customers=[shopper(1, START, "anna")[1], shopper(2, START + day, "bea")[1]])
    first = keys(world)
    anna, bea = first["customer", "s1"], first["customer", "s2"]

    older = contact(100, START - 300 * day, START + day, "anna")[1]
    world.land(crm, START + day, contacts=[older, contact(200, START, START + day, "bea")[1]])
    assert keys(world) == {**first, ("contact", "c100"): anna, ("contact", "c200"): bea}

    into_younger = contact(200, START, START + 2 * day, "bea", merged=[100])[1]
    world.land(crm, START + 2 * day, contacts=[into_younger])
    merged = keys(world)
    assert merged == dict.fromkeys([*first, ("contact", "c100"), ("contact", "c200")], anna)

    world.land(crm, START + 3 * day, contacts=[contact(200, START, START + 3 * day, "bea")[1]])
    parted = {**first, ("contact", "c100"): anna, ("contact", "c200"): bea}
    assert keys(world) == parted

    Path(world.settings.warehouse_folder / "warehouse.duckdb").unlink()
    assert keys(world) == parted
