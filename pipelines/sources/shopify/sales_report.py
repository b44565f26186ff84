"""Shopify's own daily sales report, by ShopifyQL."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dlt.sources.helpers.rest_client.client import RESTClient

from . import settings
from .helpers import ask
from .json_client import AnswerError, clean, mismatch, place
from .queries import CELL, SALES, SHOP
from .rows import Row, sales_row

_AT = "data.shopifyqlQuery"
_ROW_FORM = {"day": str, **dict.fromkeys(settings.SALES_METRICS, CELL)}


def sales_days(client: RESTClient, now: datetime) -> list[Row]:
    """Every day from the shop's first sale to the shop's today.

    Args:
        client (RESTClient): Client of the shop.
        now (datetime): The present, with its offset.

    Returns:
        list[Row]: A row for each day, the earliest first.
    """
    answer = ask(client, SHOP)
    shop = answer.json()["data"]["shop"]
    try:
        last = now.astimezone(ZoneInfo(shop["ianaTimezone"])).date()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise AnswerError(f"{place(answer.request)}: data.shop.ianaTimezone is no time zone") from None
    days: list[Row] = []
    for window in _windows(client, last, shop["currencyCode"]):
        days = window + days
    opened = next((index for index, row in enumerate(days) if _has_sales(row)), len(days))
    return days[opened:]


def _windows(client: RESTClient, last: date, currency: str) -> Iterator[list[Row]]:
    """The report in windows, the latest first, until one is without a sale; days before the first one may be absent."""
    for number in range(settings.SALES_MAX_WINDOWS):
        first = last - timedelta(days=settings.SALES_WINDOW_DAYS - 1)
        window = [sales_row(row, currency) for row in _report(client, first, last)]
        if number == 0 and not window:
            raise AnswerError(f"{_AT}.tableData.rows has no row of {last}")
        if not any(_has_sales(row) for row in window):
            return
        yield window
        last = first - timedelta(days=1)


def _report(client: RESTClient, first: date, last: date) -> list[dict[str, Any]]:
    report = f"FROM sales SHOW {', '.join(settings.SALES_METRICS)} TIMESERIES day SINCE {first} UNTIL {last}"
    answer = ask(client, SALES, report=report)
    where, told = place(answer.request), answer.json()["data"]["shopifyqlQuery"]
    if told["parseErrors"]:
        raise AnswerError(f"{where}: the sales report was refused: {clean(' '.join(told['parseErrors']))}")
    if told["tableData"] is None:
        raise AnswerError(f"{where}: {_AT}.tableData is null, not an object")
    names = [column["name"] for column in told["tableData"]["columns"]]
    rows = told["tableData"]["rows"]
    if any(isinstance(row, list) and len(row) != len(names) for row in rows):
        raise AnswerError(f"{where}: {_AT}.tableData.rows has a row that is not as long as its columns")
    named = [row if isinstance(row, dict) else dict(zip(names, row, strict=True)) for row in rows]
    if fault := mismatch(named, [_ROW_FORM], f"{_AT}.tableData.rows"):
        raise AnswerError(f"{where}: {fault}")
    days = {row["day"][:10] for row in named}
    if days != {(last - timedelta(days=n)).isoformat() for n in range(len(named))}:
        raise AnswerError(f"{where}: {_AT}.tableData.rows are not the {len(named)} days up to {last}")
    return named


def _has_sales(row: Row) -> bool:
    return any(_is_something(row[name]) for name in ("orders_count", "gross_sales", "returns", "total_sales"))


def _is_something(value: object) -> bool:
    """What is no number is something, too: it must be seen."""
    try:
        return value is not None and Decimal(str(value)) != 0
    except InvalidOperation:
        return True
