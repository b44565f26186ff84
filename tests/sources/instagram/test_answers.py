"""Instagram's answers: each error and each wrong form in one line, limits, lists without an end, and a token's end."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pytest

from pipelines.sources.instagram.helpers import graph_client, token_expiry
from pipelines.sources.instagram.json_client import MOST_IDLE_PAGES, AnswerError
from tests.sources.far_side import FarSide, Reply
from tests.sources.instagram.graph import (
    LATER,
    OWN,
    RIVAL_PROFILE,
    SECRET,
    SOON,
    Graph,
    Loads,
    Params,
    ago,
    comment,
    error,
    refusal,
)


@pytest.mark.parametrize(
    ("reply", "line", "attempts"),
    [
        (
            error(190, "Error validating access token: Session has expired", 401, error_subcode=463),
            "401 {0}: the access token was refused: Error validating access token: Session has expired",
            1,
        ),
        (
            error(10, "(#10) Application does not have permission for this action", 403),
            "403 {0}: (#10) Application does not have permission for this action",
            1,
        ),
        (
            error(100, f"(#100) Tried accessing\n\x1b[31m nonexisting field (x) of a@b.example with {SECRET}"),
            "400 {0}: (#100) Tried accessing [31m nonexisting field (x) of *** with *** (code 100)",
            1,
        ),
        (
            error(4, "(#4) Application request limit reached", 403, is_transient=True),
            "429 {0}: too many requests: (#4) Application request limit reached",
            5,
        ),
        (error(2, "An unexpected error has occurred.", 500), "503 {0}: An unexpected error has occurred.", 5),
        (Reply({"error": "odd"}, 500), "503 {0}: no message", 5),
        (Reply({"error": {"code": "190", "message": ["x"]}}, 400), "400 {0}: ['x']", 1),
        (Reply("<html>maintenance</html>"), "200 {0}: an HTML page instead of JSON", 1),
    ],
    ids=["expired token", "permission", "bad request", "throttled", "server", "odd error", "odd code", "html"],
)
def test_an_error_is_one_line(loads: Loads, far_side: FarSide, reply: Reply, line: str, attempts: int) -> None:
    far_side.answer = lambda _: reply
    assert refusal(loads, "accounts") == line.format(f"GET /v24.0/{OWN}")
    assert len(far_side.requests) == attempts


def test_an_expired_token_inside_a_batch_stops_the_load(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(days=3))
    graph.insights = lambda _, __: error(190, "Session has expired", 401)
    line = "401 GET /v24.0/1/insights: the access token was refused: Session has expired"
    assert refusal(loads, "media_insights") == line


def usage(**numbers: Any) -> dict[str, str]:
    return {"X-Business-Use-Case-Usage": json.dumps({OWN: [{"type": "instagram", **numbers}]})}


def throttled(minutes: int) -> Reply:
    headers = usage(call_count=100, estimated_time_to_regain_access=minutes)
    return Reply(error(80002, "There have been too many calls to this Instagram account").content, 400, headers)


def test_waits_until_access_is_regained(graph: Graph, loads: Loads, far_side: FarSide, slept: list[float]) -> None:
    replies = [throttled(3)]
    far_side.answer = lambda request: replies.pop() if replies else graph(request)
    loads.read("accounts")
    assert slept == [180]


def test_a_wait_that_would_hold_up_the_run_ends_it(loads: Loads, far_side: FarSide, slept: list[float]) -> None:
    far_side.answer = lambda _: throttled(60)
    assert refusal(loads, "accounts") == (
        f"429 GET /v24.0/{OWN}: too many requests: There have been too many calls to this Instagram account, "
        "to be asked again in 3600 s"
    )
    assert slept == []


@pytest.mark.parametrize(
    ("headers", "pauses"),
    [
        (usage(call_count=97), [5]),
        (usage(call_count=94, total_time="many"), []),
        (usage(estimated_time_to_regain_access=2), [120]),
        (usage(estimated_time_to_regain_access=60), []),
        ({"X-Business-Use-Case-Usage": "nonsense"}, []),
        ({"X-Business-Use-Case-Usage": "[1]"}, []),
    ],
    ids=["near", "far", "used up", "used up for long", "no JSON", "another form"],
)
def test_slows_down_near_the_limit(
    graph: Graph, loads: Loads, far_side: FarSide, slept: list[float], headers: dict[str, str], pauses: list[float]
) -> None:
    far_side.answer = lambda request: Reply(graph(request).content, 200, headers if request.path.endswith(OWN) else {})
    loads.read("accounts")
    assert slept == pauses


PAGE = f"GET /v24.0/{OWN}/media"
MEDIA = {"id": "1", "timestamp": "2026-06-01T00:00:00+0000", "media_type": "IMAGE", "comments_count": 0}
WRONG_PAGES = {
    "a list": ([], "the answer is a list, not an object"),
    "a text": ('"x"', "the answer is a text, not an object"),
    "null": ("null", "the answer is null, not an object"),
    "null for a list": ({"data": None}, "data is null, not a list"),
    "no list": ({}, "data is missing"),
    "an object for a list": ({"data": {"0": MEDIA}}, "data is an object, not a list"),
    "null in a list": ({"data": [None]}, "data[0] is null, not an object"),
    "a number as id": ({"data": [{**MEDIA, "id": 1}]}, "data[0].id is a whole number, not a text"),
    "no id": ({"data": [{"timestamp": "x"}]}, "data[0].id is missing"),
    "no time": ({"data": [{"id": "1"}]}, "data[0].timestamp is missing"),
    "no count": (
        {"data": [{**MEDIA}, {"id": "2", "timestamp": "", "media_type": ""}]},
        "data[1].comments_count is missing",
    ),
    "paging as a list": ({"data": [], "paging": []}, "paging is a list, not an object"),
    "a number as cursor": (
        {"data": [], "paging": {"cursors": {"after": 5}}},
        "paging.cursors.after is a whole number, not a text",
    ),
    "a link without a cursor": (
        {"data": [MEDIA], "paging": {"next": "https://x.example"}},
        "paging.next leads on, but paging.cursors.after is missing",
    ),
}


@pytest.mark.parametrize("name", WRONG_PAGES)
def test_a_page_of_another_form_is_refused(graph: Graph, loads: Loads, name: str) -> None:
    content, fault = WRONG_PAGES[name]
    graph.before_get = lambda path, _: Reply(content) if path.endswith("/media") else None
    assert refusal(loads, "media") == f"{PAGE}: {fault}"


WRONG_PROFILES = {
    "a number as id": ({"id": 1784}, "id is a whole number, not a text"),
    "no name": ({"id": OWN}, "username is missing"),
    "no count": ({"id": OWN, "username": "aurora"}, "followers_count is missing"),
}


@pytest.mark.parametrize("name", WRONG_PROFILES)
def test_a_profile_of_another_form_is_refused(loads: Loads, far_side: FarSide, name: str) -> None:
    content, fault = WRONG_PROFILES[name]
    far_side.answer = lambda _: Reply(content)
    assert refusal(loads, "accounts") == f"GET /v24.0/{OWN}: {fault}"


WRONG_DISCOVERIES = {
    "nothing": ({"id": OWN}, "business_discovery is missing"),
    "null": ({"business_discovery": None}, "business_discovery is null, not an object"),
    "null media": (
        {"business_discovery": {**RIVAL_PROFILE, "media_count": 1, "media": None}},
        "business_discovery.media is null, not an object",
    ),
    "a number as id": (
        {"business_discovery": {**RIVAL_PROFILE, "media_count": 1, "media": {"data": [{**MEDIA, "id": 1}]}}},
        "business_discovery.media.data[0].id is a whole number, not a text",
    ),
}


@pytest.mark.parametrize("name", WRONG_DISCOVERIES)
def test_a_discovery_of_another_form_is_refused(graph: Graph, loads: Loads, name: str) -> None:
    content, fault = WRONG_DISCOVERIES[name]
    graph.before_get = lambda _, params: Reply(content) if "business_discovery" in params["fields"] else None
    assert refusal(loads, "media", competitors=["borealis"]) == f"GET /v24.0/{OWN}: {fault}"


def test_a_competitor_without_the_media_that_it_counts_is_refused(graph: Graph, loads: Loads) -> None:
    content = {"business_discovery": {**RIVAL_PROFILE, "media_count": 60}}
    graph.before_get = lambda _, params: Reply(content) if "business_discovery" in params["fields"] else None
    line = "business_discovery of borealis: media is missing, but media_count is not 0"
    assert refusal(loads, "media", competitors=["borealis"]) == line


WRONG_BATCHES = {
    "an object": ({"0": {}}, "the answer is an object, not a list"),
    "a text": (["x"], "[0] is a text, not an object"),
    "no code": ([{"body": "{}"}], "[0].code is missing"),
    "an object as body": ([{"code": 200, "body": {"data": []}}], "[0].body is an object, not a text"),
    "null for headers": ([{"code": 200, "body": "{}", "headers": {}}], "[0].headers is an object, not a list"),
}


@pytest.mark.parametrize("name", WRONG_BATCHES)
def test_a_batch_of_another_form_is_refused(graph: Graph, loads: Loads, far_side: FarSide, name: str) -> None:
    content, fault = WRONG_BATCHES[name]
    graph.add("1", ago(days=3))
    far_side.answer = lambda request: Reply(content) if request.method == "POST" else graph(request)
    assert refusal(loads, "media_insights") == f"POST /: {fault}"


WRONG_INSIGHTS = {
    "null for a list": ({"data": None}, "data is null, not a list"),
    "a list": ([], "the answer is a list, not an object"),
    "no name": ({"data": [{"values": [{"value": 1}]}]}, "data[0].name is missing"),
    "no value": ({"data": [{"name": "reach", "id": "1/insights/reach"}]}, "data[0].total_value is missing"),
    "an empty value": (
        {"data": [{"name": "reach", "id": "1/insights/reach", "values": [{}]}]},
        "data[0].values[0].value is missing",
    ),
}


@pytest.mark.parametrize("name", WRONG_INSIGHTS)
def test_insights_of_another_form_are_refused(graph: Graph, loads: Loads, name: str) -> None:
    content, fault = WRONG_INSIGHTS[name]
    graph.add("1", ago(days=3))
    graph.insights = lambda _, __: Reply(content)
    assert refusal(loads, "media_insights") == f"GET /v24.0/1/insights: {fault}"


WRONG_THREADS = {
    "null for a list": ({"data": None}, "data is null, not a list"),
    "a number as id": ({"data": [{"id": 90, "timestamp": ""}]}, "data[0].id is a whole number, not a text"),
    "a number as author": (
        {"data": [{"id": "90", "timestamp": "", "username": 5}]},
        "data[0].username is a whole number, not a text",
    ),
    "null for replies": ({"data": [comment("90", replies=None)]}, "data[0].replies is null, not an object"),
    "replies as a list": ({"data": [comment("90", replies=[])]}, "data[0].replies is a list, not an object"),
    "no time of a reply": (
        {"data": [comment("90", replies={"data": [{"id": "91"}]})]},
        "data[0].replies.data[0].timestamp is missing",
    ),
}


@pytest.mark.parametrize("name", WRONG_THREADS)
def test_a_thread_of_another_form_is_refused(graph: Graph, loads: Loads, name: str) -> None:
    content, fault = WRONG_THREADS[name]
    graph.add("1", ago(days=3), comments_count=1)
    graph.before_get = lambda path, _: Reply(content) if path.endswith("/comments") else None
    assert refusal(loads, "comments") == f"GET /v24.0/1/comments: {fault}"


def test_values_of_another_type_come_as_they_are(graph: Graph, loads: Loads) -> None:
    graph.add("1", "a while ago", like_count="many", comments_count=None)
    assert [(row["posted_at"], row["like_count"], row["comments_count"]) for row in loads.read("media")] == [
        ("a while ago", "many", None)
    ]


def test_a_listing_without_an_end_is_an_error(graph: Graph, loads: Loads) -> None:
    def page(cursor: str, *items: dict[str, Any]) -> Reply:
        return Reply({"data": items, "paging": {"cursors": {"after": cursor}, "next": "https://elsewhere.example/"}})

    graph.before_get = lambda path, _: page("x") if path.endswith("/media") else None
    assert refusal(loads, "media") == f"{PAGE}: {MOST_IDLE_PAGES} pages in a row brought nothing new"
    graph.before_get = lambda path, _: page("x", MEDIA) if path.endswith("/media") else None
    assert refusal(loads, "media") == f"{PAGE}: the same cursor came twice, so the list has no end"
    cursors = iter(map(str, range(1_000)))
    graph.before_get = lambda path, _: page(next(cursors)) if path.endswith("/media") else None
    assert refusal(loads, "media") == f"{PAGE}: {MOST_IDLE_PAGES} pages in a row brought nothing new"


def test_a_competitors_listing_without_an_end_is_an_error(graph: Graph, loads: Loads) -> None:
    media = {"data": [MEDIA], "paging": {"cursors": {"after": "x"}}}
    content = {"business_discovery": {**RIVAL_PROFILE, "media_count": 1, "media": media}}
    graph.before_get = lambda _, params: Reply(content) if "business_discovery" in params["fields"] else None
    line = f"GET /v24.0/{OWN}: the same cursor came twice, so the list has no end"
    assert refusal(loads, "media", competitors=["borealis"]) == line


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"api_version": "v21.0"}, "unknown api_version 'v21.0': use one of v22.0, v23.0, v24.0, v25.0, v26.0"),
        ({"account_id": "me/media?x"}, "account_id must be the number of an Instagram professional account"),
        (
            {"competitors": ["b){id}"]},
            "'b){id}' is no Instagram handle: letters, digits, dots and underscores",
        ),
    ],
)
def test_settings_that_the_api_would_misunderstand_are_refused(
    loads: Loads, options: dict[str, Any], line: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(line)):
        loads.source(**options)


@pytest.mark.parametrize(
    ("reply", "expiry"),
    [
        (Reply({"data": {"expires_at": int(SOON.timestamp()), "data_access_expires_at": 1798761600}}), SOON),
        (Reply({"data": {"expires_at": 0, "data_access_expires_at": int(LATER.timestamp())}}), LATER),
        (Reply({"data": {"expires_at": 0, "data_access_expires_at": 10**18}}), None),
        (Reply({"data": {}}), None),
        (error(100, "(#100) You must provide an app access token, or a user access token of an owner", 400), None),
        (error(200, "(#200) Provide valid app ID", 403), None),
    ],
    ids=["token", "access to data", "never", "untold", "not an owner", "no permission"],
)
def test_the_day_on_which_a_token_ends(graph: Graph, loads: Loads, reply: Reply, expiry: datetime | None) -> None:
    def tell(path: str, params: Params) -> Reply:
        assert (path, params) == ("/v24.0/debug_token", {"input_token": SECRET})
        return reply

    graph.before_get = tell
    assert token_expiry(graph_client(loads.url, SECRET, "v24.0")) == expiry


def test_a_refused_token_has_no_day(graph: Graph, loads: Loads) -> None:
    graph.before_get = lambda _, __: error(190, "Session has expired", 401)
    with pytest.raises(AnswerError, match=r"^401 GET /v24.0/debug_token: the access token was refused: Session has"):
        token_expiry(graph_client(loads.url, SECRET, "v24.0"))
