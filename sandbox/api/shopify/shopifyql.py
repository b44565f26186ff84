"""The part of ShopifyQL that reports daily sales: FROM sales SHOW … TIMESERIES day SINCE … UNTIL …"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sandbox.api.answer import number_of
from sandbox.sales import METRICS, DailySales
from sandbox.scene import Scene

_QUERY = re.compile(
    r"^\s*FROM\s+sales\s+SHOW\s+(?P<show>[\w\s,]+?)(?P<rest>\s(?:TIMESERIES|GROUP|SINCE|UNTIL|ORDER|LIMIT)\b.*)?$",
    re.IGNORECASE | re.DOTALL,
)
_SINCE = re.compile(r"\bSINCE\s+(\S+)", re.IGNORECASE)
_UNTIL = re.compile(r"\bUNTIL\s+(\S+)", re.IGNORECASE)
_BY_DAY = re.compile(r"\b(?:TIMESERIES|GROUP\s+BY)\s+day\b", re.IGNORECASE)
_LIMIT = re.compile(r"\bLIMIT\s+(\d+)", re.IGNORECASE)
_DEFAULT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class _Report:
    metrics: tuple[str, ...]
    since: date
    until: date
    is_by_day: bool
    limit: int


def answer(text: str, scene: Scene, sales: DailySales) -> dict[str, Any]:
    """A ShopifyqlQueryResponse: rows, or what could not be parsed."""
    try:
        report = _parse(text, scene)
    except (ValueError, OverflowError) as error:
        return {"parseErrors": [str(error)[:200]], "tableData": None}
    first = scene.world.calendar.first
    since = max(report.since, first)
    days = (min(report.until, first + timedelta(days=scene.world.calendar.days - 1)) - since).days + 1
    known = [since + timedelta(days=n) for n in range(days)]
    names = ("day", *report.metrics) if report.is_by_day else report.metrics
    if report.is_by_day:
        rows = [_row(day, (day - first).days, report, sales) for day in known]
    else:
        numbers = [(day - first).days for day in known]
        rows = [{name: f"{sum(float(sales.rounded(name, n)) for n in numbers):.2f}" for name in report.metrics}]
    columns = [
        {"name": name, "dataType": _data_type(name), "displayName": name.replace("_", " ").title()} for name in names
    ]
    return {"parseErrors": [], "tableData": {"columns": columns, "rows": rows[: report.limit]}}


def _row(day: date, number: int, report: _Report, sales: DailySales) -> Mapping[str, str]:
    return {"day": day.isoformat(), **{name: sales.rounded(name, number) for name in report.metrics}}


def _data_type(name: str) -> str:
    return {"day": "DAY_TIMESTAMP", "orders": "INTEGER"}.get(name, "MONEY")


def _parse(text: str, scene: Scene) -> _Report:
    found = _QUERY.match(text.strip())
    if not found:
        raise ValueError("Syntax error: expected FROM sales SHOW column, …")
    metrics = tuple(name.strip().lower() for name in found["show"].split(","))
    for name in metrics:
        if name not in METRICS:
            raise ValueError(f"Column not found: {name}")
    rest = found["rest"] or ""
    today = scene.local_now.date()
    since, until = _SINCE.search(rest), _UNTIL.search(rest)
    last = _day(until[1], today) if until else today
    limit = _LIMIT.search(rest)
    return _Report(
        metrics=metrics,
        since=_day(since[1], today) if since else today - timedelta(days=30),
        until=last,
        is_by_day=bool(_BY_DAY.search(rest)),
        limit=number_of(limit[1]) or 0 if limit else _DEFAULT_LIMIT,
    )


def _day(text: str, today: date) -> date:
    if text.lower() in ("today", "yesterday"):
        return today - timedelta(days=text.lower() == "yesterday")
    if past := re.fullmatch(r"-(\d+)d", text, re.IGNORECASE):
        return today - timedelta(days=int(past[1]))
    return date.fromisoformat(text.strip("'\""))
