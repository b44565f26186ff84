"""Instagram's metrics: what a retired or withheld one costs, batches that fail in part, windows that are restated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from pipelines.sources.instagram import settings
from tests.sources.far_side import FarSide, Reply
from tests.sources.instagram.graph import (
    NOW,
    Graph,
    Loads,
    ago,
    error,
    gone,
    refusal,
    values,
)


def _without(*retired: str) -> Callable[[str, list[str]], Reply]:
    def answer(node: str, metrics: list[str]) -> Reply:
        if set(metrics) & set(retired):
            return error(100, "(#100) The value must be a valid insights metric")
        return values(node, metrics)

    return answer


def test_a_retired_metric_costs_nothing_but_itself(graph: Graph, loads: Loads) -> None:
    for number in range(60):
        graph.add(str(number), ago(days=3))
    graph.insights = _without("reach", "saved")
    landed = loads.run("media_insights", "metric_status")
    assert [(row["reach"], row["saved"], row["views"]) for row in landed["media_insights"]] == [(None, None, 7)] * 60
    reason = "(#100) The value must be a valid insights metric"
    assert {row["metric"]: (row["status"], row["reason"]) for row in landed["metric_status"]} == {
        name: ("retired", reason) if name in ("reach", "saved") else ("available", None)
        for name, kinds in settings.MEDIA_METRICS.items()
        if "FEED" in kinds
    }


def test_a_metric_that_is_back_is_available_again(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(hours=2))
    graph.insights = _without("reach")
    loads.run("media", "media_insights", "metric_status")
    graph.insights = values
    loads.run("media", "media_insights", "metric_status", now=NOW + timedelta(hours=5))
    assert loads.rows("metric_status", "metric = 'reach'") == [
        {"object_type": "FEED", "metric": "reach", "status": "available", "reason": None}
    ]


def test_a_metric_is_withheld_when_no_object_of_many_has_it(graph: Graph, loads: Loads) -> None:
    for number in range(settings.WITHHELD_FROM_OBJECTS):
        graph.add(str(number), ago(days=3))
    graph.insights = lambda node, metrics: values(node, [name for name in metrics if name != "follows"])
    withheld = [row["metric"] for row in loads.read("metric_status") if row["status"] == "withheld"]
    assert withheld == ["follows"]
    graph.media.pop()
    assert [row["metric"] for row in loads.read("metric_status") if row["status"] == "withheld"] == []


def test_metrics_that_only_fail_together_are_read_apart(graph: Graph, loads: Loads) -> None:
    def answer(node: str, metrics: list[str]) -> Reply:
        if {"views", "follows"} <= set(metrics):
            return error(100, "(#100) Incompatible metrics (follows)")
        return values(node, metrics)

    for number in range(3):
        graph.add(str(number), ago(days=3))
    graph.insights = answer
    assert [(row["views"], row["follows"]) for row in loads.read("media_insights")] == [(7, 7)] * 3
    assert {row["status"] for row in loads.read("metric_status")} == {"available"}


@pytest.mark.parametrize(
    "answer",
    [
        error(100, "Invalid parameter", error_subcode=2108006, error_user_msg="The media was posted before …"),
        error(10, "(#10) Not enough viewers for the media to show insights"),
        gone("2"),
    ],
    ids=["before business account", "not enough viewers", "gone"],
)
def test_a_media_without_insights_is_skipped(graph: Graph, loads: Loads, answer: Reply) -> None:
    graph.add("1", ago(days=3))
    graph.add("2", ago(days=3))
    graph.insights = lambda node, metrics: answer if node == "2" else values(node, metrics)
    assert [row["media_id"] for row in loads.read("media_insights")] == ["1"]


@pytest.mark.parametrize(
    "passing",
    [
        error(2, "An unexpected error has occurred", 500, is_transient=True),
        Reply(None),
        Reply("<html>", 200),
        Reply("[" * 100_000, 200),
        error(4, "Application request limit reached", 403),
    ],
    ids=["server", "null", "no JSON", "brackets", "throttled"],
)
def test_an_item_of_a_batch_that_fails_in_passing_is_asked_again(
    graph: Graph, loads: Loads, slept: list[float], passing: Reply
) -> None:
    graph.add("1", ago(days=3))
    graph.add("2", ago(days=3))
    failing = [passing, passing]
    graph.insights = lambda node, metrics: failing.pop() if node == "2" and failing else values(node, metrics)
    assert [row["media_id"] for row in loads.read("media_insights")] == ["1", "2"]
    assert slept == [1, 1]


@pytest.mark.parametrize(
    ("passing", "line"),
    [
        (Reply(None), "503 GET /v24.0/1/insights: a request of the batch timed out"),
        (Reply("<html>"), "502 GET /v24.0/1/insights: the answer is not JSON"),
    ],
    ids=["null", "no JSON"],
)
def test_an_item_of_a_batch_that_fails_always_is_an_error(
    graph: Graph, loads: Loads, slept: list[float], passing: Reply, line: str
) -> None:
    graph.add("1", ago(days=3))
    graph.insights = lambda _, __: passing
    assert refusal(loads, "media_insights") == line
    assert slept == [1, 2, 4, 8]


def test_a_batch_that_comes_one_short_is_an_error(graph: Graph, loads: Loads, far_side: FarSide) -> None:
    graph.add("1", ago(days=3))
    graph.add("2", ago(days=3))
    far_side.answer = lambda request: Reply(graph(request).content[:-1]) if request.method == "POST" else graph(request)
    assert refusal(loads, "media_insights") == "POST / (batch): 1 answers to 2 requests"


def test_metrics_are_asked_by_kind_of_media(graph: Graph, loads: Loads) -> None:
    asked: dict[str, set[str]] = {}

    def answer(node: str, metrics: list[str]) -> Reply:
        asked[node] = set(metrics)
        return values(node, metrics)

    graph.add("1", ago(days=3))
    graph.add("2", ago(days=3), media_type="VIDEO", media_product_type="REELS")
    graph.add("3", ago(days=3), media_type="CAROUSEL_ALBUM")
    graph.insights = answer
    loads.read("media_insights")
    assert asked == {
        node: {name for name, kinds in settings.MEDIA_METRICS.items() if kind in kinds}
        for node, kind in {"1": "FEED", "2": "REELS", "3": "CAROUSEL_ALBUM"}.items()
    }


def test_account_windows_are_back_filled_and_then_only_their_tail_is_read(graph: Graph, loads: Loads) -> None:
    now = datetime(2026, 6, 30, 22, tzinfo=UTC)
    rows = loads.run("account_insights", now=now)["account_insights"]
    days = [date(2026, 4, 1) + timedelta(days=offset) for offset in range(90)]
    assert [(row["window_end"], row["window_days"]) for row in rows] == [(end, n) for end in days for n in (1, 7, 28)]
    graph.insights = lambda node, metrics: Reply(
        {"data": [{"name": m, "id": f"{node}/insights/{m}/day", "total_value": {"value": 6}} for m in metrics]}
    )
    rows = loads.run("account_insights", now=now + timedelta(hours=1))["account_insights"]
    assert [(row["window_end"].day, row["reach"]) for row in rows if row["window_days"] == 7] == [(28, 6), (29, 6)]
    assert len(loads.rows("account_insights")) == 90 * 3, "a window is one row, however often it is restated"
    rows = loads.run("account_insights", now=now + timedelta(days=3))["account_insights"]
    ends = [row["window_end"] for row in rows if row["window_days"] == 1]
    assert ends == [date(2026, 6, day) for day in (28, 29, 30)] + [date(2026, 7, day) for day in (1, 2)]


def test_account_windows_are_read_again_since_a_day(graph: Graph, loads: Loads) -> None:
    now = datetime(2026, 6, 30, 22, tzinfo=UTC)
    loads.run("account_insights", now=now)
    rows = loads.run("account_insights", now=now, start_date="2026-06-20")["account_insights"]
    assert sorted({row["window_end"] for row in rows}) == [date(2026, 6, day) for day in range(20, 30)]


def test_an_empty_insight_is_unknown_not_zero(graph: Graph, loads: Loads) -> None:
    graph.insights = lambda _, __: Reply({"data": []})
    graph.add("1", ago(days=3))
    assert loads.read("media_insights") == []
    assert loads.run("account_insights") == {}
