"""Owner-only metrics: of media over their life, of the account over windows; and what the API says of each metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pipelines.extract import LoadContext, Page
from pipelines.http import Fault
from pipelines.past import newest
from pipelines.sources.instagram import settings
from pipelines.sources.instagram.client import RECORD_SKIPPED, GraphClient
from pipelines.sources.instagram.tables import ACCOUNT_INSIGHTS, MEDIA_INSIGHTS, METRIC_STATUS

Values = dict[str, Any]
Ask = tuple[str, Mapping[str, str]]
ACCOUNT = "ACCOUNT"


class MetricReader:
    """Reads metrics of many objects of one type. One metric that the API refuses never costs the others."""

    def __init__(self, client: GraphClient, object_type: str, metrics: Sequence[str]) -> None:
        self._client = client
        self._object_type = object_type
        self._metrics = tuple(metrics)
        self._status: dict[str, tuple[str, str | None]] = {}
        self._objects = 0

    def read(self, asks: Sequence[Ask]) -> list[Values | None]:
        """Values by metric of each ask, in order; None for an object that has no insights."""
        self._objects += len(asks)
        found: dict[int, Values | None] = {}
        pending = list(range(len(asks)))
        while pending:
            outcomes = self._ask([asks[i] for i in pending], self._metrics)
            refused = []
            for index, outcome in zip(pending, outcomes, strict=True):
                if isinstance(outcome, Fault) and outcome.code != RECORD_SKIPPED:
                    refused.append(index)
                else:
                    found[index] = self._note(outcome)
            pending = self._bisect(asks, refused, found)
        return [found[index] for index in range(len(asks))]

    def statuses(self) -> list[dict[str, Any]]:
        """One METRIC_STATUS record for each metric of which something can be said.

        A zero is not returned either, so it takes many objects without a value to call a metric withheld.
        """
        return [
            {"object_type": self._object_type, "metric": metric, "status": status, "reason": reason}
            for metric, (status, reason) in self._status.items()
            if status != "withheld" or self._objects >= settings.WITHHELD_FROM_OBJECTS
        ]

    def _ask(self, asks: Sequence[Ask], metrics: Sequence[str]) -> list[Values | Fault]:
        if not metrics:
            return [{} for _ in asks]
        outcomes = self._client.batch([(path, {**params, "metric": ",".join(metrics)}) for path, params in asks])
        for metric in metrics:
            self._status.setdefault(metric, ("withheld", "asked for, not returned"))
        return [outcome if isinstance(outcome, Fault) else _values(outcome) for outcome in outcomes]

    def _note(self, outcome: Values | Fault) -> Values | None:
        if isinstance(outcome, Fault):
            return None
        self._status.update((metric, ("available", None)) for metric in outcome if metric in self._metrics)
        return outcome

    def _bisect(self, asks: Sequence[Ask], refused: Sequence[int], found: dict[int, Values | None]) -> list[int]:
        """Find what is refused on the first of `refused`; the rest is asked again without it, or by halves too."""
        if not refused:
            return []
        before = self._metrics
        found[refused[0]] = self._by_halves(asks[refused[0]], before)
        self._metrics = tuple(metric for metric in before if self._status[metric][0] != "retired")
        if self._metrics != before:
            return list(refused[1:])
        for index in refused[1:]:
            found[index] = self._by_halves(asks[index], before)
        return []

    def _by_halves(self, ask: Ask, metrics: Sequence[str]) -> Values | None:
        middle = len(metrics) // 2
        values: Values = {}
        for half in (metrics[:middle], metrics[middle:]):
            outcome = self._ask([ask], half)[0]
            if not isinstance(outcome, Fault) or outcome.code == RECORD_SKIPPED:
                noted = self._note(outcome)
                if noted is None:
                    return None
                values |= noted
            elif len(half) == 1:
                self._status[half[0]] = ("retired", outcome.what)
            else:
                values |= self._by_halves(ask, half) or {}
        return values


def _values(body: Mapping[str, Any]) -> Values:
    """Value by metric; an empty set is no value, never 0."""
    values: Values = {}
    for metric in body.get("data") or []:
        if metric.get("total_value"):
            values[metric["name"]] = metric["total_value"].get("value")
        elif metric.get("values"):
            values[metric["name"]] = metric["values"][0].get("value")
    return values


def changed_statuses(readers: Sequence[MetricReader], context: LoadContext, instance: str) -> Iterator[Page]:
    """A page of the metrics whose status differs from the landed one."""
    landed = {
        (row["object_type"], row["metric"]): row["status"]
        for row in newest(context, "instagram__metric_status", instance, ("object_type", "metric"))
    }
    statuses = [status for reader in readers for status in reader.statuses()]
    changed = [row for row in statuses if landed.get((row["object_type"], row["metric"])) != row["status"]]
    if changed:
        yield Page(METRIC_STATUS, changed)


def object_type(media: Mapping[str, Any]) -> str:
    """The kind by which the API tells metrics apart: an album is FEED with metrics of its own."""
    if media["media_type"] == "CAROUSEL_ALBUM":
        return "CAROUSEL_ALBUM"
    return str(media["media_product_type"] or "FEED")


def media_insights(
    client: GraphClient, context: LoadContext, instance: str, due: Sequence[Mapping[str, Any]]
) -> Iterator[Page]:
    """A reading of each due own media that has insights, and what became of the metrics."""
    by_type: dict[str, list[Mapping[str, Any]]] = {}
    for media in due:
        by_type.setdefault(object_type(media), []).append(media)
    readers = []
    for kind, medias in by_type.items():
        metrics = [metric for metric, kinds in settings.MEDIA_METRICS.items() if kind in kinds]
        reader = MetricReader(client, kind, metrics)
        readers.append(reader)
        readings = reader.read([(f"{media['media_id']}/insights", {}) for media in medias])
        records = [
            {"media_id": media["media_id"], "account_id": client.account_id, **values}
            for media, values in zip(medias, readings, strict=True)
            if values
        ]
        if records:
            yield Page(MEDIA_INSIGHTS, records)
    yield from changed_statuses(readers, context, instance)


def account_insights(client: GraphClient, context: LoadContext, instance: str, cursor: str | None) -> Iterator[Page]:
    """Windows that end after the cursor (ISO day); the cursor stays behind days that may still be restated."""
    last = context.now.astimezone(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=settings.ACCOUNT_BACKFILL_DAYS - 1)
    if cursor:
        first = max(first, date.fromisoformat(cursor) + timedelta(days=1))
    windows = [
        (first + timedelta(days=offset), days)
        for offset in range((last - first).days + 1)
        for days in settings.WINDOW_DAYS
    ]
    reader = MetricReader(client, ACCOUNT, settings.ACCOUNT_METRICS)
    readings = reader.read([_window_ask(client.account_id, end, days) for end, days in windows])
    landed = {
        (row["window_end"], row["window_days"]): row
        for row in newest(context, "instagram__account_insights", instance, ("window_end", "window_days"))
    }
    records = [
        {"account_id": client.account_id, "window_end": end.isoformat(), "window_days": days, **values}
        for (end, days), values in zip(windows, readings, strict=True)
        if values and _differs(values, landed.get((end, days)))
    ]
    if records:
        final = (context.now - settings.RESTATED_FOR).astimezone(UTC).date() - timedelta(days=1)
        yield Page(ACCOUNT_INSIGHTS, records, min(final, last).isoformat())
    yield from changed_statuses([reader], context, instance)


def _window_ask(account_id: str, end: date, days: int) -> Ask:
    params = {
        "period": "day",
        "metric_type": "total_value",
        "since": str(_midnight(end - timedelta(days=days - 1))),
        "until": str(_midnight(end + timedelta(days=1))),
    }
    return f"{account_id}/insights", params


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def _differs(values: Values, landed: Mapping[str, Any] | None) -> bool:
    return landed is None or any(values.get(metric) != landed[metric] for metric in settings.ACCOUNT_METRICS)
