"""Instagram's comments: threads by time, what is new, hidden, kept back or gone, and a memory that is bounded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.sources.instagram import TABLES, settings
from pipelines.sources.instagram.comments import ThreadMemory
from pipelines.sources.instagram.media import History
from tests.sources.far_side import Reply
from tests.sources.instagram.graph import (
    NOW,
    OWN,
    Graph,
    Loads,
    Rows,
    ago,
    comment,
    error,
    ids,
)


def test_comments_and_replies_land(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(days=3))
    reply = comment("91", "Aurora", text="thanks")
    del reply["hidden"]
    graph.talk("1", comment("90", "fan_1", like_count=1, replies={"data": [reply]}, **{"from": {"id": "5"}}))
    assert loads.run("comments")["comments"] == [
        {
            "comment_id": "90",
            "media_id": "1",
            "account_id": OWN,
            "parent_comment_id": None,
            "author_handle": "fan_1",
            "is_from_brand": False,
            "text": "said 90",
            "like_count": 1,
            "is_hidden": False,
            "is_deleted": False,
            "posted_at": NOW - timedelta(hours=5),
        },
        {
            "comment_id": "91",
            "media_id": "1",
            "account_id": OWN,
            "parent_comment_id": "90",
            "author_handle": None,
            "is_from_brand": True,
            "text": "thanks",
            "like_count": 0,
            "is_hidden": None,
            "is_deleted": False,
            "posted_at": NOW - timedelta(hours=5),
        },
    ]


def test_who_wrote_and_what_was_written_are_declared_as_personal() -> None:
    columns = TABLES["comments"]["columns"]
    personal = {name: (c.get("x-annotation-pii"), c.get("x-annotation-network")) for name, c in columns.items()}
    assert {name: said for name, said in personal.items() if said != (None, None)} == {
        "author_handle": ("handle", "instagram"),
        "text": ("text", None),
    }
    assert [name for name, column in columns.items() if column.get("x-erases")] == ["is_deleted"]


def test_one_comment_deleted_and_one_new_are_both_seen(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(hours=30))
    graph.talk("1", comment("90"), comment("91"))
    loads.run("media", "comments")
    graph.talk("1", comment("91"), comment("92"))
    assert loads.run("media", "comments") == {}, "the count is the same, and the thread not due"
    landed = loads.run("media", "comments", now=NOW + timedelta(hours=1))
    assert ids(landed["comments"], "is_deleted", "text", "author_handle") == [
        ("90", True, None, None),
        ("91", False, "said 91", "fan"),
        ("92", False, "said 92", "fan"),
    ]
    assert [row["posted_at"] for row in landed["comments"]] == [NOW - timedelta(hours=5)] * 3


def test_a_new_comment_is_read_as_soon_as_the_count_moves(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(days=400))
    graph.talk("1", comment("90"))
    loads.run("media", "comments")
    graph.talk("1", comment("90"), comment("91"))
    landed = loads.run("media", "comments", now=NOW + timedelta(minutes=5))
    assert list(landed) == ["comments"]
    assert ids(landed["comments"]) == [("90",), ("91",)]
    assert loads.run("media", "comments", now=NOW + timedelta(minutes=10)) == {}


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_comment_hidden_later_lands_as_hidden_and_is_not_read_every_hour(
    graph: Graph, loads: Loads, is_listed: bool
) -> None:
    graph.add("1", ago(days=5))
    graph.talk("1", comment("90"), comment("91"))
    loads.run("comments")
    graph.comments["1"][0] |= {"hidden": True, "is_unlisted": not is_listed}
    graph.media[0]["comments_count"] = 1
    loads.run("comments", now=NOW + timedelta(minutes=5))
    assert ids(loads.rows("comments"), "is_hidden", "is_deleted", "text") == [
        ("90", True, False, "said 90"),
        ("91", False, False, "said 91"),
    ]
    graph.gets.clear()
    for hour in (1, 5, 6):
        loads.run("comments", now=NOW + timedelta(hours=hour))
    assert graph.gets.count("1/comments") == 1, "6-hourly at this age"


def test_a_deleted_comment_that_is_back_lands_again(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(hours=30))
    graph.talk("1", comment("90"), comment("91"))
    loads.run("comments")
    graph.talk("1", comment("91"))
    loads.run("comments")
    assert ids(loads.rows("comments"), "is_deleted") == [("90", True), ("91", False)]
    graph.talk("1", comment("90"), comment("91"))
    loads.run("comments")
    assert ids(loads.rows("comments"), "is_deleted", "text") == [("90", False, "said 90"), ("91", False, "said 91")]


def landed_comments(*comment_ids: str) -> Callable[[Any], Rows]:
    known = {"media_id": "1", "account_id": OWN, "parent_comment_id": None, "is_from_brand": False}
    posted_at = datetime(2026, 6, 1, tzinfo=UTC)
    return lambda _: [{"comment_id": one, **known, "is_deleted": False, "posted_at": posted_at} for one in comment_ids]


def test_a_thread_is_read_over_its_pages(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(days=3))
    graph.page_size = 2
    graph.talk("1", *(comment(str(number)) for number in range(90, 95)))
    rows = loads.read("comments", landed_comments=landed_comments("94", "99"))
    assert ids(rows, "is_deleted") == [*((str(number), False) for number in range(90, 95)), ("99", True)]
    assert rows[-1]["posted_at"] == "2026-06-01T00:00:00+00:00"


def test_a_comment_that_the_thread_keeps_back_is_not_deleted(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(days=3))
    graph.talk("1", comment("90"), comment("91", is_unlisted=True))
    rows = loads.read("comments", landed_comments=landed_comments("91", "92"))
    assert ids(rows, "is_deleted") == [("90", False), ("91", False), ("92", True)]


@pytest.mark.parametrize("answer", [error(10, "(#10) Comments are disabled"), Reply({"data": []})])
def test_a_thread_that_is_refused_or_empty_against_its_count_says_nothing(
    graph: Graph, loads: Loads, answer: Reply
) -> None:
    graph.add("1", ago(days=3), comments_count=2)
    graph.before_get = lambda path, _: answer if path.endswith("/comments") else None
    assert loads.read("comments", landed_comments=landed_comments("90")) == []


def test_a_thread_that_is_too_much_at_once_is_read_in_smaller_pages(graph: Graph, loads: Loads) -> None:
    graph.add("1", ago(days=3))
    graph.talk("1", comment("90"))
    graph.before_get = lambda path, params: (
        error(1, "Please reduce the amount of data")
        if int(params.get("limit", 0)) > 25 and "comments" in path
        else None
    )
    assert ids(loads.read("comments", landed_comments=landed_comments("91")), "is_deleted") == [
        ("90", False),
        ("91", True),
    ]


def history(now: datetime) -> History:
    return History({}, {}, {}, now)


@pytest.mark.parametrize(
    ("posted", "reads"),
    [(timedelta(0), 48 + 20 + 21), (timedelta(days=28), 0), (timedelta(days=80), 1)],
    ids=["new", "28 days old", "80 days old"],
)
def test_a_thread_is_read_by_time(posted: timedelta, reads: int) -> None:
    """Every hour of 28 days: hourly up to 2 days, 6-hourly up to 7, daily up to 28, then as its media."""
    memory = ThreadMemory({}, NOW)
    media = {"media_id": "1", "posted_at": (NOW - posted).isoformat(), "comments_count": 3}
    memory.note(media)
    seen = 0
    for hour in range(1, 28 * 24 + 1):
        memory._now = NOW + timedelta(hours=hour)
        if memory.is_due(media, history(memory._now)):
            memory.note(media)
            seen += 1
    assert seen == reads


def test_remembered_threads_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MOST_THREADS", 3)
    state: dict[str, Any] = {}
    for number in range(6):
        memory = ThreadMemory(state, NOW + timedelta(hours=number))
        media = {"media_id": str(number), "posted_at": ago(days=400), "comments_count": 1}
        assert memory.is_due(media, history(NOW)) is True
        memory.note(media)
        memory.forget({"media_id": str(one)} for one in range(6) if one != 4)
    kept = {"2": NOW + timedelta(hours=2), "3": NOW + timedelta(hours=3), "5": NOW + timedelta(hours=5)}
    assert state == {"threads": {media_id: [int(at.timestamp()), 1] for media_id, at in kept.items()}}
    dropped = {"media_id": "0", "posted_at": ago(days=400), "comments_count": 1}
    read = History({}, {"0": NOW}, {}, NOW)
    assert ThreadMemory(state, NOW).is_due(dropped, read) is False
