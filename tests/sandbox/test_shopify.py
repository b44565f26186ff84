"""Shopify's GraphQL Admin API as the sandbox speaks it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import SMALL, Client, served

ORDERS = """
query ($after: String, $search: String, $reverse: Boolean) {
  orders(first: 40, after: $after, query: $search, sortKey: UPDATED_AT, reverse: $reverse) {
    pageInfo { hasNextPage endCursor }
    nodes { ...order }
  }
}
fragment order on Order {
  id test cancelledAt updatedAt createdAt taxesIncluded currencyCode presentmentCurrencyCode displayFinancialStatus
  total: totalPriceSet { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }
  totalTaxSet { shopMoney { amount } } totalDiscountsSet { shopMoney { amount } }
  lineItems(first: 20) { nodes {
    id quantity originalUnitPriceSet { shopMoney { amount } }
    discountAllocations { allocatedAmountSet { shopMoney { amount } } } taxLines { priceSet { shopMoney { amount } } }
  } }
  refunds { id createdAt
    refundLineItems(first: 20) { nodes {
      lineItem { id } subtotalSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } }
    } }
    orderAdjustments(first: 5) { nodes { amountSet { shopMoney { amount } } } }
  }
}
"""
SALES = "query ($q: String!) { shopifyqlQuery(query: $q) { parseErrors tableData { columns { name dataType } rows } } }"
METRICS = "orders, gross_sales, discounts, returns, net_sales, taxes, shipping_charges, total_sales"


def money(bag: dict[str, Any]) -> Decimal:
    return Decimal(bag["shopMoney"]["amount"])


def orders(sandbox: Client, **variables: Any) -> list[dict[str, Any]]:
    """All orders of a search, page by page."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = sandbox.shopify(ORDERS, after=after, **variables).json()["data"]["orders"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def net(order: dict[str, Any]) -> Decimal:
    """Net revenue of an order from its lines, as a client works it out."""
    lines = order["lineItems"]["nodes"]
    gross = sum(line["quantity"] * money(line["originalUnitPriceSet"]) for line in lines)
    discount = sum(money(part["allocatedAmountSet"]) for line in lines for part in line["discountAllocations"])
    tax = sum(money(part["priceSet"]) for line in lines for part in line["taxLines"])
    return gross - discount - (tax if order["taxesIncluded"] else 0)


def refunded(order: dict[str, Any], refund: dict[str, Any]) -> Decimal:
    lines = refund["refundLineItems"]["nodes"]
    tax = sum(money(line["totalTaxSet"]) for line in lines) if order["taxesIncluded"] else 0
    extra = sum(money(part["amountSet"]) for part in refund["orderAdjustments"]["nodes"])
    return sum((money(line["subtotalSet"]) for line in lines), Decimal(0)) - tax - extra


def test_orders_are_paged_to_the_end_and_reproduce_the_truth_to_the_cent(sandbox: Client) -> None:
    found = orders(sandbox)
    truth = {row["order_id"]: row for row in sandbox.truth("orders")}
    assert [o["updatedAt"] for o in found] == sorted(o["updatedAt"] for o in found)
    assert {o["id"].rpartition("/")[2] for o in found} == set(truth)
    refunds = {row["refund_id"]: row for row in sandbox.truth("refunds")}
    for order in found:
        row = truth[order["id"].rpartition("/")[2]]
        assert float(net(order)) == pytest.approx(row["net_revenue"], abs=1e-9)
        assert (order["currencyCode"], order["test"]) == (row["currency"], row["is_test"])
        assert (order["cancelledAt"] is not None) == row["is_cancelled"]
        for refund in order["refunds"]:
            known = refunds.pop(refund["id"].rpartition("/")[2])
            assert float(refunded(order, refund)) == pytest.approx(known["net_amount"], abs=1e-9)
    assert not refunds


def test_the_search_narrows_and_reverse_turns_the_order(sandbox: Client) -> None:
    every = orders(sandbox)
    bound = every[-30]["updatedAt"]
    late = orders(sandbox, search=f"updated_at:>='{bound}'")
    assert [o["id"] for o in late] == [o["id"] for o in every if o["updatedAt"] >= bound]
    assert [o["id"] for o in orders(sandbox, search="test:true")] == [o["id"] for o in every if o["test"]]
    assert [o["id"] for o in orders(sandbox, reverse=True)] == [o["id"] for o in every][::-1]


def test_money_comes_in_two_currencies(sandbox: Client) -> None:
    found = orders(sandbox)
    assert {o["currencyCode"] for o in found} == {"EUR", "CHF"}
    tourist = next(o for o in found if o["presentmentCurrencyCode"] == "USD")
    assert tourist["total"]["shopMoney"]["currencyCode"] == "EUR"
    assert tourist["total"]["presentmentMoney"]["currencyCode"] == "USD"


