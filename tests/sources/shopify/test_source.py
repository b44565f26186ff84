"""Shopify: paging beyond its depth, nested connections, money, costs, tokens and versions."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest
from dlt.common.configuration.exceptions import ConfigurationValueError
from pydantic import ValidationError

from pipelines.sources import Given
from pipelines.sources.shopify import TABLES, settings, shopify
from pipelines.sources.shopify.configuration import Configuration
from pipelines.sources.shopify.helpers import utc
from pipelines.sources.shopify.rows import refund_rows, total
from tests.sources.far_side import FarSide, Reply
from tests.sources.shopify.shop import (
    NOW,
    SECRET,
    WHERE,
    Node,
    Read,
    Shop,
    adjustment,
    checkout,
    customer,
    fault,
    iso,
    line,
    refund,
    refund_line,
    refunded_shipping,
    throttled,
)


class Warehouse:
    """DuckDB, as a stranger would load it."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder

    def load(self, now: datetime = NOW, **arguments: Any) -> None:
        path = str(self._folder / "shop.duckdb")
        pipeline = dlt.pipeline(
            "shop",
            pipelines_dir=str(self._folder / "pipelines"),
            destination=dlt.destinations.duckdb(path),
            dataset_name="data",
        )
        pipeline.run(shopify(base_url=self._url, access_token=SECRET, now=now, **arguments))
        pipeline.deactivate()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self._folder / "shop.duckdb"), read_only=True) as con:
            return con.execute(sql).fetchall()

    def counts(self) -> dict[str, int]:
        return {table: self.rows(f"select count(*) from data.{table}")[0][0] for table in TABLES}


@pytest.fixture
def warehouse(far_side: FarSide, tmp_path: Path) -> Warehouse:
    return Warehouse(far_side.url, tmp_path)


def test_a_shop_loads_into_duckdb_and_a_second_run_adds_nothing(shop: Shop, warehouse: Warehouse) -> None:
    parts = {"shipping": [refunded_shipping("4.90", "0.82")], "adjustments": [adjustment("-5.00", "-1.00")]}
    shop.order(1, NOW - timedelta(days=20))
    shop.order(
        2,
        NOW - timedelta(hours=2),
        [line(21), line(22)],
        refunds=[refund(7, NOW - timedelta(hours=2), refund_line(21, "5.00", "1.00"), **parts)],
    )
    shop.customers = [customer(1, NOW - timedelta(hours=1))]
    shop.checkouts = [checkout(1, NOW - timedelta(hours=1))]
    shop.sales = {date(2026, 6, 29): "10.00"}
    counts = {"customers": 1, "orders": 2, "order_lines": 3, "refunds": 3, "abandoned_checkouts": 1, "sales_totals": 2}
    warehouse.load()
    assert warehouse.counts() == counts
    assert [asked.operation for asked in shop.asked].count("Orders") == 1, "three tables, one list"
    shop.asked.clear()
    warehouse.load()
    assert warehouse.counts() == counts
    asked = {operation: variables.get("search") for operation, variables in shop.asked}
    assert asked["Customers"] == "updated_at:>='2026-06-29T20:00:00Z'"
    assert asked["Orders"] == "updated_at:>='2026-06-29T19:00:00Z'"
    assert asked["AbandonedCheckouts"] == "updated_at:>='2026-06-29T20:00:00Z'"
    assert warehouse.rows("select refund_kind, line_id, amount, tax_amount from data.refunds order by 1") == [
        ("adjustment", None, 5, 1),
        ("line", "21", 4, 1),
        ("shipping", None, Decimal("4.08"), Decimal("0.82")),
    ]


def test_an_edit_of_an_order_replaces_its_lines_and_adds_its_refund(shop: Shop, warehouse: Warehouse) -> None:
    order = shop.order(1, NOW - timedelta(days=300), [line(11), line(12)])
    warehouse.load()
    later = NOW + timedelta(hours=1)
    order |= {
        "updatedAt": iso(later),
        "lineItems": [line(11, quantity=3)],
        "refunds": [refund(7, later, refund_line(12, "12.00", "2.00"))],
    }
    warehouse.load(later)
    assert warehouse.rows("select line_id, quantity from data.order_lines") == [("11", 3)]
    assert warehouse.rows("select order_id, gross_amount from data.orders") == [("1", 30)]
    assert warehouse.rows("select refund_id, line_id, amount from data.refunds") == [("7", "12", 10)]


