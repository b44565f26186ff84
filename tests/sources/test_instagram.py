"""Instagram: what is due, what a retired metric costs, what leaves the source, and what each error says."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import pipelines.sources.instagram as instagram
from pipelines.brands import SourceConfig
from pipelines.errors import ConfigError, PipelineError, TerminalError, TransientError
from pipelines.http import ATTEMPTS, Answer
from pipelines.sources.instagram import settings
from pipelines.sources.instagram.client import GraphDialect
from pipelines.sources.instagram.media import is_due, is_surging
from tests.sources.far_side import FarSide, Reply, Request
from tests.sources.memory_landing import SECRET, MemoryLanding, token

NOW = datetime(2026, 6, 30, 22, tzinfo=UTC)
OWN, RIVAL = "1784", "1785"
Params = dict[str, str]


def ago(**age: float) -> str:
    return (NOW - timedelta(**age)).strftime("%Y-%m-%dT%H:%M:%S+0000")


def error(code: int, message: str = "no", status: int = 400, **more: Any) -> Reply:
    body = {"error": {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1", **more}}
    return Reply(body, status)


class Graph:
    """The Graph API over a handful of media, with switches for what goes wrong."""

    def __init__(self) -> None:
        self.media: list[dict[str, Any]] = []
        self.rival_media: list[dict[str, Any]] = []
        self.comments: dict[str, list[dict[str, Any]]] = {}
        self.insights: Callable[[str, list[str]], Reply] = self.values
        self.page_size = 100
        self.empty_pages: set[int] = set()
        self.gets: list[str] = []

    def add(self, media_id: str, posted_at: str, **more: Any) -> dict[str, Any]:
        media = {
            "id": media_id,
            "caption": f"post {media_id}",
            "media_type": "IMAGE",
            "media_product_type": "FEED",
            "permalink": f"https://instagram.example/{media_id}",
            "timestamp": posted_at,
            "like_count": 100,
            "comments_count": 0,
            "owner": {"id": OWN},
            **more,
        }
        self.media.append(media)
        return media

    def __call__(self, request: Request) -> Reply:
        assert SECRET not in request.query
        if request.method == "POST":
            form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
            assert form["access_token"] == SECRET
            calls = json.loads(form["batch"])
            assert len(calls) <= 50
            return Reply([self._item(call["relative_url"]) for call in calls])
        assert request.headers["authorization"] == f"Bearer {SECRET}"
        return self.get(request.path, {name: values[0] for name, values in parse_qs(request.query).items()})

    def _item(self, relative_url: str) -> dict[str, Any]:
        parts = urlsplit("/" + relative_url)
        reply = self.get(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})
        return {"code": reply.status, "body": json.dumps(reply.content)}

    def get(self, path: str, params: Params) -> Reply:
        self.gets.append(path)
        version, node, *edge = path.strip("/").split("/")
        assert version == settings.API_VERSION
        match edge:
            case ["insights"]:
                return self.insights(node, params["metric"].split(","))
            case ["media"]:
                return self._page(self.media, params)
            case ["comments"]:
                return Reply({"data": self.comments.get(node, [])})
        if "business_discovery" in params["fields"]:
            return self._discovery(params["fields"])
        profile = {"id": OWN, "username": "aurora", "name": "Aurora", "followers_count": 10, "biography": "hello"}
        return Reply({**profile, "follows_count": 2, "media_count": len(self.media)})

    def _page(self, rows: list[dict[str, Any]], params: Params) -> Reply:
        start = int(params.get("after", 0))
        page = {"data": [] if start in self.empty_pages else rows[start : start + self.page_size]}
        stop = start + (0 if start in self.empty_pages else self.page_size)
        self.empty_pages.discard(start)
        if stop < len(rows):
            cursors = {"before": str(start), "after": str(stop)}
            page["paging"] = {"cursors": cursors, "next": "https://elsewhere.example/"}  # type: ignore[assignment]
        return Reply(page)

    def _discovery(self, fields: str) -> Reply:
        start = int(fields.partition(".after(")[2].partition(")")[0] or 0)
        stop = start + self.page_size
        paging = {"cursors": {"after": str(stop)} if stop < len(self.rival_media) else {"before": "0"}}
        media = {"data": self.rival_media[start:stop], "paging": paging}
        rival = {"id": RIVAL, "username": "borealis", "name": "Borealis", "followers_count": 7}
        return Reply({"id": OWN, "business_discovery": {**rival, "media_count": len(self.rival_media), "media": media}})

    @staticmethod
    def values(node: str, metrics: list[str]) -> Reply:
        if node == OWN:
            return Reply({"data": [{"name": m, "period": "day", "total_value": {"value": 5}} for m in metrics]})
        return Reply({"data": [{"name": m, "period": "lifetime", "values": [{"value": 7}]} for m in metrics]})


@pytest.fixture
def graph(far_side: FarSide) -> Graph:
    graph = Graph()
    far_side.answer = graph
    return graph


@pytest.fixture
def landing(far_side: FarSide, slept: list[float]) -> MemoryLanding:
    config = SourceConfig(
        kind="instagram",
        brand="aurora",
        base_url=far_side.url,
        account_id=OWN,
        competitors={"borealis": "borealis"},
    )
    return MemoryLanding(instagram, "aurora_instagram", config, slept.append)


@pytest.mark.parametrize(
    ("age", "read", "due"),
    [
        (timedelta(minutes=30), None, False),
        (timedelta(hours=1), None, True),
        (timedelta(hours=5), timedelta(hours=1), False),
        (timedelta(hours=7), timedelta(hours=5), True),
        (timedelta(hours=30), timedelta(hours=24), False),
        (timedelta(days=20), timedelta(days=13), True),
        (timedelta(days=27), timedelta(days=14), False),
        (timedelta(days=119), timedelta(days=91), False),
        (timedelta(days=121), timedelta(days=119), True),
        (timedelta(days=500), timedelta(days=481), False),
    ],
)
def test_a_post_is_due_when_it_has_passed_an_age_unread(age: timedelta, read: timedelta | None, due: bool) -> None:
    posted = NOW - age
    assert is_due(posted, None if read is None else posted + read, NOW) is due


@pytest.mark.parametrize(
    ("was", "now", "surging"), [(100, 109, False), (100, 110, True), (5, 9, False), (100, 80, True), (None, 50, False)]
)
def test_a_count_that_moves_far_makes_a_post_due(was: int | None, now: int, surging: bool) -> None:
    known = {"like_count": was, "comments_count": 0}
    assert is_surging({"like_count": now, "comments_count": 0}, known) is surging


def test_a_second_run_with_nothing_due_yields_nothing(graph: Graph, landing: MemoryLanding) -> None:
    graph.add("1", ago(days=3), comments_count=1)
    graph.comments["1"] = [{"id": "9", "text": "hi", "username": "fan", "timestamp": ago(days=2), "like_count": 0}]
    first = landing.read(NOW)
    assert {"accounts", "media", "media_insights", "comments", "account_insights"} <= set(first)
    assert landing.read(NOW) == {}


def test_only_due_posts_are_asked_for_insights(graph: Graph, landing: MemoryLanding) -> None:
    graph.add("old", ago(days=20))
    graph.add("new", ago(hours=2))
    landing.read(NOW)
    later = NOW + timedelta(hours=5)
    records = landing.read(later, "media", "media_insights")
    assert [record["media_id"] for record in records["media"]] == ["new"]
    assert [record["media_id"] for record in records["media_insights"]] == ["new"]


def test_readings_that_came_as_files_count(graph: Graph, landing: MemoryLanding) -> None:
    graph.add("1", ago(days=20))
    read_at = NOW - timedelta(days=5)
    landing.con.execute(
        "insert into landing.file_drop__post_readings (network, account_id, post_id, observed_at) "
        "values ('instagram', ?, '1', ?)",
        [OWN, read_at],
    )
    records = landing.read(NOW, "media", "media_insights")
    assert "media_insights" not in records
    assert [record["media_id"] for record in records["media"]] == ["1"], "its attributes were never landed"


def test_a_media_whose_attributes_changed_is_landed_out_of_turn(graph: Graph, landing: MemoryLanding) -> None:
    media = graph.add("1", ago(days=20))
    landing.read(NOW)
    media["caption"] = "rewritten"
    records = landing.read(NOW + timedelta(hours=1))
    assert [(record["media_id"], record["caption"]) for record in records["media"]] == [("1", "rewritten")]
    assert "media_insights" not in records


def test_hidden_likes_are_unknown_not_zero(graph: Graph, landing: MemoryLanding) -> None:
    del graph.add("1", ago(days=3))["like_count"]
    assert landing.read(NOW)["media"][0]["like_count"] is None


def test_an_empty_page_with_a_next_link_is_not_the_end(graph: Graph, landing: MemoryLanding) -> None:
    for number in range(5):
        graph.add(str(number), ago(days=3 + number))
    graph.page_size, graph.empty_pages = 2, {2}
    assert len(landing.read(NOW, "media")["media"]) == 5


def test_a_page_that_is_too_much_is_halved(graph: Graph, landing: MemoryLanding, far_side: FarSide) -> None:
    graph.add("1", ago(days=3))
    limits: list[str] = []

    def answer(request: Request) -> Reply:
        limit = parse_qs(request.query).get("limit", ["0"])[0]
        limits.append(limit)
        return error(1, "Please reduce the amount of data you're asking for") if int(limit) > 30 else graph(request)

    far_side.answer = answer
    assert len(landing.read(NOW, "media")["media"]) == 1
    assert limits[:3] == ["100", "50", "25"]


def test_a_media_that_the_listing_no_longer_has_is_deleted_once(graph: Graph, landing: MemoryLanding) -> None:
    for number in range(3):
        graph.add(str(number), ago(days=40 + number))
    landing.read(NOW)
    gone = graph.media.pop(0)
    (record,) = landing.read(NOW + timedelta(hours=1))["media"]
    assert (record["media_id"], record["is_deleted"], record["like_count"]) == (gone["id"], True, None)
    assert record["caption"] == gone["caption"]
    assert landing.read(NOW + timedelta(hours=1)) == {}


def test_a_short_listing_deletes_nothing(graph: Graph, landing: MemoryLanding, far_side: FarSide) -> None:
    for number in range(3):
        graph.add(str(number), ago(days=40))
    landing.read(NOW)

    def answer(request: Request) -> Reply:
        return Reply({"data": []}) if request.path.endswith("/media") else graph(request)

    far_side.answer = answer
    assert "media" not in landing.read(NOW + timedelta(hours=1), "media")


def test_competitors_come_page_by_page_without_a_next_link(graph: Graph, landing: MemoryLanding) -> None:
    graph.rival_media = [{"id": f"r{n}", "timestamp": ago(days=n), "comments_count": 1} for n in range(1, 6)]
    graph.page_size = 2
    records = landing.read(NOW, "competitor_borealis")
    assert [record["media_id"] for record in records["media"]] == ["r1", "r2", "r3", "r4", "r5"]
    assert {record["is_own"] for record in records["media"]} == {False}
    assert records["accounts"][0]["follows_count"] is None


def _without(*retired: str) -> Callable[[str, list[str]], Reply]:
    def answer(node: str, metrics: list[str]) -> Reply:
        if set(metrics) & set(retired):
            return error(100, "(#100) The value must be a valid insights metric")
        return Graph.values(node, metrics)

    return answer


def test_a_retired_metric_costs_nothing_but_itself(graph: Graph, landing: MemoryLanding) -> None:
    for number in range(60):
        graph.add(str(number), ago(days=3))
    graph.insights = _without("reach", "saved")
    records = landing.read(NOW, "media", "media_insights")
    assert len(records["media_insights"]) == 60
    assert all("reach" not in record and record["views"] == 7 for record in records["media_insights"])
    status = {record["metric"]: record["status"] for record in records["metric_status"]}
    assert {metric for metric, state in status.items() if state == "retired"} == {"reach", "saved"}
    assert status["views"] == "available"


def test_a_metric_that_is_back_is_available_again(graph: Graph, landing: MemoryLanding) -> None:
    graph.add("1", ago(hours=2))
    graph.insights = _without("reach")
    landing.read(NOW, "media", "media_insights")
    graph.insights = Graph.values
    records = landing.read(NOW + timedelta(hours=5), "media", "media_insights")
    assert [(r["metric"], r["status"]) for r in records["metric_status"]] == [("reach", "available")]


def test_metrics_that_only_fail_together_are_read_apart(graph: Graph, landing: MemoryLanding) -> None:
    def answer(node: str, metrics: list[str]) -> Reply:
        if {"views", "follows"} <= set(metrics):
            return error(100, "(#100) Incompatible metrics (follows)")
        return Graph.values(node, metrics)

    for number in range(3):
        graph.add(str(number), ago(days=3))
    graph.insights = answer
    records = landing.read(NOW, "media", "media_insights")
    assert [(r["views"], r["follows"]) for r in records["media_insights"]] == [(7, 7)] * 3
    assert {record["status"] for record in records["metric_status"]} == {"available"}


@pytest.mark.parametrize(
    "refusal",
    [
        error(100, "Invalid parameter", error_subcode=2108006, error_user_msg="The media was posted before …"),
        error(10, "(#10) Not enough viewers for the media to show insights"),
        error(100, "Unsupported get request. Object with ID 'bad' does not exist", error_subcode=33),
    ],
    ids=["before business account", "not enough viewers", "gone"],
)
def test_a_media_without_insights_is_skipped(graph: Graph, landing: MemoryLanding, refusal: Reply) -> None:
    graph.add("bad", ago(days=3))
    graph.add("good", ago(days=3))
    graph.insights = lambda node, metrics: refusal if node == "bad" else Graph.values(node, metrics)
    records = landing.read(NOW, "media", "media_insights")
    assert [record["media_id"] for record in records["media_insights"]] == ["good"]


def test_an_item_of_a_batch_that_fails_in_passing_is_asked_again(
    graph: Graph, landing: MemoryLanding, slept: list[float]
) -> None:
    graph.add("1", ago(days=3))
    graph.add("2", ago(days=3))
    failing = [error(2, "An unexpected error has occurred", 500, is_transient=True)]

    def answer(node: str, metrics: list[str]) -> Reply:
        return failing.pop() if node == "2" and failing else Graph.values(node, metrics)

    graph.insights = answer
    assert len(landing.read(NOW, "media", "media_insights")["media_insights"]) == 2
    assert slept == [1]


def test_metrics_are_asked_by_kind_of_media(graph: Graph, landing: MemoryLanding) -> None:
    asked: dict[str, list[str]] = {}

    def answer(node: str, metrics: list[str]) -> Reply:
        asked[node] = metrics
        return Graph.values(node, metrics)

    graph.add("feed", ago(days=3))
    graph.add("reel", ago(days=3), media_type="VIDEO", media_product_type="REELS")
    graph.insights = answer
    landing.read(NOW, "media", "media_insights")
    assert "ig_reels_avg_watch_time" in asked["reel"]
    assert "follows" not in asked["reel"]
    assert "ig_reels_avg_watch_time" not in asked["feed"]


def test_account_windows_are_back_filled_and_then_only_their_tail_is_read(graph: Graph, landing: MemoryLanding) -> None:
    records = landing.read(NOW, "account_insights")["account_insights"]
    assert len(records) == settings.ACCOUNT_BACKFILL_DAYS * 3
    assert {record["window_end"] for record in records} >= {"2026-06-29"}
    graph.gets.clear()
    assert landing.read(NOW, "account_insights") == {}
    assert len(graph.gets) == 2 * 3, "29 and 28 June may still be restated"


def test_a_restated_window_is_landed_again(graph: Graph, landing: MemoryLanding) -> None:
    landing.read(NOW, "account_insights")
    graph.insights = lambda _, metrics: Reply({"data": [{"name": m, "total_value": {"value": 6}} for m in metrics]})
    records = landing.read(NOW + timedelta(hours=1), "account_insights")["account_insights"]
    assert {record["window_end"] for record in records} == {"2026-06-28", "2026-06-29"}


def test_an_empty_insight_is_unknown_not_zero(graph: Graph, landing: MemoryLanding) -> None:
    graph.insights = lambda _, __: Reply({"data": []})
    graph.add("1", ago(days=3))
    records = landing.read(NOW, "media", "media_insights", "account_insights")
    assert "media_insights" not in records
    assert "account_insights" not in records


def test_comments_and_replies_leave_with_tokens_only(graph: Graph, landing: MemoryLanding) -> None:
    reply = {"id": "91", "text": "thanks", "username": "Aurora", "timestamp": ago(hours=1), "like_count": 0}
    comment = {"id": "90", "text": "nice", "username": "fan_1", "timestamp": ago(hours=2), "like_count": 1}
    graph.add("1", ago(days=3), comments_count=2)
    graph.comments["1"] = [{**comment, "from": {"id": "5", "username": "fan_1"}, "replies": {"data": [reply]}}]
    records = landing.read(NOW)["comments"]
    by_id = {record["comment_id"]: record for record in records}
    assert by_id["90"]["author_handle_token"] == token("handle", "fan_1")
    assert (by_id["91"]["parent_comment_id"], by_id["91"]["is_from_brand"]) == ("90", True)
    assert by_id["91"]["author_handle_token"] is None
    assert "fan_1" not in json.dumps(records)


def test_a_new_comment_on_a_recent_media_is_read_between_two_due_readings(graph: Graph, landing: MemoryLanding) -> None:
    media = graph.add("1", ago(days=20), comments_count=1)
    graph.comments["1"] = [{"id": "90", "text": "nice", "username": "a", "timestamp": ago(days=19), "like_count": 1}]
    landing.read(NOW)
    media["comments_count"] = 2
    graph.comments["1"].append({"id": "92", "text": "new", "username": "b", "timestamp": ago(hours=0), "like_count": 0})
    records = landing.read(NOW + timedelta(hours=1), "media", "comments")
    assert [record["comment_id"] for record in records["comments"]] == ["92"]
    assert "media" not in records


@pytest.mark.parametrize(
    ("reply", "kind", "line"),
    [
        (
            error(190, "Error validating access token: Session has expired", 401, error_subcode=463),
            TerminalError,
            (
                f"aurora_instagram GET /v24.0/{OWN}: the access token was refused: Error validating access token: "
                "Session has expired; set a new VOXHOUSE_AURORA_INSTAGRAM_ACCESS_TOKEN"
            ),
        ),
        (
            error(10, "(#10) Application does not have permission for this action", 403),
            TerminalError,
            (
                f"aurora_instagram GET /v24.0/{OWN}: (#10) Application does not have permission for this action; "
                "grant the token instagram_basic and instagram_manage_insights"
            ),
        ),
        (
            error(100, "(#100) Tried accessing nonexisting field (x)"),
            TerminalError,
            (
                f"aurora_instagram GET /v24.0/{OWN}: (#100) Tried accessing nonexisting field (x) (code 100); "
                "check account_id, competitors and api_version in brands.yml"
            ),
        ),
        (
            error(4, "(#4) Application request limit reached", 403, is_transient=True),
            TransientError,
            f"aurora_instagram GET /v24.0/{OWN}: too many requests ({ATTEMPTS} attempts); run again later",
        ),
        (
            error(2, "An unexpected error has occurred.", 500),
            TransientError,
            (
                f"aurora_instagram GET /v24.0/{OWN}: An unexpected error has occurred. ({ATTEMPTS} attempts); "
                "run again later"
            ),
        ),
    ],
    ids=["expired token", "permission", "bad request", "throttled", "server"],
)
def test_an_error_is_one_line(
    landing: MemoryLanding, far_side: FarSide, reply: Reply, kind: type[PipelineError], line: str
) -> None:
    far_side.answer = lambda _: reply
    with pytest.raises(kind) as caught:
        landing.read(NOW, "account")
    assert str(caught.value) == line
    assert len(far_side.requests) == (ATTEMPTS if kind is TransientError else 1)


def test_an_expired_token_inside_a_batch_stops_the_load(graph: Graph, landing: MemoryLanding) -> None:
    graph.add("1", ago(days=3))
    graph.insights = lambda _, __: error(190, "Session has expired", 401)
    with pytest.raises(TerminalError, match=r"GET 1/insights: the access token was refused"):
        landing.read(NOW, "media", "media_insights")


def test_waits_until_access_is_regained(
    graph: Graph, landing: MemoryLanding, far_side: FarSide, slept: list[float]
) -> None:
    usage = json.dumps({OWN: [{"type": "instagram", "call_count": 100, "estimated_time_to_regain_access": 3}]})
    throttled = error(80002, "There have been too many calls to this Instagram account", 400)
    replies = [Reply(throttled.content, 400, {"X-Business-Use-Case-Usage": usage})]
    far_side.answer = lambda request: replies.pop() if replies else graph(request)
    landing.read(NOW, "account")
    assert slept == [180]


def test_slows_down_near_the_limit() -> None:
    usage = json.dumps({OWN: [{"type": "instagram", "call_count": 97, "total_cputime": 3, "total_time": 1}]})
    answer = Answer(200, {"X-Business-Use-Case-Usage": usage}, {})
    assert GraphDialect("aurora_instagram").pause_seconds(answer) == 5
    assert GraphDialect("aurora_instagram").pause_seconds(Answer(200, {}, {})) == 0


def test_an_unknown_competitor_is_named(graph: Graph, landing: MemoryLanding, far_side: FarSide) -> None:
    message = "The user with username: borealis cannot be found."
    far_side.answer = lambda _: error(110, "Invalid user id", error_subcode=2207013, error_user_msg=message)
    with pytest.raises(TerminalError, match=r"borealis cannot be found. \(code 110\); check account_id, competitors"):
        landing.read(NOW, "competitor_borealis")


def test_a_source_without_an_account_says_so(far_side: FarSide) -> None:
    config = SourceConfig(kind="instagram", brand="aurora", base_url=far_side.url)
    with pytest.raises(ConfigError, match=r"source aurora_instagram in brands.yml: no account_id; add"):
        MemoryLanding(instagram, "aurora_instagram", config, lambda _: None).read(NOW)


def test_a_media_listed_twice_lands_once(graph: Graph, landing: MemoryLanding) -> None:
    graph.add("1", ago(days=3))
    graph.add("1", ago(days=3), like_count=101)
    assert len(landing.read(NOW, "media")["media"]) == 1


def test_a_listing_of_empty_pages_without_an_end_is_named(
    landing: MemoryLanding, graph: Graph, far_side: FarSide
) -> None:
    page = {"data": [], "paging": {"cursors": {"after": "x"}, "next": "https://elsewhere.example/"}}
    far_side.answer = lambda request: Reply(page) if request.path.endswith("/media") else graph(request)
    with pytest.raises(TransientError, match="gives empty pages without an end; run again later"):
        landing.read(NOW, "media")
