"""Instagram by plain dlt: accounts, media and competitors; what is due, changed, renamed or gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.sources.instagram import settings
from pipelines.sources.instagram.media import is_due, is_surging
from tests.sources.far_side import Reply
from tests.sources.instagram.graph import (
    NOW,
    OWN,
    RIVAL,
    RIVAL_PROFILE,
    Graph,
    Loads,
    Params,
    Rows,
    ago,
    comment,
    compete,
    error,
    refusal,
)


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


def test_a_second_run_with_nothing_due_and_nothing_new_loads_nothing(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(days=3))
    graph.talk("1", comment("90"))
    tables = ("accounts", "media", "media_insights", "metric_status", "comments")
    first = loads.run(*tables)
    assert {table: len(rows) for table, rows in first.items()} == {
        "accounts": 1,
        "media": 1,
        "media_insights": 1,
        "metric_status": 9,
        "comments": 1,
    }
    graph.gets.clear()
    assert loads.run(*tables) == {}
    assert graph.gets == [OWN, f"{OWN}/media"]


def test_what_lands_of_a_post(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(days=3), media_type="VIDEO", media_product_type="REELS")
    landed = loads.run("accounts", "media", "media_insights")
    assert landed["accounts"] == [
        {
            "account_id": OWN,
            "username": "aurora",
            "account_name": "Aurora",
            "is_own": True,
            "followers_count": 10,
            "follows_count": 2,
            "media_count": 1,
        }
    ]
    assert landed["media"] == [
        {
            "media_id": "1",
            "account_id": OWN,
            "is_own": True,
            "caption": "post 1",
            "media_type": "VIDEO",
            "media_product_type": "REELS",
            "permalink": "https://instagram.example/1",
            "posted_at": NOW - timedelta(days=3),
            "like_count": 100,
            "comments_count": 0,
            "is_deleted": False,
        }
    ]
    of_reels = {name for name, kinds in settings.MEDIA_METRICS.items() if "REELS" in kinds}
    assert landed["media_insights"] == [
        {
            "media_id": "1",
            "account_id": OWN,
            **{name: 7 if name in of_reels else None for name in settings.MEDIA_METRICS},
        }
    ]


def test_only_due_posts_are_asked_for_insights(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(days=20))
    graph.add("2", ago(hours=2))
    loads.run("media", "media_insights")
    landed = loads.run("media", "media_insights", now=NOW + timedelta(hours=5))
    assert {table: [row["media_id"] for row in rows] for table, rows in landed.items()} == {
        "media": ["2"],
        "media_insights": ["2"],
    }


def test_readings_that_came_another_way_count(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(days=20))
    known = {"last_readings": lambda: {"1": NOW - timedelta(days=5)}}
    assert loads.read("media_insights", **known) == []
    assert [row["media_id"] for row in loads.read("media", **known)] == ["1"], "its attributes were never landed"


def test_a_media_whose_attributes_changed_lands_out_of_turn(graph: Graph, loads: Loads) -> None:
    media = graph.add("1", ago(days=20))
    loads.run("media", "media_insights")
    media["caption"] = "rewritten"
    landed = loads.run("media", "media_insights", now=NOW + timedelta(hours=1))
    assert {table: [row.get("caption") for row in rows] for table, rows in landed.items()} == {"media": ["rewritten"]}


def test_hidden_likes_are_unknown_not_zero(graph: Graph, loads: Loads) -> None:
    del graph.add("1", ago(days=3))["like_count"]
    assert [row["like_count"] for row in loads.read("media")] == [None]


def test_a_post_dated_in_the_future_lands_and_moves_nothing(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(days=-400))
    graph.add("2", ago(hours=2))
    assert [row["media_id"] for row in loads.run("media", "media_insights")["media_insights"]] == ["2"]
    landed = loads.run("media", "media_insights", now=NOW + timedelta(hours=5))
    assert [row["media_id"] for row in landed["media"]] == ["2"]


def test_media_posted_since_a_day_are_read_again(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(days=9))
    graph.add("2", ago(days=3))
    graph.talk("2", comment("90"))
    tables = ("media", "media_insights", "comments")
    loads.run(*tables)
    landed = loads.run(*tables, start_date=(NOW - timedelta(days=5)).date().isoformat())
    keys = {"media": "media_id", "media_insights": "media_id", "comments": "comment_id"}
    assert {table: [row[keys[table]] for row in rows] for table, rows in landed.items()} == {
        "media": ["2"],
        "media_insights": ["2"],
        "comments": ["90"],
    }


def test_an_account_is_read_once_a_day_and_when_it_is_renamed(graph: Graph, loads: Loads) -> None:
    def landed(read_at: datetime) -> Callable[[], Rows]:
        return lambda: [{"account_id": OWN, "username": "aurora", "account_name": "Aurora", "read_at": read_at}]

    now = datetime(2026, 6, 30, 22, tzinfo=UTC)
    same_day, day_before = now - timedelta(hours=22), now - timedelta(hours=23)
    assert loads.read("accounts", now=now, landed_accounts=landed(same_day)) == []
    assert len(loads.read("accounts", now=now, landed_accounts=landed(day_before))) == 1
    graph.username = "aurora.paris"
    assert [row["username"] for row in loads.read("accounts", now=now, landed_accounts=landed(same_day))] == [
        "aurora.paris"
    ]


def test_an_empty_page_with_a_next_link_is_not_the_end(graph: Graph, loads: Loads) -> None:
    for number in range(5):
        graph.add(str(number), ago(days=3 + number))
    graph.page_size, graph.empty_pages = 2, {2}
    assert [row["media_id"] for row in loads.read("media")] == ["0", "1", "2", "3", "4"]


def test_a_media_listed_twice_lands_once(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(days=3))
    graph.add("1", ago(days=3), like_count=101)
    assert [row["like_count"] for row in loads.read("media")] == [101]


def test_a_page_that_is_too_much_is_halved_and_read_on(graph: Graph, loads: Loads) -> None:
    for number in range(3):
        graph.add(str(number), ago(days=3))
    graph.page_size = 2
    limits: list[str] = []

    def too_much(_path: str, params: Params) -> Reply | None:
        if "limit" not in params or "after" not in params:
            return None
        limits.append(params["limit"])
        return error(1, "Please reduce the amount of data you're asking for") if len(limits) < 3 else None

    graph.before_get = too_much
    assert [row["media_id"] for row in loads.read("media")] == ["0", "1", "2"]
    assert limits == ["100", "50", "25"]


def test_a_page_of_one_that_is_too_much_is_an_error(graph: Graph, loads: Loads) -> None:
    graph.before_get = lambda path, _: error(1, "Please reduce the amount of data") if path.endswith("/media") else None
    assert refusal(loads, "media") == f"400 GET /v24.0/{OWN}/media: Please reduce the amount of data"


def test_a_media_that_is_gone_lands_as_deleted_once_and_takes_its_comments_along(graph: Graph, loads: Loads) -> None:
    for number in range(3):
        graph.add(str(number), ago(days=40 + number))
    graph.talk("0", comment("90"), comment("91", "aurora"))
    loads.run("media", "comments")
    graph.media.pop(0)
    landed = loads.run("media", "comments", now=NOW + timedelta(hours=1))
    assert [(row["media_id"], row["caption"], row["posted_at"]) for row in landed["media"]] == [
        ("0", "post 0", NOW - timedelta(days=40))
    ]
    assert [(row["is_deleted"], row["like_count"], row["comments_count"]) for row in landed["media"]] == [
        (True, None, None)
    ]
    gone_rows = [
        (row["comment_id"], row["is_deleted"], row["text"], row["author_handle"]) for row in landed["comments"]
    ]
    assert gone_rows == [("90", True, None, None), ("91", True, None, None)]
    assert loads.run("media", "comments", now=NOW + timedelta(hours=1)) == {}


def test_a_media_that_is_back_is_read_again(graph: Graph, loads: Loads) -> None:
    media = graph.add("1", ago(days=40))
    loads.run("media", "media_insights")
    graph.media.clear()
    loads.run("media", "media_insights")
    graph.media.append(media)
    landed = loads.run("media", "media_insights")
    assert [(row["media_id"], row["is_deleted"]) for row in landed["media"]] == [("1", False)]
    assert [row["media_id"] for row in landed["media_insights"]] == ["1"]


def test_a_listing_that_is_cut_deletes_nothing(graph: Graph, loads: Loads) -> None:
    for number in range(10):
        graph.add(str(number), ago(days=40))
    loads.run("media")
    graph.unlisted = {"9"}
    graph.gets.clear()
    assert loads.run("media", now=NOW + timedelta(hours=1)) == {}
    assert graph.gets == [OWN, f"{OWN}/media", "9"]


def test_a_post_deleted_while_it_is_read_ends_as_deleted(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(days=3), comments_count=1)
    graph.add("2", ago(days=3))

    def vanish(path: str, _params: Params) -> None:
        if path.endswith(("/insights", "/comments")):
            graph.media[:] = [one for one in graph.media if one["id"] != "1"]

    graph.before_get = vanish
    landed = loads.run("media", "media_insights", "comments")
    assert [row["media_id"] for row in landed["media"]] == ["1", "2"]
    assert [row["media_id"] for row in landed["media_insights"]] == ["2"]
    landed = loads.run("media", "media_insights", "comments")
    assert {table: [(row["media_id"], row["is_deleted"]) for row in rows] for table, rows in landed.items()} == {
        "media": [("1", True)]
    }


def of_rival(rows: Rows) -> list[str]:
    return [row["media_id"] for row in rows if row["account_id"] == RIVAL]


def test_competitors_come_page_by_page_without_a_next_link(graph: Graph, loads: Loads) -> None:
    compete(graph, 5)
    graph.page_size = 2
    landed = loads.run("accounts", "media", "competitor_status", competitors=["borealis"])
    assert of_rival(landed["media"]) == ["r1", "r2", "r3", "r4", "r5"]
    assert [(row["is_own"], row["permalink"]) for row in landed["media"]] == [(False, None)] * 5
    assert [(row["username"], row["follows_count"]) for row in landed["accounts"]] == [
        ("aurora", 2),
        ("borealis", None),
    ]
    assert landed["competitor_status"] == [{"username": "borealis", "status": "available", "reason": None}]


def test_a_competitors_media_is_gone_only_where_its_listing_is_whole(graph: Graph, loads: Loads) -> None:
    compete(graph, 3)
    loads.run("media", competitors=["borealis"])
    graph.rival_media.pop()
    assert loads.run("media", competitors=["borealis"]) == {}, "media_count says 3, 2 were listed"
    graph.rival = {**RIVAL_PROFILE, "media_count": 2}
    landed = loads.run("media", competitors=["borealis"])
    assert [(row["media_id"], row["is_deleted"]) for row in landed["media"]] == [("r3", True)]


def test_a_competitor_that_posts_while_it_is_listed_loses_nothing(graph: Graph, loads: Loads) -> None:
    compete(graph, 3)
    graph.page_size = 2
    loads.run("media", competitors=["borealis"])
    graph.rival_media.pop()
    counts = iter([2, 3])
    rival = graph.rival or {}
    graph.page_size = 1
    graph.before_get = lambda path, params: (
        rival.update(media_count=next(counts)) if "business_discovery" in params["fields"] else None
    )
    graph.rival = rival
    assert loads.run("media", competitors=["borealis"]) == {}


def test_an_empty_page_of_a_competitor_is_asked_for_again(graph: Graph, loads: Loads) -> None:
    compete(graph, 3)
    empty = [True]

    def once_empty(_path: str, params: Params) -> Reply | None:
        if not empty or "business_discovery" not in params["fields"]:
            return None
        empty.pop()
        media = {"data": [], "paging": {"cursors": {"after": "0"}}}
        return Reply({"id": OWN, "business_discovery": {**(graph.rival or {}), "media": media}})

    graph.before_get = once_empty
    assert of_rival(loads.read("media", competitors=["borealis"])) == ["r1", "r2", "r3"]


def test_a_competitor_that_is_gone_fails_alone_and_is_named(
    graph: Graph, loads: Loads, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph.add("1", ago(days=3))
    warnings: list[str] = []
    monkeypatch.setattr("dlt.common.logger.warning", lambda line, *names: warnings.append(line % names))
    compete(graph, 2)
    known = graph._discovery
    graph._discovery = lambda fields: (  # type: ignore[method-assign]
        known(fields) if "username(cirrus)" in fields else error(110, "Invalid user id", error_subcode=2207013)
    )
    landed = loads.run("accounts", "media", "competitor_status", competitors=["borealis", "cirrus"])
    assert [row["media_id"] for row in landed["media"]] == ["1", "r1", "r2"]
    assert [row["account_id"] for row in landed["accounts"]] == [OWN, RIVAL]
    assert [(row["username"], row["status"], row["reason"]) for row in landed["competitor_status"]] == [
        ("borealis", "not_found", "the network finds no professional account of this handle"),
        ("cirrus", "available", None),
    ]
    assert warnings == ["Instagram finds no professional account borealis: correct or remove this competitor"]


def test_a_competitor_that_fails_in_passing_fails_the_load(graph: Graph, loads: Loads) -> None:
    graph.before_get = lambda _, params: (
        error(2, "An unexpected error has occurred.", 500) if "business_discovery" in params.get("fields", "") else None
    )
    line = f"503 GET /v24.0/{OWN}: An unexpected error has occurred."
    assert refusal(loads, "media", competitors=["borealis"]) == line
