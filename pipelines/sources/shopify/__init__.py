"""Customers, orders with lines and refunds, abandoned checkouts and daily sales, by Shopify's GraphQL Admin API."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import dlt
from dlt.common.typing import TDataItems
from dlt.sources import DltResource
from dlt.sources.helpers.rest_client.client import RESTClient

from . import queries, settings
from .helpers import Listing, Node, changes_since, follow, shopify_client, utc, whole_orders
from .hints import resource_of
from .json_client import RUN_SECONDS
from .rows import checkout_row, customer_row, line_rows, order_row, refund_rows
from .sales_report import sales_days
from .settings import TABLES

__all__ = ["TABLES", "shopify"]


@dlt.source(name="shopify", max_table_nesting=0)
def shopify(
    base_url: str = dlt.config.value,
    client_id: dlt.TSecretStrValue | None = None,
    client_secret: dlt.TSecretStrValue | None = None,
    access_token: dlt.TSecretStrValue | None = None,
    api_version: str = settings.API_VERSION,
    start_date: str | None = None,
    now: datetime | None = None,
    run_seconds: float = RUN_SECONDS,
) -> Iterable[DltResource]:
    """Reads what changed since the last run; a refund comes with its order, however old.

    Args:
        base_url (str): Address of the shop, https://NAME.myshopify.com.
        client_id (str): Client id of an app of your own that is installed in the shop. A token lasts 24 hours.
        client_secret (str): Its secret.
        access_token (str): Instead of both, the token of an app made in the shop's admin before 2026.
        api_version (str): Version of the Admin API.
        start_date (str): First modification to read in the first run, ISO 8601; by default all.
        now (datetime): The present, which no cursor passes; by default the clock's.
        run_seconds (float): For so long a run may read; what is left then is an error, and read by the next one.

    Returns:
        Iterable[DltResource]: A resource for each table.
    """
    client = shopify_client(base_url, api_version, access_token, client_id, client_secret, run_seconds)
    present = now or datetime.now(UTC)
    until = utc(present.isoformat()) or ""
    cursor, cursor_of_orders = changes_since(start_date, "updated_at"), changes_since(start_date, "updatedAt")

    @dlt.resource(**resource_of(settings.CUSTOMERS))
    def customers(updated_at: dlt.sources.incremental[str] = cursor) -> Iterator[TDataItems]:
        """A version of each customer that changed."""
        listing = Listing(client, queries.CUSTOMERS, settings.CUSTOMER_PAGE_SIZE)
        for page in follow(updated_at, listing.by_time, until):
            yield [customer_row(node) for node in page]

    @dlt.resource(**resource_of(settings.ABANDONED_CHECKOUTS))
    def abandoned_checkouts(updated_at: dlt.sources.incremental[str] = cursor) -> Iterator[TDataItems]:
        """A version of each checkout that was left; the API sorts them by id only."""
        listing = Listing(client, queries.ABANDONED_CHECKOUTS, settings.CHECKOUT_PAGE_SIZE)
        for page in follow(updated_at, listing.by_id, until):
            yield [checkout_row(node) for node in page]

    @dlt.resource(**resource_of(settings.SALES_TOTALS))
    def sales_totals() -> TDataItems:
        """Each day of the shop's own sales report."""
        yield sales_days(client, present)

    return customers, *_of_orders(client, cursor_of_orders, until), abandoned_checkouts, sales_totals


def _of_orders(client: RESTClient, cursor: dlt.sources.incremental[str], until: str) -> tuple[DltResource, ...]:
    """Several tables of one list, which is read once."""

    @dlt.resource(selected=False)
    def changed_orders(updated_at: dlt.sources.incremental[str] = cursor) -> Iterator[TDataItems]:
        """Orders that changed as Shopify gives them, with all lines and refunds; no table of its own."""
        listing = Listing(client, queries.ORDERS, settings.ORDER_PAGE_SIZE)
        yield from follow(updated_at, lambda since: whole_orders(client, listing, since), until)

    @dlt.transformer(data_from=changed_orders, **resource_of(settings.ORDERS))
    def orders(page: list[Node]) -> TDataItems:
        """A version of each order."""
        return [order_row(node) for node in page]

    @dlt.transformer(data_from=changed_orders, **resource_of(settings.ORDER_LINES))
    def order_lines(page: list[Node]) -> TDataItems:
        """The lines of each order."""
        return [row for node in page for row in line_rows(node)]

    @dlt.transformer(data_from=changed_orders, **resource_of(settings.REFUNDS))
    def refunds(page: list[Node]) -> TDataItems:
        """The parts of each refund."""
        return [row for node in page for row in refund_rows(node)]

    return changed_orders, orders, order_lines, refunds