def test_no_cursor_passes_the_present(shop: Shop, warehouse: Warehouse) -> None:
    shop.order(1, NOW - timedelta(hours=3))
    shop.order(2, NOW + timedelta(days=400))
    warehouse.load()
    shop.order(3, NOW + timedelta(minutes=1))
    shop.asked.clear()
    warehouse.load(NOW + timedelta(minutes=2))
    assert shop.asked[[a.operation for a in shop.asked].index("Orders")].variables["search"] == (
        "updated_at:>='2026-06-29T18:00:00Z'"
    )
    assert warehouse.rows("select order_id from data.orders order by 1") == [("1",), ("2",), ("3",)]


def test_times_have_any_offset(shop: Shop, warehouse: Warehouse) -> None:
    shop.customers = [
        {**customer(1, NOW), "updatedAt": "2026-06-30T20:30:00+02:00"},
        {**customer(2, NOW), "updatedAt": "2026-06-30T16:45:00.250-02:00"},
    ]
    warehouse.load()
    shop.asked.clear()
    warehouse.load()
    (asked,) = [a.variables["search"] for a in shop.asked if a.operation == "Customers"]
    assert asked == "updated_at:>='2026-06-29T18:45:00Z'"
    assert utc("a while ago") is None
    assert utc(None) is None
    assert utc("2026-06-30T20:30:00") == "2026-06-30T20:30:00Z"


def test_reading_can_start_at_a_day(shop: Shop, read: Read) -> None:
    shop.customers = [customer(1, NOW - timedelta(days=9)), customer(2, NOW)]
    assert [row["customer_id"] for row in read("customers", start_date="2026-06-29")] == ["2"]
    assert shop.asked[0].variables["search"] == "updated_at:>='2026-06-29T00:00:00Z'"
    with pytest.raises(ConfigurationValueError, match=r"^shopify: start_date is no date, such as 2026-01-31$"):
        read("customers", start_date="soon")


def test_an_order_has_its_lines_and_its_gross_amount(shop: Shop, read: Read) -> None:
    shop.order(1, NOW - timedelta(days=1), [line(11, "49.90", 2), line(12)], test=True, cancelledAt=iso(NOW))
    assert read("orders") == [
        {
            "order_id": "1",
            "order_name": "#1",
            "customer_id": "9",
            "email": "c1@mail.example",
            "ordered_at": "2026-05-31T21:00:00Z",
            "cancelled_at": iso(NOW),
            "is_test": True,
            "currency": "EUR",
            "presentment_currency": "USD",
            "is_tax_included": True,
            "gross_amount": "109.80",
            "discount_amount": "0.75",
            "tax_amount": "1.67",
            "shipping_amount": "4.90",
            "total_amount": "14.15",
            "financial_status": "PAID",
            "country_code": "FR",
            "utm_source": "instagram",
            "utm_campaign": "spring",
            "created_at": "2026-05-31T21:00:00Z",
            "updated_at": "2026-06-29T21:00:00Z",
        }
    ]
    assert read("order_lines")[0] == {
        "order_id": "1",
        "line_id": "11",
        "product_id": "5",
        "product_title": "Lamp",
        "product_type": "lighting",
        "sku": "L-1",
        "is_gift_card": False,
        "quantity": 2,
        "unit_price": "49.90",
        "discount_amount": "0.75",
        "tax_amount": "1.67",
        "currency": "EUR",
        "updated_at": "2026-06-29T21:00:00Z",
    }


def test_what_is_missing_in_an_order_is_unknown(shop: Shop, read: Read) -> None:
    missing = {"customer": None, "shippingAddress": None, "customerJourneySummary": None, "email": None}
    shop.order(1, NOW, [{**line(11), "product": None, "taxLines": [], "discountAllocations": []}], **missing)
    (order,), (only,) = read("orders"), read("order_lines")
    assert [order[name] for name in ("customer_id", "country_code", "utm_source", "email")] == [None] * 4
    assert (only["product_id"], only["product_type"], only["tax_amount"]) == (None, None, "0")


