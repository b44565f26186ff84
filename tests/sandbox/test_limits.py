"""Versions, ceilings, costs and rates: what there is not is refused, and too much is, as each vendor does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Client

OWN = "17841400000000001"
SHOP = b'{"query": "{ shop { name } }"}'
PAGE = """query ($after: String) { orders(first: 40, after: $after, sortKey: ID) {
  nodes { id } pageInfo { hasNextPage endCursor } } }"""
DEEP = "{ orders(first: 250) { nodes { refunds { refundLineItems(first: 250) { nodes { lineItem {"
DEEP += " taxLines(first: 250) { priceSet { shopMoney { amount } presentmentMoney { amount } } }"
DEEP += " discountAllocations { allocatedAmountSet { shopMoney { amount } } } } } } } } } }"


@pytest.fixture(autouse=True)
def usual(sandbox: Client) -> Iterator[None]:
    yield
    sandbox.control("conditions", ceiling=0, rate=0)


@pytest.mark.parametrize(
    ("version", "status", "code"),
    [("v24.0", 200, None), ("v25.0", 200, None), ("v12.0", 400, 2635), ("v99.0", 400, 2500)],
)
def test_versions_of_the_graph(sandbox: Client, version: str, status: int, code: int | None) -> None:
    token = sandbox.token("instagram")
    answer = requests.get(sandbox.url(f"/instagram/{version}/{OWN}?fields=id&access_token={token}"))
    assert answer.status_code == status
    assert answer.json().get("error", {}).get("code") == code
    if status == 200:
        assert answer.headers["facebook-api-version"] == version


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/crm/v3/objects/contacts", 200),
        ("/crm/objects/2026-03/contacts", 200),
        ("/crm/objects/2026-09/contacts", 200),
        ("/crm/objects/2019-03/contacts", 404),
        ("/crm/v9/objects/contacts", 404),
        ("/crm/v3/objects", 404),
    ],
)
def test_versions_of_the_crm(sandbox: Client, path: str, status: int) -> None:
    answer = sandbox.hubspot("GET", path)
    assert answer.status_code == status
    if status == 404:
        assert answer.json()["category"] == "OBJECT_NOT_FOUND"


def test_dated_versions_search_and_associate(sandbox: Client) -> None:
    deals = sandbox.hubspot("POST", "/crm/objects/2026-03/deals/search", json={"limit": 2}).json()["results"]
    inputs = {"inputs": [{"id": deal["id"]} for deal in deals]}
    path = "/crm/associations/2026-03/deals/contacts/batch/read"
    found = sandbox.hubspot("POST", path, json=inputs).json()["results"]
    assert [type(pair["to"][0]["toObjectId"]) for pair in found] == [int, int]


@pytest.mark.parametrize(
    ("version", "answers"),
    [("2026-10", "2026-10"), ("2026-01", "2026-01"), ("2025-04", "2026-01"), ("2026-13", None), ("2031-01", None)],
)
def test_versions_of_the_shop(sandbox: Client, version: str, answers: str | None) -> None:
    answer = sandbox.send(SHOP, version=version)
    assert answer.status_code == (404 if answers is None else 200)
    assert answer.headers.get("X-Shopify-API-Version") == answers


def test_orders_are_paged_to_the_ceiling_and_no_further(sandbox: Client) -> None:
    sandbox.control("conditions", api="shopify", ceiling=100)
    read: list[int] = []
    after = None
    while True:
        answer = sandbox.shopify(PAGE, after=after).json()
        if "errors" in answer:
            break
        page = answer["data"]["orders"]
        read.append(len(page["nodes"]))
        assert page["pageInfo"]["hasNextPage"] is True
        after = page["pageInfo"]["endCursor"]
    assert read == [40, 40, 20]
    assert "beyond 100 objects" in answer["errors"][0]["message"]


def test_a_listing_of_media_has_the_most_recent_ones_only(sandbox: Client) -> None:
    whole = sandbox.graph(f"{OWN}/media", fields="id", limit=100).json()["data"]
    sandbox.control("conditions", api="instagram", ceiling=7)
    page = sandbox.graph(f"{OWN}/media", fields="id", limit=100).json()
    assert page["data"] == whole[:7]
    assert "next" not in page["paging"]
    assert sandbox.graph(OWN, fields="media_count").json()["media_count"] > 7


def test_a_query_above_a_thousand_points_is_refused(sandbox: Client) -> None:
    (error,) = sandbox.shopify(DEEP).json()["errors"]
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert error["extensions"]["maxCost"] == 1000
    assert f"Query cost is {error['extensions']['cost']}, which exceeds" in error["message"]
    assert sandbox.shopify(DEEP.replace("250", "5")).json()["data"]["orders"]["nodes"]


def burst(call: Any) -> requests.Response:
    """Ask until it is too much."""
    for _ in range(50):
        answer: requests.Response = call()
        if not answer.ok or "errors" in answer.json():
            return answer
    raise AssertionError("the rate does not hold")


def test_the_crm_answers_so_many_requests_a_second(sandbox: Client) -> None:
    sandbox.control("conditions", api="hubspot", rate=1)
    told = burst(lambda: sandbox.hubspot("GET", "/crm/v3/objects/contacts"))
    assert (told.status_code, told.json()["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
    assert (told.headers["X-HubSpot-RateLimit-Max"], told.headers["X-HubSpot-RateLimit-Remaining"]) == ("10", "0")
    searched = burst(lambda: sandbox.search("contacts", limit=1))
    assert (searched.status_code, searched.json()["policyName"]) == (429, "SECONDLY")
    assert "X-HubSpot-RateLimit-Max" not in searched.headers


def test_the_graph_answers_so_many_requests_a_second(sandbox: Client) -> None:
    sandbox.control("conditions", api="instagram", rate=0.001)
    usage = json.loads(sandbox.graph("me", fields="id").headers["X-Business-Use-Case-Usage"])
    assert usage[OWN][0]["call_count"] == 100
    told = sandbox.graph("me", fields="id")
    assert (told.status_code, told.json()["error"]["code"]) == (403, 4)


def test_the_shop_s_bucket_empties_by_points_and_fills_again(sandbox: Client) -> None:
    sandbox.control("conditions", api="shopify", rate=1)
    query = "{ orders(first: 250) { nodes { lineItems(first: 50) { nodes { id } } } } }"
    told = burst(lambda: sandbox.shopify(query)).json()
    assert told["errors"][0]["extensions"]["code"] == "THROTTLED"
    cost = told["extensions"]["cost"]
    assert cost["throttleStatus"]["maximumAvailable"] == 1000.0
    assert cost["throttleStatus"]["restoreRate"] == 50.0
    assert 0 <= cost["throttleStatus"]["currentlyAvailable"] < cost["requestedQueryCost"]


def test_without_a_rate_nothing_is_refused(sandbox: Client) -> None:
    assert {sandbox.graph("me", fields="id").status_code for _ in range(60)} == {200}
