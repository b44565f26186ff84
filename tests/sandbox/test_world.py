"""The world: the same for the same options, of the size asked for, and consistent with itself."""

from __future__ import annotations

import time
from dataclasses import fields, replace

import numpy as np
import pytest

from sandbox.options import ACCOUNTS, WorldOptions
from sandbox.scene import Scene
from sandbox.world.build import World, build
from sandbox.world.calendar import DAY, calendar
from sandbox.world.columns import NEVER, Columns
from sandbox.world.readings import counts

SMALL = WorldOptions(seed=7, posts=120, customers=300, orders=1_200)


def clock_of(world: World) -> int:
    return int(world.calendar.midnight[world.calendar.today])


def test_the_same_options_give_the_same_world_and_another_seed_another_one(world: World) -> None:
    again, other = build(SMALL), build(replace(SMALL, seed=8))
    for part in fields(World):
        table, copy = getattr(world, part.name), getattr(again, part.name)
        if isinstance(table, Columns):
            for column in fields(table):
                np.testing.assert_array_equal(getattr(table, column.name), getattr(copy, column.name))
    assert not np.array_equal(world.orders.gross[:100], other.orders.gross[:100])


def test_a_default_world_has_the_size_asked_for_and_takes_seconds() -> None:
    start = time.monotonic()
    world = build(WorldOptions())
    assert time.monotonic() - start < 15
    clock = clock_of(world)
    assert np.count_nonzero(world.buyers.first_day < world.calendar.today) == 5_000
    assert np.count_nonzero(world.posts.posted_at < clock) == 1_500
    real = ~world.orders.is_test & (world.orders.created_at < clock)
    assert np.count_nonzero(real) == pytest.approx(20_000, rel=0.02)
    assert np.any(world.orders.created_at > clock + 365 * DAY), "the future is known"


def test_options_that_make_no_world_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one order for each customer"):
        WorldOptions(customers=100, orders=50)
    with pytest.raises(ValueError, match="unknown time zone 'Mars/Olympus'"):
        WorldOptions(timezone="Mars/Olympus")