def test_a_customer_is_read_with_what_identifies_him_in_declared_columns(shop: Shop, read: Read) -> None:
    anonymous = {"defaultEmailAddress": None, "defaultPhoneNumber": None, "defaultAddress": None}
    shop.customers = [customer(1, NOW, "NOT_SUBSCRIBED"), {**customer(2, NOW), **anonymous}]
    known, unknown = read("customers")
    assert known == {
        "customer_id": "1",
        "email": "C1@Mail.example",
        "phone": "+33639980001",
        "country_code": "CH",
        "marketing_consent": "not_subscribed",
        "created_at": iso(NOW),
        "updated_at": iso(NOW),
    }
    assert [unknown[name] for name in ("email", "phone", "marketing_consent", "country_code")] == [None] * 4
    personal = {
        (table, name): column["x-annotation-pii"]  # type: ignore[typeddict-item]
        for table, declared in TABLES.items()
        for name, column in declared["columns"].items()
        if "x-annotation-pii" in column
    }
    assert personal == {("customers", "email"): "email", ("customers", "phone"): "phone", ("orders", "email"): "email"}


def test_every_row_has_the_declared_columns(shop: Shop, read: Read) -> None:
    shop.order(1, NOW, refunds=[refund(7, NOW, refund_line(1000, "5.00", "1.00"))])
    shop.customers, shop.checkouts = [customer(1, NOW)], [checkout(1, NOW)]
    shop.sales = {date(2026, 6, 30): "10.00"}
    for table, declared in TABLES.items():
        (row,) = read(table)
        assert set(row) == set(declared["columns"]), table


@pytest.mark.parametrize(("included", "net"), [(True, "10.00"), (False, "12.00")])
def test_a_refund_is_without_tax(included: bool, net: str) -> None:
    order = {"id": "gid://shopify/Order/1", "currencyCode": "EUR", "taxesIncluded": included}
    parts = [refund_line(11, "6.00", "1.00"), refund_line(11, "6.00", "1.00")]
    (row,) = refund_rows({**order, "refunds": [refund(7, NOW, *parts)]})
    assert (row["line_id"], row["amount"], row["tax_amount"], row["quantity"]) == ("11", net, "2.00", 2)


@pytest.mark.parametrize(
    ("refunds", "amounts"),
    [
        ([refund(1, NOW, paid="30.00")], [("1", "adjustment", "30.00", None)]),
        ([refund(1, NOW)], []),
        ([refund(1, NOW, refund_line(11, "12.00", "2.00"), paid="30.00")], [("1", "line", "10.00", "2.00")]),
        (
            [refund(2, NOW, paid="40.00"), refund(1, NOW - timedelta(days=9), refund_line(11, "12.00", "2.00"))],
            [("1", "line", "10.00", "2.00"), ("2", "adjustment", "28.00", None)],
        ),
        (
            [refund(1, NOW, refund_line(11, "12.00", "2.00")), *(refund(n, NOW, paid="6.00") for n in (2, 3, 4))],
            [("1", "line", "10.00", "2.00"), ("4", "adjustment", "6.00", None)],
        ),
        ([refund(1, NOW, paid="many")], [("1", "adjustment", "many", None)]),
    ],
    ids=["for no part", "nothing", "more than its parts", "beyond an edit", "for an edit, in two", "no amount"],
)
def test_money_given_back_without_parts_is_an_adjustment_unless_it_was_owed(
    refunds: list[Node], amounts: list[tuple[str | None, ...]]
) -> None:
    order = {"id": "gid://shopify/Order/1", "currencyCode": "EUR", "taxesIncluded": True, "refunds": refunds}
    columns = ("refund_id", "refund_kind", "amount", "tax_amount")
    assert [tuple(row[name] for name in columns) for row in refund_rows(order)] == amounts


def test_a_refund_of_which_shopify_does_not_say_when_it_was_made_counts_when_it_was_modified(
    shop: Shop, read: Read
) -> None:
    shop.order(1, NOW, refunds=[{**refund(7, NOW, refund_line(1000, "5.00", "1.00")), "createdAt": None}])
    assert [row["refunded_at"] for row in read("refunds")] == [iso(NOW)]


def test_what_is_no_amount_is_left_for_the_row_rules_to_name() -> None:
    assert total(["1.10", "2.20"]) == "3.30"
    assert total(["1.10", "many"]) == "many"
    assert total(["1.10", "Infinity"]) == "Infinity"
    assert total([]) == "0"


