"""Owner-only metrics: of media over their life, of the account over windows; and what the API says of each metric."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from dlt.sources.helpers.rest_client.client import RESTClient

from . import settings
from .helpers import SKIPPED, Ask, Fault, batch
from .json_client import AnswerError

Values = dict[str, Any]
ACCOUNT = "ACCOUNT"


class MetricReader:
    """Reads metrics of many objects of one type. One metric that the API refuses never costs the others."""

    def __init__(self, client: RESTClient, object_type: str, metrics: Sequence[str]) -> None:
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
                if _is_of_a_metric(outcome):
                    refused.append(index)
                else:
                    found[index] = self._note(outcome)
            pending = self._bisect(asks, refused, found)
        return [found[index] for index in range(len(asks))]

    def statuses(self) -> list[dict[str, Any]]:
        """One row of metric_status for each metric of which something can be said."""
        return [
            {"object_type": self._object_type, "metric": metric, "status": status, "reason": reason}
            for metric, (status, reason) in self._status.items()
            if status != "withheld" or self._objects >= settings.WITHHELD_FROM_OBJECTS
        ]

    def _ask(self, asks: Sequence[Ask], metrics: Sequence[str]) -> list[Values | Fault]:
        if not metrics:
            return [{} for _ in asks]
        named = [(path, {**params, "metric": ",".join(metrics)}) for path, params in asks]
        for metric in metrics:
            self._status.setdefault(metric, ("withheld", "asked for, not returned"))
        answers = batch(self._client, named, settings.INSIGHTS, SKIPPED | {"metric"})
        for (path, _), answer in zip(asks, answers, strict=True):
            if not isinstance(answer, Fault) and any(not metric["id"].startswith(path) for metric in answer["data"]):
                raise AnswerError(f"POST / (batch): the answers are not in the order of the requests, at {path}")
        return [answer if isinstance(answer, Fault) else _values(answer, metrics) for answer in answers]

    def _note(self, outcome: Values | Fault) -> Values | None:
        if isinstance(outcome, Fault):
            return None
        self._status.update((metric, ("available", None)) for metric in outcome)
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
            if not _is_of_a_metric(outcome):
                noted = self._note(outcome)
                if noted is None:
                    return None
                values |= noted
            elif len(half) == 1:
                self._status[half[0]] = ("retired", outcome.what if isinstance(outcome, Fault) else None)
            else:
                values |= self._by_halves(ask, half) or {}
        return values


def _is_of_a_metric(outcome: Values | Fault) -> bool:
    return isinstance(outcome, Fault) and outcome.kind == "metric"


def _values(body: Mapping[str, Any], metrics: Sequence[str]) -> Values:
    """Value by metric; an empty set is no value, never 0."""
    values: Values = {}
    for metric in body["data"]:
        if metric["name"] in metrics:
            told = metric["values"][:1] if "values" in metric else [metric["total_value"]]
            values.update((metric["name"], one["value"]) for one in told if one.get("value") is not None)
    return values


def object_type(media: Mapping[str, Any]) -> str:
    """The kind by which the API tells metrics apart: an album is FEED with metrics of its own."""
    if media["media_type"] == "CAROUSEL_ALBUM":
        return "CAROUSEL_ALBUM"
    return str(media["media_product_type"] or "FEED")


def media_insights(
    client: RESTClient, account_id: str, due: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Readings of due own media by their kind, and statuses of the metrics that were asked for."""
    by_type: dict[str, list[str]] = {}
    for media in due:
        by_type.setdefault(object_type(media), []).append(media["media_id"])
    for kind, media_ids in by_type.items():
        reader = MetricReader(client, kind, [name for name, kinds in settings.MEDIA_METRICS.items() if kind in kinds])
        readings = reader.read([(f"{media_id}/insights", {}) for media_id in media_ids])
        rows = [
            {"media_id": media_id, "account_id": account_id, **values}
            for media_id, values in zip(media_ids, readings, strict=True)
            if values
        ]
        yield rows, reader.statuses()


def account_windows(
    client: RESTClient, account_id: str, first: date, last: date
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Windows that end on the days from `first` to `last`, and statuses of the metrics that were asked for."""
    windows = [
        (first + timedelta(days=offset), days)
        for offset in range((last - first).days + 1)
        for days in settings.WINDOW_DAYS
    ]
    reader = MetricReader(client, ACCOUNT, settings.ACCOUNT_METRICS)
    readings = reader.read([_window_ask(account_id, end, days) for end, days in windows])
    rows = [
        {"account_id": account_id, "window_end": end.isoformat(), "window_days": days, **values}
        for (end, days), values in zip(windows, readings, strict=True)
        if values
    ]
    return rows, reader.statuses()


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