def test_local_days_follow_the_clock_changes_of_the_time_zone() -> None:
    days = calendar(WorldOptions())
    lengths = set(np.diff(days.midnight) // 3600)
    assert lengths == {23, 24, 25}
    assert np.array_equal(days.day_of(days.noon), np.arange(days.days))


def test_lines_add_up_to_their_order_and_refunds_never_exceed_it(world: World) -> None:
    w = world
    n = len(w.orders)
    for of_order, of_line in (
        (w.orders.gross, w.lines.quantity * w.lines.unit_price),
        (w.orders.discount, w.lines.discount),
        (w.orders.tax, w.lines.tax),
    ):
        assert np.array_equal(np.bincount(w.lines.order, of_line, n).astype(np.int64), of_order)
    given = np.bincount(w.books.refunds.order, w.books.net(w.orders), n)
    assert np.all(given <= w.orders.net + 1)
    assert np.all(w.books.refunds.created_at >= w.orders.created_at[w.books.refunds.order])


def test_the_world_holds_every_case_that_a_warehouse_must_tell_apart(world: World) -> None:
    w, clock = world, clock_of(world)
    o = w.orders
    assert {0, 1} <= set(o.currency.tolist()), "two currencies"
    assert np.any(o.presentment != o.currency), "paid in another currency than the shop's"
    assert o.is_tax_included.any()
    assert not o.is_tax_included.all()
    assert o.is_test.any()
    assert np.any(o.cancelled_at <= clock)
    assert np.any(o.customer == -1)
    assert np.any((o.cancelled_at < NEVER) & ~o.is_paid)
    assert np.isin(w.books.refunds.order, np.flatnonzero(o.is_test)).any(), "refunds of test orders"
    assert np.any(w.books.refunds.adjustment > 0)
    assert np.any(w.contacts.merged_at <= clock)
    assert np.any(w.contacts.archived_at <= clock)
    assert np.any(
        w.contacts.created_at
        == np.bincount(w.contacts.created_at - w.contacts.created_at.min()).argmax() + w.contacts.created_at.min()
    )
    assert np.any(w.posts.deleted_at <= clock)
    assert w.posts.hides_likes.any()
    assert len(set(w.people.phone[w.people.phone != np.array(None)])) < np.count_nonzero(
        w.people.phone != np.array(None)
    )


def test_counts_grow_with_age_except_where_likes_are_withdrawn_or_readings_restated(world: World) -> None:
    w = world
    rows = np.arange(len(w.posts))
    young, old = (counts(w.posts, w.comments, w.gains, rows, w.posts.posted_at + d * DAY) for d in (3, 200))
    assert np.all(old.views >= young.views)
    assert np.all(old.comments >= young.comments)
    assert np.all(old.likes[rows % 31 != 3] >= young.likes[rows % 31 != 3])
    assert np.all(old.reach <= old.views)
    assert np.all(old.likes <= old.reach)
    first, second = (counts(w.posts, w.comments, w.gains, rows, w.posts.posted_at + h * 3600) for h in (47, 49))
    assert np.any(first.views > second.views), "some readings are restated"
    before = counts(w.posts, w.comments, w.gains, rows, w.posts.posted_at - 1)
    assert not before.views.any()
    assert not before.comments.any()


def test_reach_over_a_window_lies_between_its_largest_day_and_the_sum_of_its_days(world: World) -> None:
    audience, clock = world.audience, clock_of(world)
    last = clock // DAY - 1
    for end in range(last - 60, last + 1):
        for days in (7, 28):
            daily = [audience.window(day, 1, clock) for day in range(end - days + 1, end + 1)]
            window = audience.window(end, days, clock)
            assert window is not None
            reaches = [day.reach for day in daily if day is not None]
            assert max(reaches) <= window.reach <= min(sum(reaches), window.views)
    assert audience.window(last + 2, 1, clock) is None


def test_a_late_day_is_restated_after_two_days(world: World) -> None:
    audience = world.audience
    day = int(np.flatnonzero(audience.is_late)[5]) + audience.first_day
    first, final = audience.window(day, 1, (day + 1) * DAY + 3600), audience.window(day, 1, (day + 3) * DAY + 1)
    assert first is not None
    assert final is not None
    assert first.reach < final.reach


def test_comments_belong_to_own_posts_and_answers_follow_their_questions(world: World) -> None:
    said, posts = world.comments, world.posts
    own = np.array([account.is_own for account in ACCOUNTS])
    assert np.all(own[posts.account[said.post]])
    assert np.all(said.posted_at > posts.posted_at[said.post])
    asked_at = dict(zip(said.comment_id.tolist(), said.posted_at.tolist(), strict=True))
    answers = np.flatnonzero(said.parent >= 0)
    assert all(said.posted_at[a] > asked_at[int(said.parent[a])] for a in answers)
    assert 0.5 < len(answers) / np.count_nonzero(said.parent == -1) < 0.8, "some are never answered"


def test_an_additive_estimator_finds_the_best_hour(world: World) -> None:
    world = build(replace(SMALL, posts=1_500))
    scene = Scene(world, clock_of(world))
    posts = world.posts
    for number, account in enumerate(ACCOUNTS):
        rows = np.flatnonzero(
            (posts.account == number)
            & (posts.posted_at > scene.clock - 16 * 7 * DAY)
            & (posts.posted_at < scene.clock - DAY)
        )
        read = counts(posts, world.comments, world.gains, rows, posts.posted_at[rows] + DAY)
        followers = world.audience.followers[number, posts.day[rows]]
        score = np.log1p((read.likes + read.comments) / followers * 1000)
        score -= score.mean()
        weekday = _shrunken(world.calendar.weekday(posts.day[rows]), score, 7)
        hour = _shrunken(posts.hour[rows], score - weekday[world.calendar.weekday(posts.day[rows])], 24)
        best = np.argsort(-(weekday[:, None] + hour[None, :]).ravel())[:3]
        assert (account.best_weekday - 1) * 24 + account.best_hour in best, account.brand_id


def _shrunken(group: np.ndarray, score: np.ndarray, groups: int) -> np.ndarray:
    total, n = np.bincount(group, score, groups), np.bincount(group, minlength=groups)
    return np.asarray(total / (n + 2))
