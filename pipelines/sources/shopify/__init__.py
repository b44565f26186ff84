"""Shopify (GraphQL Admin): customers, orders with lines and refunds, abandoned checkouts, the daily sales report.

Key: record id and last modification; a refund is read with its order, however old. Cursor: the last modification
read, minus an overlap; versions that are landed already are left out, so nothing changed yields nothing. The sales
report is read whole and its changed days are landed. Left out: names, addresses, transactions, products, inventory.
GraphQL gives what is asked for, so nothing goes to `_extra`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.brands import SourceConfig
from pipelines.extract import LoadContext, Page, Stream
from pipelines.http import Sleep
from pipelines.past import Version, newest, parse_time, versions
from pipelines.sources.shopify import queries, settings
from pipelines.sources.shopify.client import Node, ShopifyClient
from pipelines.sources.shopify.rows import (
    Row,
    checkout_row,
    customer_row,
    line_row,
    number,
    order_row,
    refund_rows,
    sales_row,
)
from pipelines.sources.shopify.tables import (
    ABANDONED_CHECKOUTS,
    CUSTOMERS,
    ORDER_LINES,
    ORDERS,
    REFUNDS,
    SALES_TOTALS,
    TABLES,
)

__all__ = ["CREDENTIALS", "TABLES", "streams"]

CREDENTIALS = ("access_token",)


def streams(instance: str, config: SourceConfig, context: LoadContext, *, sleep: Sleep = time.sleep) -> list[Stream]:
    """The streams of one shop."""
    client = ShopifyClient(instance, config, context, sleep)
    return [
        Stream("customers", lambda: _customers(instance, client, context), (CUSTOMERS,)),
        Stream("orders", lambda: _orders(instance, client, context), (ORDERS, ORDER_LINES, REFUNDS)),
        Stream("abandoned_checkouts", lambda: _checkouts(instance, client, context), (ABANDONED_CHECKOUTS,)),
        Stream("sales_totals", lambda: _sales_totals(instance, client, context), (SALES_TOTALS,)),
    ]


def _since(context: LoadContext, stream: str) -> datetime | None:
    cursor = parse_time(context.cursor(stream))
    return None if cursor is None else cursor - settings.OVERLAP


def _search(since: datetime | None) -> str | None:
    return None if since is None else f"updated_at:>='{since.strftime('%Y-%m-%dT%H:%M:%SZ')}'"


def _resume(node: Node) -> str:
    return f"updated_at:>='{node['updatedAt']}'"


def _version(node: Node) -> tuple[str | None, datetime | None]:
    return number(node["id"]), parse_time(node["updatedAt"])


def _customers(instance: str, client: ShopifyClient, context: LoadContext) -> Iterator[Page]:
    since = _since(context, "customers")
    landed = versions(context, "shopify__customers", instance, "customer_id", since)
    size = settings.CUSTOMER_PAGE_SIZE
    for page in client.pages(queries.CUSTOMERS, "customers", _search(since), size, _resume):
        new = [node for node in page if _version(node) not in landed]
        if new:
            emails = [(node.get("defaultEmailAddress") or {}).get("emailAddress") for node in new]
            phones = [(node.get("defaultPhoneNumber") or {}).get("phoneNumber") for node in new]
            tokens = zip(new, context.vault.tokens("email", emails), context.vault.tokens("phone", phones), strict=True)
            yield Page(CUSTOMERS, [customer_row(*row) for row in tokens], page[-1]["updatedAt"])


def _orders(instance: str, client: ShopifyClient, context: LoadContext) -> Iterator[Page]:
    since = _since(context, "orders")
    landed = versions(context, "shopify__orders", instance, "order_id", since)
    landed_refunds = versions(context, "shopify__refunds", instance, "refund_id", None)
    sizes = {"lines": settings.LINES_INLINE, "refunds": settings.REFUNDS_INLINE}
    size = settings.ORDER_PAGE_SIZE
    for page in client.pages(queries.ORDERS, "orders", _search(since), size, _resume, sizes):
        new = [node for node in page if _version(node) not in landed]
        if new:
            yield from _order_pages(client, context, new, landed_refunds, page[-1]["updatedAt"])


def _order_pages(
    client: ShopifyClient, context: LoadContext, nodes: Sequence[Node], landed_refunds: set[Version], cursor: str
) -> Iterator[Page]:
    """Lines and refunds before the orders: the cursor moves with the last page."""
    lines = {
        node["id"]: client.rest(queries.ORDER_LINES, ("order", "lineItems"), node["id"], node["lineItems"])
        for node in nodes
    }
    refunds = [
        row
        for node in nodes
        for refund in _refunds(client, node)
        if _version(refund) not in landed_refunds
        for row in _refund_rows(client, node, refund)
    ]
    emails = context.vault.tokens("email", [node.get("email") for node in nodes])
    yield Page(ORDER_LINES, [line_row(node, line) for node in nodes for line in lines[node["id"]]])
    if refunds:
        yield Page(REFUNDS, refunds)
    orders = [order_row(node, lines[node["id"]], email) for node, email in zip(nodes, emails, strict=True)]
    yield Page(ORDERS, orders, cursor)


def _refunds(client: ShopifyClient, order: Node) -> list[Node]:
    """Refunds of an order; the list cannot be paged, so a full one is read again at its greatest length."""
    refunds: list[Node] = order["refunds"]
    if len(refunds) < settings.REFUNDS_INLINE:
        return refunds
    variables = {"id": order["id"], "refunds": settings.NESTED_PAGE_SIZE, "lines": 1}
    longest: list[Node] = client.execute(queries.ORDER_REFUNDS, variables)["order"]["refunds"]
    return longest


def _refund_rows(client: ShopifyClient, order: Node, refund: Node) -> list[Row]:
    path = ("refund", "refundLineItems")
    return refund_rows(
        order, refund, client.rest(queries.MORE_REFUND_LINES, path, refund["id"], refund["refundLineItems"])
    )


def _checkouts(instance: str, client: ShopifyClient, context: LoadContext) -> Iterator[Page]:
    """Sorted by id, since the API sorts them by no modification time: the cursor moves at the end only."""
    since = _since(context, "abandoned_checkouts")
    search, size = _search(since), settings.CHECKOUT_PAGE_SIZE
    landed = versions(context, "shopify__abandoned_checkouts", instance, "checkout_id", since)

    def after(node: Node) -> str:
        beyond = f"id:>{number(node['id'])}"
        return beyond if search is None else f"{search} AND {beyond}"

    new = [
        node
        for page in client.pages(queries.ABANDONED_CHECKOUTS, "abandonedCheckouts", search, size, after)
        for node in page
        if _version(node) not in landed
    ]
    if new:
        newest_change = max((node["updatedAt"] for node in new), key=lambda text: parse_time(text) or context.now)
        yield Page(ABANDONED_CHECKOUTS, [checkout_row(node) for node in new], newest_change)


def _sales_totals(instance: str, client: ShopifyClient, context: LoadContext) -> Iterator[Page]:
    """Days of the report that are new or have changed, from the shop's first sale on."""
    shop = client.execute(queries.SHOP)["shop"]
    landed = {row["day"].isoformat(): row for row in newest(context, "shopify__sales_totals", instance, ("day",))}
    last = context.now.astimezone(ZoneInfo(shop["ianaTimezone"])).date()
    days: list[Row] = []
    for _ in range(settings.SALES_MAX_WINDOWS):
        first = last - timedelta(days=settings.SALES_WINDOW_DAYS - 1)
        report = f"FROM sales SHOW {', '.join(settings.SALES_METRICS)} TIMESERIES day SINCE {first} UNTIL {last}"
        rows = [sales_row(row, shop["currencyCode"]) for row in client.report(queries.SALES, report)]
        if not any(_has_sales(row) for row in rows):
            break
        days = rows + days
        last = first - timedelta(days=1)
    opened = next((index for index, row in enumerate(days) if _has_sales(row)), len(days))
    changed = [row for row in days[opened:] if _differs(row, landed.get(row["day"]))]
    if changed:
        yield Page(SALES_TOTALS, changed)


def _has_sales(row: Row) -> bool:
    return any(_decimal(row[name]) for name in ("orders_count", "gross_sales", "returns", "total_sales"))


def _differs(row: Row, landed: Row | None) -> bool:
    if landed is None:
        return True
    return any(_decimal(row[name]) != _decimal(landed[name]) for name in row if name not in ("day", "currency"))


def _decimal(value: Any) -> Decimal | str | None:
    """Amounts compare as numbers, 10 like 10.00; what is no number compares as it is."""
    text = None if value is None else str(value)
    is_number = text is not None and text.lstrip("-").replace(".", "", 1).isdigit()
    return Decimal(text) if text is not None and is_number else text
