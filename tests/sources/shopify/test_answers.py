"""Shopify: answers of another form, and errors, are each one line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any

import pytest
from dlt.extract.exceptions import ResourceExtractionError

from pipelines.sources.shopify.json_client import AnswerError
from tests.sources.far_side import FarSide, Reply, Request
from tests.sources.shopify.shop import (
    NOW,
    WHERE,
    Node,
    Read,
    Shop,
    adjustment,
    checkout,
    customer,
    failure,
    fault,
    line,
    refund,
    refund_line,
    refunded_shipping,
    throttled,
)


def sales_rows(change: Callable[[Node], Any]) -> Callable[[Node], Any]:
    def changed(data: Node) -> Any:
        table = data["shopifyqlQuery"]["tableData"]
        table["rows"] = [change(row) for row in table["rows"]]
        return data

    return changed


@pytest.mark.parametrize(
    ("table", "operation", "change", "told"),
    [
        ("customers", "Customers", lambda d: [d], "data is a list, not an object"),
        ("customers", "Customers", lambda d: None, "data is null, not an object"),
        ("customers", "Customers", lambda d: {}, "data.customers is missing"),
        ("customers", "Customers", lambda d: {"customers": None}, "data.customers is null, not an object"),
        (
            "customers",
            "Customers",
            lambda d: {"customers": {**d["customers"], "nodes": None}},
            "data.customers.nodes is null, not a list",
        ),
        (
            "customers",
            "Customers",
            lambda d: {"customers": {**d["customers"], "nodes": [{**customer(1, NOW), "id": 1}]}},
            "data.customers.nodes[0].id is a whole number, not a text",
        ),
        (
            "customers",
            "Customers",
            lambda d: {"customers": {**d["customers"], "nodes": ["anna@mail.example"]}},
            "data.customers.nodes[0] is a text, not an object",
        ),
        (
            "abandoned_checkouts",
            "AbandonedCheckouts",
            lambda d: {"abandonedCheckouts": {"nodes": [], "pageInfo": {"endCursor": None}}},
            "data.abandonedCheckouts.pageInfo.hasNextPage is missing",
        ),
        (
            "order_lines",
            "Orders",
            lambda d: {"orders": {**d["orders"], "nodes": [{**d["orders"]["nodes"][0], "lineItems": None}]}},
            "data.orders.nodes[0].lineItems is null, not an object",
        ),
        (
            "orders",
            "Orders",
            lambda d: {"orders": {**d["orders"], "nodes": [{**d["orders"]["nodes"][0], "totalPriceSet": "9"}]}},
            "data.orders.nodes[0].totalPriceSet is a text, not an object",
        ),
        (
            "refunds",
            "OrderRefunds",
            lambda d: {"node": {**d["node"], "refunds": {}}},
            "data.node.refunds is an object, not a list",
        ),
        ("sales_totals", "Shop", lambda d: {"shop": "aurora"}, "data.shop is a text, not an object"),
        (
            "sales_totals",
            "Shop",
            lambda d: {"shop": {"currencyCode": "EUR", "ianaTimezone": "Europe"}},
            "data.shop.ianaTimezone is no time zone",
        ),
        (
            "sales_totals",
            "Sales",
            lambda d: {"shopifyqlQuery": {"parseErrors": [], "tableData": None}},
            "data.shopifyqlQuery.tableData is null, not an object",
        ),
        (
            "sales_totals",
            "Sales",
            lambda d: {"shopifyqlQuery": {"parseErrors": ["Column not found: returns"], "tableData": None}},
            "the sales report was refused: Column not found: returns",
        ),
        (
            "sales_totals",
            "Sales",
            sales_rows(lambda row: list(row.values())[1:]),
            "data.shopifyqlQuery.tableData.rows has a row that is not as long as its columns",
        ),
        (
            "sales_totals",
            "Sales",
            sales_rows(lambda row: {"day": row["day"]}),
            "data.shopifyqlQuery.tableData.rows[0].orders is missing",
        ),
        (
            "sales_totals",
            "Sales",
            sales_rows(lambda row: {**row, "returns": [1]}),
            "data.shopifyqlQuery.tableData.rows[0].returns is a list, not a text",
        ),
    ],
)
def test_an_answer_of_another_form_is_refused(
    shop: Shop, read: Read, table: str, operation: str, change: Callable[[Node], Any], told: str
) -> None:
    shop.order(1, NOW, refunds=[refund(7, NOW), refund(8, NOW)])
    shop.customers, shop.sales = [customer(1, NOW)], {date(2026, 6, 30): "5.00"}
    shop.alter = lambda asked, data: change(data) if asked == operation else data
    assert fault(lambda: read(table)) == f"{WHERE}: {told}"


@pytest.mark.parametrize(
    ("reply", "attempts", "told"),
    [
        (
            Reply({"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}, 401),
            1,
            f"401 {WHERE}: [API] Invalid API key or access token (unrecognized login or wrong password)",
        ),
        (
            failure("ACCESS_DENIED", "Access denied for customers field."),
            1,
            (
                f"403 {WHERE}: Access denied for customers field. "
                "The app needs read_customers, read_orders, read_all_orders, read_reports"
            ),
        ),
        (
            Reply({"errors": [{"message": "Field 'x' doesn't exist on type 'Order'"}]}),
            1,
            f"400 {WHERE}: Field 'x' doesn't exist on type 'Order'",
        ),
        (Reply({"errors": "Not Found"}, 404), 1, f"404 {WHERE}: Not Found"),
        (Reply({"errors": {"query": "Required parameter missing"}}, 400), 1, f"400 {WHERE}: no message"),
        (Reply({"errors": ["\x1b[31mbad anna@mail.example"]}, 400), 1, f"400 {WHERE}: [31mbad ***"),
        (Reply({"errors": [7], "data": {}}), 1, f"400 {WHERE}: 7"),
        (
            Reply({"data": {}, "extensions": {"cost": 5}}),
            1,
            f"200 {WHERE}: extensions.cost is a whole number, not an object",
        ),
        (Reply([]), 1, f"{WHERE}: the answer is a list, not an object"),
        (failure("INTERNAL_SERVER_ERROR", "Internal error."), 5, f"503 {WHERE}: Internal error."),
        (Reply({"errors": "Internal Server Error"}, 500), 5, f"500 {WHERE}: Internal Server Error"),
        (Reply({"errors": "Locked"}, 423), 5, f"429 {WHERE}: Locked"),
        (throttled(0), 5, f"429 {WHERE}: Throttled"),
        (Reply("<html>back soon</html>"), 1, f"200 {WHERE}: an HTML page instead of JSON"),
    ],
)
def test_an_error_is_one_line(
    read: Read, far_side: FarSide, waits: list[float], reply: Reply, attempts: int, told: str
) -> None:
    far_side.answer = lambda _: reply
    assert fault(lambda: read("customers")) == told
    assert len(far_side.requests) == attempts


WRONG = (None, [], {}, "", "many", 0, -1, 1e308, True, [[]], [None], {"nodes": None}, "2026-13-45", "gid://shopify/x")


def changed_somewhere(content: Any, random: Random) -> Any:
    """A copy in which one part, however deep, is another value or is missing."""
    if not isinstance(content, dict | list) or not content or random.random() < 0.15:
        return random.choice(WRONG)
    keys = list(content) if isinstance(content, dict) else range(len(content))
    at = random.choice(keys)
    copy = content.copy()
    if isinstance(copy, dict) and random.random() < 0.2:
        del copy[at]
    else:
        copy[at] = changed_somewhere(copy[at], random)
    return copy


@pytest.mark.parametrize("table", ["customers", "refunds", "abandoned_checkouts", "sales_totals"])
def test_whatever_is_wrong_with_an_answer_it_is_read_or_refused_in_one_line(
    shop: Shop, read: Read, far_side: FarSide, waits: list[float], table: str
) -> None:
    parts = {"shipping": [refunded_shipping("1.00", "0.10")] * 3, "adjustments": [adjustment("1.00", "0.10")] * 3}
    shop.order(1, NOW, [line(n) for n in range(12)], refunds=[refund(7, NOW, refund_line(1, "1", "0"), **parts)] * 3)
    shop.customers, shop.checkouts = [customer(1, NOW)], [checkout(1, NOW)]
    shop.sales = {date(2026, 6, 30): "5.00"}
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": 1900, "restoreRate": 100.0}
    shop.cost = {"requestedQueryCost": 40, "throttleStatus": status}
    random = Random(table)

    def answer(request: Request) -> Reply:
        reply = shop(request)
        return Reply(changed_somewhere(reply.content, random)) if random.random() < 0.3 else reply

    far_side.answer = answer
    refusals = []
    for _ in range(50):
        try:
            read(table)
        except ResourceExtractionError as error:
            refusals.append(error.__cause__)
    assert 5 < len(refusals) < 50
    assert {type(refusal) for refusal in refusals} <= {AnswerError}
    assert not [refusal for refusal in refusals if "\n" in str(refusal)]