def test_the_daily_sales_report_follows_from_the_orders(sandbox: Client) -> None:
    report = f"FROM sales SHOW {METRICS} TIMESERIES day SINCE 2025-01-01 UNTIL today"
    table = sandbox.shopify(SALES, q=report).json()["data"]["shopifyqlQuery"]["tableData"]
    assert [column["name"] for column in table["columns"]][:2] == ["day", "orders"]
    rows = {row["day"]: {k: Decimal(v) for k, v in row.items() if k != "day"} for row in table["rows"]}
    assert len(rows) == 547
    for row in rows.values():
        assert abs(row["gross_sales"] + row["discounts"] + row["returns"] - row["net_sales"]) <= Decimal("0.02")
    placed: dict[str, int] = defaultdict(int)
    for order in sandbox.truth("orders"):
        placed[order["ordered_on"].isoformat()] += not order["is_test"]
    assert all(row["orders"] == placed[day] for day, row in rows.items())
    given = sum(r["net_revenue_eur"] for r in sandbox.truth("orders") if not r["is_test"])
    assert float(sum(r["net_sales"] - r["returns"] for r in rows.values())) == pytest.approx(given, abs=3)


def test_the_report_differs_from_revenue_by_cancelled_orders_only(sandbox: Client) -> None:
    cancelled = [r for r in sandbox.truth("orders") if r["is_cancelled"] and not r["is_test"]]
    revenue = {row["day"]: row for row in sandbox.truth("revenue_daily")}
    quiet = {row["ordered_on"] for row in cancelled}
    compared = 0
    for row in sandbox.truth("sales_totals"):
        if row["day"] not in quiet:
            sold = row["gross_sales"] + row["discounts"]
            assert sold == pytest.approx(revenue[row["day"]]["net_revenue_before_refunds"], abs=0.011)
            compared += 1
    assert compared > 400


def test_what_cannot_be_reported_is_a_parse_error(sandbox: Client) -> None:
    for report, told in (("SHOW orders", "Syntax error"), ("FROM sales SHOW profit", "Column not found: profit")):
        answer = sandbox.shopify(SALES, q=report).json()["data"]["shopifyqlQuery"]
        assert answer["tableData"] is None
        assert told in answer["parseErrors"][0]


def test_customers_and_checkouts_are_paged(sandbox: Client) -> None:
    query = """query ($after: String) { customers(first: 100, after: $after, sortKey: UPDATED_AT) {
      edges { cursor node { id defaultEmailAddress { emailAddress marketingState } } }
      pageInfo { hasNextPage } } }"""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = sandbox.shopify(query, after=after).json()["data"]["customers"]
        found += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["edges"][-1]["cursor"]
    accounts = {row["shop_customer_id"]: row["email"] for row in sandbox.truth("people") if row["shop_customer_id"]}
    shown = {node["id"].rpartition("/")[2]: node["defaultEmailAddress"]["emailAddress"] for node in found}
    assert shown == accounts
    assert {n["defaultEmailAddress"]["marketingState"] for n in found} == {
        "SUBSCRIBED",
        "UNSUBSCRIBED",
        "NOT_SUBSCRIBED",
    }
    checkouts = sandbox.shopify(
        "{ abandonedCheckouts(first: 250) { nodes { id completedAt customer { id } } } }"
    ).json()
    nodes = checkouts["data"]["abandonedCheckouts"]["nodes"]
    assert any(node["customer"] is None for node in nodes)
    assert any(node["completedAt"] for node in nodes)


def test_a_nested_connection_is_paged_through_its_own_object(sandbox: Client) -> None:
    long = max(orders(sandbox), key=lambda o: len(o["lineItems"]["nodes"]))
    query = """query ($id: ID!, $after: String) { order(id: $id) {
      lineItems(first: 1, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } }"""
    seen: list[str] = []
    after = None
    while True:
        page = sandbox.shopify(query, id=long["id"], after=after).json()["data"]["order"]["lineItems"]
        seen += [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert seen == [node["id"] for node in long["lineItems"]["nodes"]]


def test_answers_tell_their_cost_and_queries_are_validated(sandbox: Client) -> None:
    cost = sandbox.shopify("{ shop { currencyCode ianaTimezone } }").json()["extensions"]["cost"]
    assert cost["throttleStatus"].keys() == {"maximumAvailable", "currentlyAvailable", "restoreRate"}
    errors = sandbox.shopify("{ shop { password } }").json()["errors"]
    assert "Cannot query field 'password' on type 'Shop'" in errors[0]["message"]
    assert sandbox.shopify("{ orders { nodes { id } } }").json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert sandbox.shopify('{ orders(first: 1, after: "x") { nodes { id } } }').json()["errors"]


def test_the_shop_cuts_its_days_in_the_zone_of_its_world(tmp_path: Path) -> None:
    for shop in served(tmp_path, replace(SMALL, timezone="Asia/Tokyo")):
        told = shop.shopify("{ shop { ianaTimezone timezoneOffset } }").json()["data"]["shop"]
        assert told == {"ianaTimezone": "Asia/Tokyo", "timezoneOffset": "+0900"}
        report = shop.shopify(SALES, q="FROM sales SHOW orders TIMESERIES day SINCE today").json()["data"]
        assert [row["day"] for row in report["shopifyqlQuery"]["tableData"]["rows"]] == ["2026-07-01"]


def test_a_wrong_token_is_refused(sandbox: Client) -> None:
    answer = requests.post(sandbox.url("/shopify/admin/api/2026-10/graphql.json"), json={"query": "{ shop { id } }"})
    assert answer.status_code == 401
    assert "Invalid API key or access token" in answer.json()["errors"]
