"""Shopify: paging and its depth, nested connections, money, the cost throttle, the sales report, and each error."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import pipelines.sources.shopify as shopify
from pipelines.brands import SourceConfig
from pipelines.errors import PipelineError, TerminalError, TransientError
from pipelines.http import ATTEMPTS
from pipelines.sources.shopify import settings
from pipelines.sources.shopify.rows import refund_rows, total
from tests.sources.far_side import FarSide, Reply, Request
from tests.sources.memory_landing import SECRET, MemoryLanding, token

NOW = datetime(2026, 6, 30, 21, tzinfo=UTC)
Node = dict[str, Any]


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def bag(amount: str, currency: str = "EUR") -> Node:
    return {"shopMoney": {"amount": amount, "currencyCode": currency}}


def connection(nodes: list[Node], first: int | None = None, after: str | None = None) -> Node:
    start = int(after or 0)
    stop = min(start + (first or len(nodes)), len(nodes))
    return {"nodes": nodes[start:stop], "pageInfo": {"hasNextPage": stop < len(nodes), "endCursor": str(stop)}}


def line(number: int, price: str = "10.00", quantity: int = 1) -> Node:
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "title": "Lamp",
        "sku": "L-1",
        "quantity": quantity,
        "product": {"id": "gid://shopify/Product/5", "productType": "lighting"},
        "originalUnitPriceSet": bag(price),
        "discountAllocations": [{"allocatedAmountSet": bag("0.50")}, {"allocatedAmountSet": bag("0.25")}],
        "taxLines": [{"priceSet": bag("1.67")}],
    }


def refund(number: int, moment: datetime, *lines: Node, **more: list[Node]) -> Node:
    return {
        "id": f"gid://shopify/Refund/{number}",
        "createdAt": iso(moment),
        "updatedAt": iso(moment),
        "refundLineItems": list(lines),
        "refundShippingLines": {"nodes": more.get("shipping", [])},
        "orderAdjustments": {"nodes": more.get("adjustments", [])},
    }


def refund_line(number: int, subtotal: str, tax: str, quantity: int = 1) -> Node:
    item = {"id": f"gid://shopify/LineItem/{number}"}
    return {"lineItem": item, "quantity": quantity, "subtotalSet": bag(subtotal), "totalTaxSet": bag(tax)}


class Shop:
    """The Admin API for the queries of the source, told apart by their operation names."""

    def __init__(self) -> None:
        self.orders: list[Node] = []
        self.customers: list[Node] = []
        self.checkouts: list[Node] = []
        self.sales: dict[date, str] = {}
        self.operations: list[tuple[str, Node]] = []
        self.cost: Node = {}
        self.most_orders = 250

    def order(self, number: int, updated_at: datetime, lines: list[Node] | None = None, **more: Any) -> Node:
        order = {
            "id": f"gid://shopify/Order/{number}",
            "name": f"#{number}",
            "createdAt": iso(NOW - timedelta(days=30)),
            "updatedAt": iso(updated_at),
            "processedAt": iso(NOW - timedelta(days=30)),
            "cancelledAt": None,
            "test": False,
            "email": f"c{number}@mail.example",
            "currencyCode": "EUR",
            "presentmentCurrencyCode": "USD",
            "taxesIncluded": True,
            "displayFinancialStatus": "PAID",
            "customer": {"id": "gid://shopify/Customer/9"},
            "shippingAddress": {"countryCodeV2": "FR"},
            "customerJourneySummary": {"lastVisit": {"utmParameters": {"source": "instagram", "campaign": "spring"}}},
            "totalDiscountsSet": bag("0.75"),
            "totalTaxSet": bag("1.67"),
            "totalShippingPriceSet": bag("4.90"),
            "totalPriceSet": bag("14.15"),
            "lineItems": lines or [line(number * 1000)],
            "refunds": [],
            **more,
        }
        self.orders.append(order)
        return order

    def __call__(self, request: Request) -> Reply:
        assert request.headers["x-shopify-access-token"] == SECRET
        assert request.path == f"/admin/api/{settings.API_VERSION}/graphql.json"
        variables = request.json["variables"]
        operation = request.json["query"].split()[1].partition("(")[0]
        self.operations.append((operation, variables))
        if operation == "Orders" and variables["first"] > self.most_orders:
            message = "Query cost is 1001, which exceeds the single query max cost limit (1000)."
            return failure("MAX_COST_EXCEEDED", message)
        answers: dict[str, Callable[[Node], Node]] = {
            "Orders": lambda v: {"orders": self._changed(self.orders, v)},
            "Customers": lambda v: {"customers": self._changed(self.customers, v)},
            "AbandonedCheckouts": lambda v: {"abandonedCheckouts": self._by_id(v)},
            "OrderLines": lambda v: {
                "order": {"lineItems": connection(self._one(v)["lineItems"], v["first"], v["after"])}
            },
            "OrderRefunds": lambda v: {"order": self._rendered(self._one(v), v)},
            "RefundLines": self._refund_lines,
            "Shop": lambda _: {"shop": {"currencyCode": "EUR", "ianaTimezone": "Europe/Paris"}},
            "Sales": self._sales,
        }
        return Reply({"data": answers[operation](variables), "extensions": {"cost": self.cost}})

    def _one(self, variables: Node) -> Node:
        return next(order for order in self.orders if order["id"] == variables["id"])

    def _refund_lines(self, variables: Node) -> Node:
        refunds = [r for order in self.orders for r in order["refunds"] if r["id"] == variables["id"]]
        return {
            "refund": {
                "refundLineItems": connection(refunds[0]["refundLineItems"], variables["first"], variables["after"])
            }
        }

    def _changed(self, nodes: list[Node], variables: Node) -> Node:
        found = re.fullmatch(r"updated_at:>='(.+)'", variables["search"] or "updated_at:>='2000'")
        assert found
        hits = sorted((n for n in nodes if n["updatedAt"] >= found[1]), key=lambda n: n["updatedAt"])
        page = connection(hits, variables["first"], variables["after"])
        return {**page, "nodes": [self._rendered(node, variables) for node in page["nodes"]]}

    @staticmethod
    def _rendered(node: Node, variables: Node) -> Node:
        if "lineItems" not in node:
            return node
        size = variables["lines"]
        refunds = [{**r, "refundLineItems": connection(r["refundLineItems"], size)} for r in node["refunds"]]
        return {**node, "lineItems": connection(node["lineItems"], size), "refunds": refunds[: variables["refunds"]]}

    def _by_id(self, variables: Node) -> Node:
        search = variables["search"] or ""
        least = int((re.search(r"id:>(\d+)", search) or [0, "0"])[1])
        since = (re.search(r"updated_at:>='(.+?)'", search) or [0, "2000"])[1]
        hits = [
            n
            for n in self.checkouts
            if int(n["id"].rpartition("/")[2].partition("?")[0]) > least and n["updatedAt"] >= since
        ]
        return connection(hits, variables["first"], variables["after"])

    def _sales(self, variables: Node) -> Node:
        since, until = re.findall(r"\d{4}-\d\d-\d\d", variables["report"])
        days = [date.fromisoformat(since) + timedelta(days=n) for n in range(365)]
        assert days[-1].isoformat() == until
        names = ["day", *settings.SALES_METRICS]
        rows = [
            {name: day.isoformat() if name == "day" else self.sales.get(day, "0.00") for name in names} for day in days
        ]
        table = {"columns": [{"name": name, "dataType": "MONEY"} for name in names], "rows": rows}
        return {"shopifyqlQuery": {"parseErrors": [], "tableData": table}}


def failure(code: str, message: str = "no", **more: Any) -> Reply:
    return Reply({"errors": [{"message": message, "extensions": {"code": code}}], **more})


def throttled(available: int) -> Reply:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": 100.0}
    return failure("THROTTLED", "Throttled", extensions={"cost": {"requestedQueryCost": 300, "throttleStatus": status}})


@pytest.fixture
def shop(far_side: FarSide) -> Shop:
    shop = Shop()
    far_side.answer = shop
    return shop


@pytest.fixture
def landing(far_side: FarSide, slept: list[float]) -> MemoryLanding:
    config = SourceConfig(kind="shopify", brand="aurora", base_url=far_side.url)
    return MemoryLanding(shopify, "aurora_shopify", config, slept.append)


def test_an_order_lands_with_its_lines_and_no_identifier(shop: Shop, landing: MemoryLanding) -> None:
    shop.order(1, NOW - timedelta(days=1), [line(11, "49.90", 2), line(12)], test=True, cancelledAt=iso(NOW))
    records = landing.read(NOW, "orders")
    (order,) = records["orders"]
    assert order["email_token"] == token("email", "c1@mail.example")
    assert (order["gross_amount"], order["discount_amount"], order["total_amount"]) == ("109.80", "0.75", "14.15")
    assert (order["is_test"], order["cancelled_at"]) == (True, iso(NOW))
    assert (order["utm_source"], order["country_code"], order["customer_id"]) == ("instagram", "FR", "9")
    first, _ = records["order_lines"]
    assert (first["unit_price"], first["discount_amount"], first["tax_amount"]) == ("49.90", "0.75", "1.67")
    assert "mail.example" not in json.dumps(records)


def test_what_is_missing_in_an_order_is_unknown(shop: Shop, landing: MemoryLanding) -> None:
    missing = {"customer": None, "shippingAddress": None, "customerJourneySummary": None, "email": None}
    shop.order(1, NOW, [{**line(11), "product": None, "taxLines": [], "discountAllocations": []}], **missing)
    records = landing.read(NOW, "orders")
    assert [records["orders"][0][name] for name in ("customer_id", "country_code", "utm_source", "email_token")] == [
        None
    ] * 4
    assert (records["order_lines"][0]["product_id"], records["order_lines"][0]["tax_amount"]) == (None, "0")


def test_a_second_run_asks_from_the_cursor_and_yields_nothing(shop: Shop, landing: MemoryLanding) -> None:
    shop.order(1, NOW - timedelta(days=20))
    shop.order(2, NOW - timedelta(hours=2), refunds=[refund(7, NOW - timedelta(hours=2), refund_line(2000, "5", "1"))])
    shop.customers = [customer(1, NOW - timedelta(hours=1))]
    shop.checkouts = [checkout(1, NOW - timedelta(hours=1))]
    shop.sales = {date(2026, 6, 1): "10.00"}
    landing.read(NOW)
    shop.operations.clear()
    assert landing.read(NOW) == {}
    asked = {operation: variables.get("search") for operation, variables in shop.operations}
    assert asked["Orders"] == "updated_at:>='2026-06-29T19:00:00Z'"
    assert asked["AbandonedCheckouts"] == "updated_at:>='2026-06-29T20:00:00Z'"


def test_the_refund_of_an_old_order_lands_with_it(shop: Shop, landing: MemoryLanding) -> None:
    order = shop.order(1, NOW - timedelta(days=300))
    landing.read(NOW, "orders")
    later = NOW + timedelta(hours=1)
    order |= {"updatedAt": iso(later), "refunds": [refund(7, later, refund_line(1000, "12.00", "2.00"))]}
    records = landing.read(later, "orders")
    assert [(r["refund_id"], r["amount"], r["refunded_at"]) for r in records["refunds"]] == [("7", "10.00", iso(later))]
    order |= {"updatedAt": iso(later + timedelta(hours=1))}
    assert "refunds" not in landing.read(later + timedelta(hours=2), "orders"), "it is landed already"


def test_long_orders_and_refunds_are_read_to_their_end(shop: Shop, landing: MemoryLanding) -> None:
    numbers = range(11_000, 11_530)
    refunds = [refund(n, NOW, refund_line(11_000 + n, "1.00", "0.00")) for n in range(1, 8)]
    refunds.append(refund(8, NOW, *[refund_line(n, "1.00", "0.00") for n in numbers]))
    shop.order(1, NOW, [line(n) for n in numbers], refunds=refunds)
    records = landing.read(NOW, "orders")
    assert len(records["order_lines"]) == 530
    assert records["orders"][0]["gross_amount"] == "5300.00"
    assert len(records["refunds"]) == 7 + 530


def test_paging_starts_anew_before_shopify_would_stop_it(
    shop: Shop, landing: MemoryLanding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "PAGING_CEILING", 25)
    monkeypatch.setattr(settings, "ORDER_PAGE_SIZE", 10)
    monkeypatch.setattr(settings, "CHECKOUT_PAGE_SIZE", 10)
    for number in range(64):
        shop.order(number + 1, NOW - timedelta(minutes=100 - number // 2))
        shop.checkouts.append(checkout(number + 1, NOW - timedelta(minutes=number)))
    records = landing.read(NOW, "orders", "abandoned_checkouts")
    assert [order["order_id"] for order in records["orders"]] == [str(number + 1) for number in range(64)]
    assert [row["checkout_id"] for row in records["abandoned_checkouts"]] == [str(number + 1) for number in range(64)]
    assert max(int(variables["after"] or 0) for _, variables in shop.operations) < 25


def test_a_page_that_costs_too_much_is_halved(shop: Shop, landing: MemoryLanding) -> None:
    shop.most_orders = 30
    for number in range(60):
        shop.order(number + 1, NOW - timedelta(minutes=number))
    assert len(landing.read(NOW, "orders")["orders"]) == 60
    assert [variables["first"] for _, variables in shop.operations] == [100, 50, 25, 25, 25]


def customer(number: int, moment: datetime, state: str = "SUBSCRIBED") -> Node:
    return {
        "id": f"gid://shopify/Customer/{number}",
        "createdAt": iso(moment),
        "updatedAt": iso(moment),
        "defaultEmailAddress": {"emailAddress": f"C{number}@Mail.example", "marketingState": state},
        "defaultPhoneNumber": {"phoneNumber": "+33639980001"},
        "defaultAddress": {"countryCodeV2": "CH"},
    }


def checkout(number: int, moment: datetime) -> Node:
    return {
        "id": f"gid://shopify/AbandonedCheckout/{number}?key=x",
        "createdAt": iso(moment),
        "updatedAt": iso(moment),
        "completedAt": None,
        "customer": None,
        "totalPriceSet": bag("20.00"),
    }


def test_a_customer_leaves_with_tokens_only(shop: Shop, landing: MemoryLanding) -> None:
    anonymous = {"defaultEmailAddress": None, "defaultPhoneNumber": None, "defaultAddress": None}
    shop.customers = [customer(1, NOW, "NOT_SUBSCRIBED"), {**customer(2, NOW), **anonymous}]
    known, unknown = landing.read(NOW, "customers")["customers"]
    assert (known["customer_id"], known["marketing_consent"], known["country_code"]) == ("1", "not_subscribed", "CH")
    assert known["email_token"] == token("email", "c1@mail.example")
    assert "33639980001" not in json.dumps(known)
    assert [unknown[name] for name in ("email_token", "phone_token", "marketing_consent", "country_code")] == [None] * 4


@pytest.mark.parametrize(("included", "net"), [(True, "10.00"), (False, "12.00")])
def test_a_refund_is_without_tax(included: bool, net: str) -> None:
    order = {"id": "gid://shopify/Order/1", "currencyCode": "EUR", "taxesIncluded": included}
    parts = [refund_line(11, "6.00", "1.00"), refund_line(11, "6.00", "1.00")]
    (row,) = refund_rows(order, refund(7, NOW), parts)
    assert (row["line_id"], row["amount"], row["tax_amount"], row["quantity"]) == ("11", net, "2.00", "2")


def test_shipping_and_adjustments_are_parts_of_their_own() -> None:
    order = {"id": "gid://shopify/Order/1", "currencyCode": "EUR", "taxesIncluded": True}
    given = refund(
        7,
        NOW,
        shipping=[{"subtotalAmountSet": bag("4.90"), "taxAmountSet": bag("0.82")}],
        adjustments=[{"amountSet": bag("-5.00"), "taxAmountSet": bag("-1.00")}],
    )
    shipping, adjustment = refund_rows(order, given, [])
    assert (shipping["refund_kind"], shipping["amount"], shipping["tax_amount"]) == ("shipping", "4.08", "0.82")
    assert (adjustment["refund_kind"], adjustment["amount"], adjustment["tax_amount"]) == ("adjustment", "5.00", "1.00")


def test_what_is_no_amount_is_left_for_the_loader_to_name() -> None:
    assert total(["1.10", "2.20"]) == "3.30"
    assert total(["1.10", "many"]) == "many"
    assert Decimal(total([]) or "1") == 0


def test_waits_until_the_bucket_holds_the_next_query(shop: Shop, landing: MemoryLanding, slept: list[float]) -> None:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": 150.0, "restoreRate": 100.0}
    shop.cost = {"requestedQueryCost": 400, "actualQueryCost": 90, "throttleStatus": status}
    landing.read(NOW, "customers")
    assert slept == [2.5]


def test_a_throttled_query_is_asked_again(
    shop: Shop, landing: MemoryLanding, far_side: FarSide, slept: list[float]
) -> None:
    replies = [throttled(0)]
    far_side.answer = lambda request: replies.pop() if replies else shop(request)
    shop.customers = [customer(1, NOW)]
    assert len(landing.read(NOW, "customers")["customers"]) == 1
    assert slept == [3]


def test_the_sales_report_is_read_back_to_the_first_sale(shop: Shop, landing: MemoryLanding) -> None:
    shop.sales = {date(2026, 6, 30): "5.00", date(2025, 1, 5): "7.00"}
    records = landing.read(NOW, "sales_totals")["sales_totals"]
    assert records[0] == {
        "day": "2025-01-05",
        "orders_count": "7.00",
        **dict.fromkeys(settings.SALES_METRICS[1:], "7.00"),
        "currency": "EUR",
    }
    assert (records[-1]["day"], records[-1]["net_sales"]) == ("2026-06-30", "5.00")
    assert len(records) == (date(2026, 6, 30) - date(2025, 1, 5)).days + 1


def test_only_days_whose_totals_changed_land_again(shop: Shop, landing: MemoryLanding) -> None:
    shop.sales = {date(2026, 6, 1): "5.00"}
    landing.read(NOW, "sales_totals")
    shop.sales[date(2026, 6, 10)] = "3.5"
    assert [r["day"] for r in landing.read(NOW, "sales_totals")["sales_totals"]] == ["2026-06-10"]


def test_rows_of_the_report_may_come_as_lists(shop: Shop, landing: MemoryLanding, far_side: FarSide) -> None:
    shop.sales = {date(2026, 6, 30): "5.00"}

    def answer(request: Request) -> Reply:
        reply = shop(request)
        if "shopifyqlQuery" in reply.content["data"]:
            table = reply.content["data"]["shopifyqlQuery"]["tableData"]
            table["rows"] = [list(row.values()) for row in table["rows"]]
        return reply

    far_side.answer = answer
    (record,) = landing.read(NOW, "sales_totals")["sales_totals"]
    assert (record["day"], record["total_sales"]) == ("2026-06-30", "5.00")


def test_a_report_that_cannot_be_parsed_stops_the_load(shop: Shop, landing: MemoryLanding, far_side: FarSide) -> None:
    refusal = {"parseErrors": ["Column not found: returns"], "tableData": None}

    def answer(request: Request) -> Reply:
        return Reply({"data": {"shopifyqlQuery": refusal}}) if "Sales" in request.json["query"] else shop(request)

    far_side.answer = answer
    with pytest.raises(
        TerminalError, match="the sales report was refused: Column not found: returns; check api_version"
    ):
        landing.read(NOW, "sales_totals")


WHERE = f"aurora_shopify POST /admin/api/{settings.API_VERSION}/graphql.json"


@pytest.mark.parametrize(
    ("reply", "kind", "line"),
    [
        (
            Reply({"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}, 401),
            TerminalError,
            (
                f"{WHERE}: the access token was refused: [API] Invalid API key or access token (unrecognized login or "
                "wrong password); set a new VOXHOUSE_AURORA_SHOPIFY_ACCESS_TOKEN"
            ),
        ),
        (
            failure("ACCESS_DENIED", "Access denied for customers field."),
            TerminalError,
            (
                f"{WHERE}: Access denied for customers field.; "
                "grant the app read_customers, read_orders, read_all_orders and read_reports"
            ),
        ),
        (
            Reply({"errors": [{"message": "Field 'x' doesn't exist on type 'Order'"}]}),
            TerminalError,
            f"{WHERE}: Field 'x' doesn't exist on type 'Order'; check api_version in brands.yml",
        ),
        (
            Reply({"errors": "Not Found"}, 404),
            TerminalError,
            f"{WHERE}: Not Found; check base_url and api_version in brands.yml",
        ),
        (
            failure("INTERNAL_SERVER_ERROR", "Internal error."),
            TransientError,
            f"{WHERE}: Internal error. ({ATTEMPTS} attempts); run again later",
        ),
        (throttled(0), TransientError, f"{WHERE}: too many requests ({ATTEMPTS} attempts); run again later"),
    ],
    ids=["bad token", "permission", "bad request", "not found", "server", "throttled"],
)
def test_an_error_is_one_line(
    landing: MemoryLanding, far_side: FarSide, reply: Reply, kind: type[PipelineError], line: str
) -> None:
    far_side.answer = lambda _: reply
    with pytest.raises(kind) as caught:
        landing.read(NOW, "customers")
    assert str(caught.value) == line
    assert len(far_side.requests) == (ATTEMPTS if kind is TransientError else 1)
