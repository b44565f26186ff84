"""A shop on the far side: Shopify's Admin API for the queries of the source."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from dlt.extract.exceptions import ResourceExtractionError

from pipelines.sources.shopify import settings, shopify
from pipelines.sources.shopify.json_client import AnswerError
from tests.sources.far_side import Reply, Request

NOW = datetime(2026, 6, 30, 21, tzinfo=UTC)
SECRET = "shpat_0f4b52b1"
Node = dict[str, Any]
Read = Callable[..., list[Node]]
"""Rows of a resource of the source, run alone."""


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
        "isGiftCard": False,
        "product": {"id": "gid://shopify/Product/5", "productType": "lighting"},
        "originalUnitPriceSet": bag(price),
        "discountAllocations": [{"allocatedAmountSet": bag("0.50")}, {"allocatedAmountSet": bag("0.25")}],
        "taxLines": [{"priceSet": bag("1.67")}],
    }


def refund(number: int, moment: datetime, *lines: Node, paid: str = "0.00", **more: list[Node]) -> Node:
    return {
        "id": f"gid://shopify/Refund/{number}",
        "createdAt": iso(moment),
        "updatedAt": iso(moment),
        "totalRefundedSet": bag(paid),
        "refundLineItems": list(lines),
        "refundShippingLines": more.get("shipping", []),
        "orderAdjustments": more.get("adjustments", []),
    }


def refund_line(number: int, subtotal: str, tax: str, quantity: int = 1) -> Node:
    item = {"id": f"gid://shopify/LineItem/{number}"}
    return {"lineItem": item, "quantity": quantity, "subtotalSet": bag(subtotal), "totalTaxSet": bag(tax)}


def refunded_shipping(amount: str, tax: str) -> Node:
    return {"subtotalAmountSet": bag(amount), "taxAmountSet": bag(tax)}


def adjustment(amount: str, tax: str) -> Node:
    return {"amountSet": bag(amount), "taxAmountSet": bag(tax)}


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


def numbered(node: Node) -> int:
    return int(node["id"].rpartition("/")[2].partition("?")[0])


class Asked(NamedTuple):
    operation: str
    variables: Node


class Shop:
    """The Admin API for the queries of the source, told apart by their operation names."""

    def __init__(self) -> None:
        self.orders: list[Node] = []
        self.customers: list[Node] = []
        self.checkouts: list[Node] = []
        self.sales: dict[date, str] = {}
        self.asked: list[Asked] = []
        self.cost: Node = {}
        self.most_orders = 250
        self.deepest = 0
        self.headers: dict[str, str] = {}
        self.token = SECRET
        self.tokens_given = 0
        self.alter: Callable[[str, Node], Any] = lambda _, data: data

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
        if request.path == "/admin/oauth/access_token":
            return self._grant(request)
        if request.headers["x-shopify-access-token"] != self.token:
            return Reply(
                {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}, 401
            )
        assert request.path == f"/admin/api/{settings.API_VERSION}/graphql.json"
        variables, document = request.json["variables"], request.json["query"]
        operation = re.match(r"query (\w+)", document)[1]
        self.asked.append(Asked(operation, variables))
        if operation == "Orders" and variables["first"] > self.most_orders:
            message = "Query cost is 1001, which exceeds the single query max cost limit (1000)."
            return failure("MAX_COST_EXCEEDED", message)
        answers: dict[str, Callable[[], Node]] = {
            "Orders": lambda: {"orders": self._found(self.orders, variables, document)},
            "Customers": lambda: {"customers": self._found(self.customers, variables, document)},
            "AbandonedCheckouts": lambda: {"abandonedCheckouts": self._found(self.checkouts, variables, document)},
            "More": lambda: {"node": self._more(variables, document)},
            "OrderRefunds": lambda: {"node": self._rendered(self._one(variables), document)},
            "Shop": lambda: {"shop": {"currencyCode": "EUR", "ianaTimezone": "Europe/Paris"}},
            "Sales": lambda: self._sales(variables),
        }
        data = self.alter(operation, answers[operation]())
        return Reply({"data": data, "extensions": {"cost": self.cost}}, headers=self.headers)

    def _grant(self, request: Request) -> Reply:
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert request.body == b"client_id=app&client_secret=hush&grant_type=client_credentials"
        self.tokens_given += 1
        self.token = f"shpat_{self.tokens_given}"
        return Reply({"access_token": self.token, "scope": "read_orders", "expires_in": 86_399})

    def _one(self, variables: Node) -> Node:
        return next(order for order in self.orders if order["id"] == variables["id"])

    def _more(self, variables: Node, document: str) -> Node | None:
        part = re.search(r"nested: (\w+)", document)[1]
        owners = [*self.orders, *(refund for order in self.orders for refund in order["refunds"])]
        owner = next((node for node in owners if node["id"] == variables["id"]), None)
        nested = owner and connection(owner[part], variables["first"], variables["after"])
        return owner and {"updatedAt": owner["updatedAt"], "nested": nested}

    def _found(self, nodes: list[Node], variables: Node, document: str) -> Node:
        search = variables["search"] or ""
        least = re.search(r"updated_at:>='(.+?)'", search)
        most = re.search(r"updated_at:<='(.+?)'", search)
        beyond = re.search(r"id:>(\d+)", search)
        named = re.search(r"id:(\d+)", search)
        hits = [
            node
            for node in nodes
            if (not least or node["updatedAt"] >= least[1])
            and (not most or node["updatedAt"] <= most[1])
            and (not beyond or numbered(node) > int(beyond[1]))
            and (not named or numbered(node) == int(named[1]))
        ]
        by_time = variables["sortKey"] == "UPDATED_AT"
        hits.sort(key=lambda node: (node["updatedAt"] if by_time else "", numbered(node)))
        page = connection(hits, variables["first"], variables["after"])
        self.deepest = max(self.deepest, int(page["pageInfo"]["endCursor"]))
        return {**page, "nodes": [self._rendered(node, document) for node in page["nodes"]]}

    @staticmethod
    def _rendered(node: Node, document: str) -> Node:
        """Nested connections as far as the document asks for them."""
        sizes = {name: int(size) for name, size in re.findall(r"(\w+)\(first: (\d+)\)", document)}

        def cut(owner: Node) -> Node:
            return {
                name: connection(value, sizes[name]) if name in sizes and name != "refunds" else value
                for name, value in owner.items()
            }

        refunds = {"refunds": [cut(r) for r in node["refunds"][: sizes["refunds"]]]} if "refunds" in node else {}
        return {**cut(node), **refunds}

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


def throttled(available: int, restore_rate: int = 100) -> Reply:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": restore_rate}
    return failure("THROTTLED", "Throttled", extensions={"cost": {"requestedQueryCost": 300, "throttleStatus": status}})


WHERE = f"POST /admin/api/{settings.API_VERSION}/graphql.json"


def rows_of(url: str, table: str, **arguments: Any) -> list[Node]:
    """Rows of one table, without a pipeline."""
    given = {"access_token": SECRET, "now": NOW, **arguments}
    return list(shopify(base_url=url, **given).with_resources(table))


def fault(act: Callable[[], object]) -> str:
    """The one line that an act ends with."""
    with pytest.raises(ResourceExtractionError) as caught:
        act()
    cause = caught.value.__cause__
    assert isinstance(cause, AnswerError), repr(cause)
    text = str(cause)
    assert "\n" not in text
    assert SECRET not in text
    return text