def test_nested_connections_are_read_to_their_end(shop: Shop, read: Read) -> None:
    numbers = range(11_000, 11_530)
    refunds = [refund(n, NOW, refund_line(11_000 + n, "1.00", "0.00")) for n in range(1, 8)]
    refunds.append(refund(8, NOW, *[refund_line(n, "1.00", "0.00") for n in numbers]))
    shipping, adjustments = [refunded_shipping("2.00", "0.00")] * 7, [adjustment("-1.00", "0.00")] * 300
    refunds.append(refund(9, NOW, shipping=shipping, adjustments=adjustments))
    shop.order(1, NOW, [line(n) for n in numbers], refunds=refunds)
    assert [row["line_id"] for row in read("order_lines")] == [str(n) for n in numbers]
    assert read("orders")[0]["gross_amount"] == "5300.00"
    rows = read("refunds")
    assert len(rows) == 7 + 530 + 2
    assert [(row["refund_kind"], row["amount"]) for row in rows[-2:]] == [
        ("shipping", "14.00"),
        ("adjustment", "300.00"),
    ]


def test_more_refunds_than_shopify_lists_are_refused(shop: Shop, read: Read) -> None:
    shop.order(1, NOW, refunds=[refund(n, NOW) for n in range(1, 251)])
    assert fault(lambda: read("refunds")) == (
        f"{WHERE}: an order has 250 refunds or more, and Shopify lists no more of them"
    )


def test_an_order_that_goes_while_it_is_read_is_left_out_and_one_that_changes_asked_again(
    shop: Shop, read: Read
) -> None:
    asked = []
    for number in (1, 2, 3):
        shop.order(number, NOW - timedelta(hours=number), [line(number * 1000 + n) for n in range(20)])

    def edit(operation: str, data: Node) -> Any:
        if operation == "More" and shop.asked[-1].variables["id"].endswith("/2"):
            return {"node": None}
        if operation == "More" and shop.asked[-1].variables["id"].endswith("/3") and not asked:
            asked.append(3)
            return {"node": {**data["node"], "updatedAt": iso(NOW)}}
        return data

    shop.alter = edit
    assert [row["order_id"] for row in read("orders")] == ["1", "3"]
    assert len(read("order_lines")) == 40


