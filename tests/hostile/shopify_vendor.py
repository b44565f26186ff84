"""Shopify's GraphQL Admin API as its documents have it, by a GraphQL engine over a part of its schema.

shopify.dev/docs/api/admin-graphql/latest: orders, customers, abandonedCheckouts, shopifyqlQuery; client credentials.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from graphql import graphql_sync, parse

from tests.hostile.shopify_schema import SCHEMA
from tests.hostile.vendor import Vendor, page_of
from tests.hostile.wire import Reply, Request

TOKEN = "shpat_tok3n_of_the_app"
Node = dict[str, Any]
_TERM = re.compile(r"(\w+):(>=|<=|>|<)?'?([^'\s]+)'?")
_TIMES = {"updated_at": "updatedAt", "created_at": "createdAt", "processed_at": "processedAt"}


def money(amount: Any, currency: str = "EUR") -> Node:
    """A bag of money; Shopify writes amounts as texts."""
    part = {"amount": amount, "currencyCode": currency}
    return {"shopMoney": part, "presentmentMoney": part}


def line(number: int, price: str = "20.00", quantity: int = 1) -> Node:
    """A line of an order."""
    return {
        "__typename": "LineItem",
        "id": f"gid://shopify/LineItem/{number}",
        "title": "Bücherstütze",
        "sku": f"BS-{number:05}",
        "quantity": quantity,
        "currentQuantity": quantity,
        "isGiftCard": False,
        "product": {"id": "gid://shopify/Product/77", "productType": "Home", "title": "Bücherstütze"},
        "originalUnitPriceSet": money(price),
        "discountedTotalSet": money(price),
        "discountAllocations": [{"allocatedAmountSet": money("1.10")}],
        "taxLines": [{"priceSet": money("3.20"), "rate": 0.2, "title": "VAT"}],
    }


def order(number: int, updated: str, lines: Sequence[Node], **fields: Any) -> Node:
    """An order of a known customer."""
    return {
        "__typename": "Order",
        "id": f"gid://shopify/Order/{number}",
        "legacyResourceId": str(number),
        "name": f"#{number}",
        "email": f"kauf{number}@kanari.example",
        "phone": None,
        "test": False,
        "createdAt": f"2026-05-{number % 28 + 1:02}T07:00:00Z",
        "processedAt": f"2026-05-{number % 28 + 1:02}T07:00:01Z",
        "updatedAt": updated,
        "cancelledAt": None,
        "currencyCode": "EUR",
        "presentmentCurrencyCode": "EUR",
        "taxesIncluded": True,
        "edited": False,
        "displayFinancialStatus": "PAID",
        "customer": {"id": f"gid://shopify/Customer/{500 + number % 3 + 1}"},
        "shippingAddress": {"countryCodeV2": "DE", "zip": "10115"},
        "customerJourneySummary": {"lastVisit": {"utmParameters": {"source": "instagram", "campaign": "fw26"}}},
        "totalDiscountsSet": money("1.10"),
        "totalTaxSet": money("3.20"),
        "totalShippingPriceSet": money("4.90"),
        "totalPriceSet": money("23.80"),
        "subtotalPriceSet": money("18.90"),
        "currentTotalPriceSet": money("23.80"),
        "totalRefundedSet": money("0.00"),
        "lines": list(lines),
        "refunds": [],
        **fields,
    }


def refund(number: int, updated: str, lines: Sequence[Node]) -> Node:
    """A refund of these lines and of the shipping."""
    return {
        "__typename": "Refund",
        "id": f"gid://shopify/Refund/{number}",
        "createdAt": updated,
        "updatedAt": updated,
        "totalRefundedSet": money("24.90"),
        "lines": [
            {"quantity": 1, "lineItem": part, "subtotalSet": money("20.00"), "totalTaxSet": money("3.20")}
            for part in lines
        ],
        "shipping": [
            {
                "id": f"gid://shopify/RefundShippingLine/{number}",
                "subtotalAmountSet": money("4.90"),
                "taxAmountSet": money("0.80"),
            }
        ],
        "adjustments": [],
    }


def customer(number: int, updated: str) -> Node:
    """A customer with an address and a phone."""
    return {
        "__typename": "Customer",
        "id": f"gid://shopify/Customer/{number}",
        "legacyResourceId": str(number),
        "createdAt": "2026-02-01T00:00:00Z",
        "updatedAt": updated,
        "numberOfOrders": "4",
        "defaultEmailAddress": {"emailAddress": f"kunde{number}@kanari.example", "marketingState": "SUBSCRIBED"},
        "defaultPhoneNumber": {"phoneNumber": f"+4930200{number:04}", "marketingState": "NOT_SUBSCRIBED"},
        "defaultAddress": {"countryCodeV2": "DE", "zip": "10115"},
    }


def checkout(number: int, updated: str) -> Node:
    """A checkout that was left."""
    return {
        "__typename": "AbandonedCheckout",
        "id": f"gid://shopify/AbandonedCheckout/{number}",
        "name": f"#{number}",
        "createdAt": "2026-06-01T00:00:00Z",
        "updatedAt": updated,
        "completedAt": None,
        "customer": {"id": "gid://shopify/Customer/501"},
        "totalPriceSet": money("61.00"),
    }


def world() -> dict[str, list[Node]]:
    """Twelve orders, one of 26 lines and one with a refund; customers, checkouts."""
    orders = [
        order(1000 + number, f"2026-06-{number:02}T10:00:{number:02}Z", [line(20_000 + number)])
        for number in range(1, 12)
    ]
    orders.append(order(1012, "2026-06-12T10:00:12Z", [line(21_000 + number) for number in range(26)]))
    orders[2]["refunds"] = [refund(900, "2026-06-03T10:00:03Z", orders[2]["lines"])]
    orders[2]["displayFinancialStatus"] = "REFUNDED"
    return {
        "orders": orders,
        "customers": [customer(500 + number, f"2026-06-{number:02}T11:00:00Z") for number in range(1, 8)],
        "abandonedCheckouts": [checkout(700 + number, f"2026-06-{number:02}T12:00:00Z") for number in range(1, 8)],
    }


class Shopify(Vendor):
    """One shop."""

    kind: ClassVar[str] = "shopify"
    tables: ClassVar = {
        "customers": ("customer_id",),
        "orders": ("order_id",),
        "order_lines": ("line_id",),
        "refunds": ("refund_id", "refund_kind", "line_id"),
        "abandoned_checkouts": ("checkout_id",),
        "sales_totals": ("day",),
    }
    variables: ClassVar = {"VOXHOUSE_AURORA_SHOPIFY_ACCESS_TOKEN": TOKEN}
    main: ClassVar[str] = "orders"
    records: ClassVar[str] = "data.orders.nodes"
    paged: ClassVar[str] = "customers"
    paged_records: ClassVar[str] = "data.customers.nodes"
    cursor: ClassVar[str] = "cursor-5"
    null_cursor: ClassVar[str] = r"endCursor is missing, and there are more pages"
    nested_page_size: ClassVar[int] = 10

    def __init__(self) -> None:
        super().__init__()
        self.world = world()
        self.tokens = {TOKEN}
        self.is_refilled = True

    def add(self, table: str) -> tuple[tuple[str], Node]:
        name = {"abandoned_checkouts": "abandonedCheckouts"}.get(table, table)
        nodes = self.world[name]
        number = {"orders": 5000, "customers": 6000, "abandonedCheckouts": 7000}[name] + len(nodes)
        at = (datetime(2026, 5, 1, tzinfo=UTC) + timedelta(minutes=len(nodes))).isoformat()
        made = {
            "orders": lambda: order(number, at, [line(50_000 + number)]),
            "customers": lambda: customer(number, at),
            "abandonedCheckouts": lambda: checkout(number, at),
        }
        nodes.append({**made[name](), "place": number})
        return (str(number),), nodes[-1]

    @staticmethod
    def lead_on(content: Any, cursor: Any) -> Any:
        content["data"]["customers"]["pageInfo"] |= {"hasNextPage": True, "endCursor": cursor}
        return content

    @staticmethod
    def error_of(status: int, message: Any) -> Any:
        return {"errors": message} if status in (401, 403, 404) else error(message, "SOME_CODE")

    @property
    def identifiers(self) -> list[str]:
        return ["kanari.example", "+4930200", TOKEN, "cl13nt-s3cret", "shpat_acc3ss"]

    def spot(self, request: Request) -> str:
        if request.path == "/admin/oauth/access_token":
            return "token"
        try:
            (operation, *_) = parse(request.json["query"]).definitions
        except Exception:  # noqa: BLE001 - what is no query is answered as such
            return "unknown"
        names = [field.name.value for field in operation.selection_set.selections]  # type: ignore[attr-defined]
        has_more = [
            "more_lines" if "lineItems" in request.json["query"] and names[0] in ("order", "node") else names[0]
        ]
        return has_more[0]

    def reply(self, request: Request) -> Reply:
        if request.path == "/admin/oauth/access_token":
            return self._token(request)
        found = re.fullmatch(r"/admin/api/(\d{4}-\d{2})/graphql\.json", request.path)
        if found is None:
            return Reply({"errors": "Not Found"}, 404)
        if request.headers.get("x-shopify-access-token") not in self.tokens:
            return Reply(
                {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}, 401
            )
        asked = request.json
        result = graphql_sync(SCHEMA, asked["query"], self._root(), variable_values=asked.get("variables") or {})
        body = result.formatted | {"extensions": {"cost": cost()}}
        return Reply(body, headers={"X-Shopify-API-Version": found[1]})

    def _token(self, request: Request) -> Reply:
        given = request.form
        if given.get("client_secret") != "cl13nt-s3cret" or given.get("grant_type") != "client_credentials":
            return Reply({"error": "invalid_client", "error_description": "the client is not known"}, 400)
        self.tokens.add("shpat_acc3ss_1")
        return Reply({"access_token": "shpat_acc3ss_1", "scope": "read_orders", "expires_in": 86399})

    def _root(self) -> dict[str, Any]:
        known = {node["id"]: node for nodes in self.world.values() for node in nodes}
        known |= {part["id"]: part for node in self.world["orders"] for part in node["refunds"]}

        def one(_: Any, id: str) -> Node | None:  # noqa: A002 - the name in the schema
            return self._resolved(known[id]) if id in known else None

        return {
            **{name: partial(self._listing, name) for name in self.world},
            **dict.fromkeys(("order", "refund", "customer", "node"), one),
            "nodes": lambda _, ids: [one(_, number) for number in ids],
            "shop": {
                "id": "gid://shopify/Shop/1",
                "name": "Aurora",
                "currencyCode": "EUR",
                "ianaTimezone": "Europe/Paris",
                "myshopifyDomain": "aurora.myshopify.com",
            },
            "shopifyqlQuery": lambda _, query: report(query),
        }

    def _listing(
        self,
        name: str,
        _: Any,
        first: int = 0,
        after: str | None = None,
        query: str | None = None,
        sortKey: str | None = None,  # noqa: N803 - the name in the schema
        **__: Any,
    ) -> Node:
        found = [node for node in self.world[name] if _matches(node, query or "")]
        by_time = _TIMES.get((sortKey or "ID").lower())
        places = {node["id"]: (_moment(node[by_time]) if by_time else 0.0, _number(node)) for node in found}
        found.sort(key=lambda node: places[node["id"]])
        start = _place_of(after)
        rest = [node for node in found if places[node["id"]] > start]
        rows, following = page_of([self._resolved(node) for node in rest], 0, min(first, self.page_size))
        cursors = ["cursor-{:.3f}-{}".format(*places[row["id"]]) for row in rows]
        return _connection(rows, cursors, has_more=following is not None)

    def _resolved(self, node: Node) -> Node:
        """A node whose nested lists are connections."""
        nested = {}
        if "lines" in node:
            nested[{"Order": "lineItems"}.get(node["__typename"], "refundLineItems")] = self._nested(node["lines"])
        if node["__typename"] == "Refund":
            nested["refundShippingLines"] = self._nested(node["shipping"])
            nested["orderAdjustments"] = self._nested(node["adjustments"])
            nested["transactions"] = self._nested([])
        if node["__typename"] == "Order":
            nested["refunds"] = lambda _, first=250: [self._resolved(part) for part in node["refunds"][:first]]
        return {**node, **nested}

    def _nested(self, nodes: Sequence[Node]) -> Callable[..., Node]:
        def connection(_: Any, first: int = 0, after: str | None = None, **__: Any) -> Node:
            start = int(after.removeprefix("cursor-")) if after else 0
            rows, following = page_of(nodes, start, min(first, self.nested_page_size))
            cursors = [f"cursor-{start + place}" for place in range(1, len(rows) + 1)]
            return _connection(rows, cursors, has_more=following is not None)

        return connection


def _connection(rows: Sequence[Node], cursors: Sequence[str], *, has_more: bool) -> Node:
    info = {"hasNextPage": has_more, "hasPreviousPage": False}
    info |= {"startCursor": cursors[0], "endCursor": cursors[-1]} if rows else {}
    edges = [{"cursor": cursor, "node": row} for cursor, row in zip(cursors, rows, strict=True)]
    return {"pageInfo": info, "nodes": rows, "edges": edges}


def _place_of(cursor: str | None) -> tuple[float, float]:
    """Where a cursor points; one that this shop never gave points beyond the end."""
    found = re.fullmatch(r"cursor-([\d.]+)-(\d+)", cursor or "cursor-0-0")
    return (float(found[1]), int(found[2])) if found else (math.inf, 0)


def cost(available: float = 1958.0, requested: float = 42.0) -> Node:
    """What a query costs, and what is left."""
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": 100.0}
    return {"requestedQueryCost": requested, "actualQueryCost": 12.0, "throttleStatus": status}


def error(message: str, code: str | None, **more: Any) -> Node:
    """Errors as Shopify's GraphQL gives them."""
    extensions = {"extensions": {"code": code}} if code else {}
    return {"errors": [{"message": message, **extensions, **more}], "extensions": {"cost": cost()}}