def test_paging_starts_anew_before_shopify_would_stop_it(
    shop: Shop, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "PAGING_CEILING", 25)
    monkeypatch.setattr(settings, "ORDER_PAGE_SIZE", 10)
    monkeypatch.setattr(settings, "CHECKOUT_PAGE_SIZE", 10)
    for number in range(1, 65):
        shop.order(number, NOW - timedelta(minutes=100 - number // 2))
        shop.checkouts.append(checkout(number, NOW - timedelta(minutes=number)))
    assert {row["order_id"] for row in read("orders")} == {str(number) for number in range(1, 65)}
    assert [row["checkout_id"] for row in read("abandoned_checkouts")] == [str(number) for number in range(1, 65)]
    assert shop.deepest == 20


def test_a_second_of_more_orders_than_shopify_pages_is_read_by_id(
    shop: Shop, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "PAGING_CEILING", 25)
    monkeypatch.setattr(settings, "ORDER_PAGE_SIZE", 10)
    for number in range(1, 111):
        moment = NOW - timedelta(minutes=30) if 10 < number <= 100 else NOW - timedelta(minutes=60 - number // 2)
        shop.order(number, moment)
    warehouse.load()
    assert warehouse.rows("select count(distinct order_id), count(*) from data.orders") == [(110, 110)]
    assert shop.deepest == 20
    by_id = [
        a.variables["search"] for a in shop.asked if a.variables.get("sortKey") == "ID" and a.operation == "Orders"
    ]
    second = "updated_at:>='2026-06-30T20:30:00Z' AND updated_at:<='2026-06-30T20:30:00Z'"
    assert list(dict.fromkeys(by_id)) == [second, *(f"{second} AND id:>{n}" for n in (30, 50, 70, 90))]


def test_a_page_that_costs_too_much_is_halved(shop: Shop, read: Read) -> None:
    shop.most_orders = 30
    for number in range(1, 61):
        shop.order(number, NOW - timedelta(minutes=number))
    assert len(read("orders")) == 60
    assert [variables["first"] for _, variables in shop.asked] == [50, 25, 25, 25]
    shop.most_orders = 0
    assert fault(lambda: read("orders")) == (
        f"400 {WHERE}: Query cost is 1001, which exceeds the single query max cost limit (1000)."
    )


def test_lists_without_an_end_are_errors(shop: Shop, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.customers = [customer(n, NOW) for n in range(1, 4)]
    endless = {"hasNextPage": True, "endCursor": "1"}
    shop.alter = lambda _, data: {"customers": {**data["customers"], "pageInfo": endless}}
    assert fault(lambda: read("customers")) == f"{WHERE}: the same cursor came twice, so the list has no end"
    shop.alter = lambda _, data: {"customers": {**data["customers"], "pageInfo": {**endless, "endCursor": None}}}
    assert fault(lambda: read("customers")) == (
        f"{WHERE}: data.customers.pageInfo.endCursor is missing, and there are more pages"
    )
    monkeypatch.setattr(settings, "PAGING_CEILING", 3)
    counter = iter(range(1000))
    shop.alter = lambda _, data: {
        "customers": {
            "nodes": [customer(n, NOW) for n in range(1, 4)],
            "pageInfo": {"hasNextPage": True, "endCursor": str(next(counter))},
        }
    }
    assert fault(lambda: read("customers")) == (
        "POST graphql.json: data.customers.nodes.id is not in order, so the list has no end"
    )


def test_nested_lists_without_an_end_are_errors(shop: Shop, read: Read) -> None:
    shop.order(1, NOW, [line(n) for n in range(20)])

    def endless(operation: str, data: Node) -> Any:
        if operation == "More":
            data["node"]["nested"]["pageInfo"] = {"hasNextPage": True, "endCursor": "10"}
        return data

    shop.alter = endless
    assert fault(lambda: read("order_lines")) == f"{WHERE}: the same cursor came twice, so the list has no end"


def test_waits_until_the_bucket_holds_the_next_query(shop: Shop, read: Read, waits: list[float]) -> None:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": 150.0, "restoreRate": 100.0}
    shop.cost = {"requestedQueryCost": 400, "actualQueryCost": 90, "throttleStatus": status}
    read("customers")
    assert waits == [2.5]
    shop.cost["throttleStatus"] = {**status, "currentlyAvailable": -1e18, "restoreRate": 0}
    read("customers")
    assert waits == [2.5, 300.0], "never longer than a run may be held up"


def test_a_throttled_query_is_asked_again(shop: Shop, read: Read, far_side: FarSide, waits: list[float]) -> None:
    replies = [throttled(0)]
    far_side.answer = lambda request: replies.pop() if replies else shop(request)
    shop.customers = [customer(1, NOW)]
    assert len(read("customers")) == 1
    assert waits == [4]
    far_side.requests.clear()
    far_side.answer = lambda _: throttled(-1000, 1)
    assert fault(lambda: read("customers")) == f"429 {WHERE}: Throttled, to be asked again in 1300 s"
    assert len(far_side.requests) == 1


def test_a_token_is_asked_for_and_renewed_in_mid_run(
    shop: Shop, read: Read, far_side: FarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CUSTOMER_PAGE_SIZE", 1)
    shop.customers = [customer(n, NOW - timedelta(minutes=n)) for n in range(1, 4)]
    app = {"access_token": None, "client_id": "app", "client_secret": "hush"}

    def revoke(_: str, data: Node) -> Node:
        if len(shop.asked) == 2:
            shop.token = "revoked"
        return data

    shop.alter = revoke
    assert len(read("customers", **app)) == 3
    assert shop.tokens_given == 2
    signed = [r.headers.get("x-shopify-access-token") for r in far_side.requests]
    assert signed == [None, "shpat_1", "shpat_1", "shpat_1", None, "shpat_2"]
    assert all("authorization" not in request.headers for request in far_side.requests)


def test_a_token_that_has_ended_is_renewed_before_it_is_used(shop: Shop, read: Read, far_side: FarSide) -> None:
    shop.customers = [customer(1, NOW)]
    far_side.answer = lambda r: (
        Reply({**shop(r).content, "expires_in": 59}) if r.path == "/admin/oauth/access_token" else shop(r)
    )
    read("sales_totals", access_token=None, client_id="app", client_secret="hush")
    assert shop.tokens_given == 2, "one for each of the two queries"


def test_refused_credentials_are_one_line(shop: Shop, read: Read, far_side: FarSide) -> None:
    far_side.answer = lambda _: Reply({"error": "application_cannot_be_found"}, 400)
    told = fault(lambda: read("customers", access_token=None, client_id="app", client_secret="hush"))
    assert told == "400 POST /admin/oauth/access_token: no access token was given (application_cannot_be_found)"
    with pytest.raises(ConfigurationValueError, match=r"^shopify: give client_id and client_secret, or access_token$"):
        read("customers", access_token=None)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"expires_in": "soon"}, "expires_in is a text, not a whole number"),
        ({"access_token": ""}, "of signs that no header may hold"),
        ({"access_token": "a\nb"}, "of signs that no header may hold"),
        ({"access_token": None}, "access_token is null, not a text"),
        ({"expires_in": None}, "expires_in is null, not a whole number"),
    ],
)
def test_a_token_of_another_form_is_refused(shop: Shop, read: Read, far_side: FarSide, given: Node, why: str) -> None:
    far_side.answer = lambda _: Reply({"access_token": "shpat_1", **given})
    told = fault(lambda: read("customers", access_token=None, client_id="app", client_secret="hush"))
    assert told == f"200 POST /admin/oauth/access_token: no access token was given ({why})"


def test_another_version_than_asked_for_is_refused(shop: Shop, read: Read) -> None:
    shop.customers = [customer(1, NOW)]
    shop.headers = {"X-Shopify-API-Version": settings.API_VERSION}
    assert len(read("customers")) == 1
    shop.headers = {"X-Shopify-API-Version": "2027-01"}
    assert fault(lambda: read("customers")) == (
        f"400 {WHERE}: API version 2026-10 is not served any more, but 2027-01 instead"
    )


def test_the_sales_report_is_read_back_to_the_first_sale(shop: Shop, read: Read) -> None:
    shop.sales = {date(2026, 6, 30): "5.00", date(2025, 1, 5): "7.00"}
    rows = read("sales_totals")
    assert rows[0] == {
        "day": "2025-01-05",
        "orders_count": "7.00",
        **dict.fromkeys(settings.SALES_METRICS[1:], "7.00"),
        "currency": "EUR",
    }
    assert (rows[-1]["day"], rows[-1]["net_sales"]) == ("2026-06-30", "5.00")
    assert len(rows) == (date(2026, 6, 30) - date(2025, 1, 5)).days + 1
    assert [a.operation for a in shop.asked] == ["Shop", "Sales", "Sales", "Sales"]


def test_rows_of_the_report_may_come_as_lists(shop: Shop, read: Read) -> None:
    shop.sales = {date(2026, 6, 30): "5.00"}

    def lists(operation: str, data: Node) -> Any:
        if operation == "Sales":
            table = data["shopifyqlQuery"]["tableData"]
            table["rows"] = [list(row.values()) for row in table["rows"]]
        return data

    shop.alter = lists
    (row,) = read("sales_totals")
    assert (row["day"], row["total_sales"]) == ("2026-06-30", "5.00")


def shop_of(**settings_of: Any) -> Configuration:
    return Configuration(kind="shopify", brand="aurora", **settings_of)


def test_a_configuration_gives_the_source_every_argument(
    shop: Shop, far_side: FarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BASE_URL", "ACCESS_TOKEN", "API_VERSION", "START_DATE", "NOW", "CLIENT_ID"):
        monkeypatch.setenv(name, "https://elsewhere.example")
    shop.customers = [customer(1, NOW - timedelta(days=5)), customer(2, NOW)]
    configuration = shop_of(base_url=far_side.url)
    given = Given("aurora_shopify", {"access_token": SECRET}, NOW, date(2026, 6, 28), lambda *_: None, lambda _: None)
    assert [row["customer_id"] for row in configuration.source(given).with_resources("customers")] == ["2"]
    assert configuration.api_version == settings.API_VERSION
    assert configuration.versions["2026-10"] == date(2027, 10, 1)


def test_credentials_come_as_dlt_has_them(shop: Shop, far_side: FarSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__SHOPIFY__BASE_URL", far_side.url)
    monkeypatch.setenv("SOURCES__SHOPIFY__CLIENT_ID", "app")
    monkeypatch.setenv("SOURCES__SHOPIFY__CLIENT_SECRET", "hush")
    shop.customers = [customer(1, NOW)]
    assert [row["customer_id"] for row in shopify().with_resources("customers")] == ["1"]


def test_a_version_that_is_not_declared_is_refused() -> None:
    told = "unknown version '2025-07', use one of 2026-01, 2026-04, 2026-07, 2026-10"
    with pytest.raises(ValidationError, match=re.escape(told)):
        shop_of(base_url="https://aurora.myshopify.com", api_version="2025-07")
    with pytest.raises(ValidationError, match="base_url"):
        shop_of(base_url="https://anna:secret@aurora.myshopify.com")
    assert shop_of(base_url="http://127.0.0.1:8800/shopify").address == "http://127.0.0.1:8800/shopify"