def report(query: str) -> Node:
    """A day's sales for each day that is asked for; sales from the first of May to the end of June 2026."""
    shown = re.search(r"SHOW\s+(.+?)\s+(?:TIMESERIES|GROUP|SINCE|DURING)", query, re.DOTALL)
    span = re.search(r"SINCE\s+(\d{4}-\d\d-\d\d)\s+UNTIL\s+(\d{4}-\d\d-\d\d)", query)
    if not shown or not span:
        return {"parseErrors": [f"Line 1: syntax error in {query[:20]}"], "tableData": None}
    names = [name.strip() for name in shown[1].split(",")]
    first, last = date.fromisoformat(span[1]), date.fromisoformat(span[2])
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    columns = [{"name": name, "dataType": "STRING", "displayName": name} for name in ("day", *names)]
    return {
        "parseErrors": [],
        "tableData": {"columns": columns, "rows": [{"day": str(day), **_sales(day, names)} for day in days]},
    }


def _sales(day: date, names: Sequence[str]) -> Mapping[str, str]:
    is_open = date(2026, 6, 1) <= day <= date(2026, 6, 30)
    return {name: ("2" if name == "orders" else f"{day.day}.50") if is_open else "0" for name in names}


def _moment(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _number(node: Node) -> int:
    """By which nodes are sorted, whatever has been done to the id that is shown."""
    return int(node.get("place") or node["id"].rpartition("/")[2])


def _matches(node: Node, query: str) -> bool:
    """The part of Shopify's search syntax that compares ids and times, terms joined by AND."""
    for name, operator, value in _TERM.findall(query):
        if name in _TIMES:
            is_true = _holds(_moment(node[_TIMES[name]]), operator, _moment(value))
        elif name == "id":
            is_true = _holds(float(_number(node)), operator, float(value))
        else:
            is_true = True  # Shopify ignores what it does not know, with a warning
        if not is_true:
            return False
    return True


def _holds(found: float, operator: str, asked: float) -> bool:
    signs = {"": found == asked, ">": found > asked, ">=": found >= asked, "<": found < asked, "<=": found <= asked}
    return signs[operator]
