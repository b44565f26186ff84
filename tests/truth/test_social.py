"""Posts, days, followers, reach and answers are published as the simulated world shows them.

A value at an age stands on the straight line between the nearest readings on both sides of it, so "exact" means two
things: the readings are the world's own counts, and the line between them is drawn right. The truth at the age itself
is near it, the nearer the slower a post still grows. The same holds for what an account gains in a day.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.stages import NOISE, Stage

pytestmark = [pytest.mark.xdist_group("truth"), pytest.mark.slow]

AGES = {"24h": (24, 24), "7d": (168, 84), "28d": (672, 336)}
"""Suffix to the age and how far from it a reading may be, in hours."""
DAILY = (
    "impressions", "reactions", "comments", "shares", "saves", "profile_visits", "engagements_public",
    "engagements_full",
)  # fmt: skip
TRUE_COUNTS = (
    "views, reach, likes, comments, shares, saved, profile_visits, likes + comments,"
    " case when brand_id = 'aurora' then likes + comments + shares + saved end"
)
READ_NOW = (
    "(select post_id from mart_post_performance where observed_at = (select max(observed_at) from fct_post_snapshot))"
)
"""The posts that the version's own run read."""
COUNTS = "impressions, reach, reactions, comments, shares, saves, profile_visits, engagements_public, engagements_full"


def test_every_post_that_was_read_has_the_worlds_counts_and_what_is_unknown_is_null(stage: Stage) -> None:
    stage.assert_same(
        f"select post_id, brand_id, posted_at, {COUNTS} from mart_post_performance where post_id in {READ_NOW}",
        f"select media_id, brand_id, posted_at::timestamp, {TRUE_COUNTS} from memory.truth.posts"
        f" where media_id in {READ_NOW}",
    )
    hidden, foreign = stage.one(
        "select count(*) filter (reactions is null), count(*) filter (not is_own) from mart_post_performance"
    )
    assert hidden > 0
    assert foreign > 0


def test_the_first_run_reads_every_post_and_a_later_one_those_that_are_due_or_moved(paris: dict[str, Stage]) -> None:
    first, later = paris.values()
    first.assert_same(f"from {READ_NOW}", "select media_id from memory.truth.posts where not is_deleted")
    later.assert_none(
        "select post_id from mart_post_performance inner join memory.truth.posts on media_id = post_id"
        f" where not posts.is_deleted and post_id not in {READ_NOW}"
        " and likes - reactions >= greatest(10, 0.1 * reactions)"
    )
    unread = f"select post_id, {COUNTS} from mart_post_performance where post_id not in {READ_NOW}"
    before = {post: counts for post, *counts in first.rows(f"select post_id, {COUNTS} from mart_post_performance")}
    assert all(before[post] == counts for post, *counts in later.rows(unread))


def test_a_deleted_post_keeps_its_last_reading(stage: Stage) -> None:
    stage.assert_same(
        "select post_id from mart_post_performance where is_deleted",
        "select media_id from memory.truth.posts where is_deleted",
    )
    stage.assert_same(
        f"select post_key, {COUNTS} from mart_post_performance where is_deleted",
        f"select post_key, {', '.join(f'arg_max({count}, observed_at)' for count in COUNTS.split(', '))}"
        " from fct_post_snapshot inner join dim_post using (post_key) where is_deleted group by post_key",
    )


def test_every_reading_of_earlier_runs_is_kept_as_it_was(stage: Stage) -> None:
    insights = ", ".join(f"{name}::bigint" for name in ("views", "reach", "likes", "comments", "shares", "saved"))
    stage.assert_same(
        "select post_id, observed_at, impressions, reach, reactions, comments, shares, saves, profile_visits"
        " from fct_post_snapshot inner join dim_post using (post_key) where reading_source = 'delivery'",
        f"select media_id::varchar, read_at::timestamp, {insights}, profile_visits::bigint"
        " from memory.history.post_readings",
    )
    stage.assert_same(
        "select account_id, observed_at, snapshot.followers_count, snapshot.posts_count from fct_account_snapshot"
        " as snapshot inner join dim_account using (account_key) where reading_source = 'delivery'",
        "select ig_account::varchar, read_at::timestamp, followers, posts from memory.history.account_readings",
    )


def _definition(measure: str) -> str:
    """What tells two counters of a measure apart: a drop's impressions are not the network's views."""
    return "reading_source" if measure == "impressions" else "''"


def _on_the_line(readings: list[tuple[float, int, str]], age: float, tolerance: float) -> float | None:
    """Value at an age, between the nearest readings (age, value, definition) on both sides; None when one is missing.

    Neither is there one when they are of two definitions.
    """
    near = [reading for reading in readings if abs(reading[0] - age) <= tolerance]
    before, after = [r for r in near if r[0] <= age], [r for r in near if r[0] >= age]
    if not before or not after:
        return None
    (low_age, low, defined), (high_age, high, defined_later) = max(before), min(after)
    if defined != defined_later:
        return None
    return float(low) if low_age == high_age else low + (high - low) * (age - low_age) / (high_age - low_age)


@pytest.mark.parametrize("measure", ["engagements_public", "engagements_full", "impressions", "reach"])
def test_a_value_at_an_age_is_on_the_line_between_its_readings(stage: Stage, measure: str) -> None:
    readings: dict[str, list[tuple[float, int, str]]] = defaultdict(list)
    for post, age, value, defined in stage.rows(
        f"select post_key, epoch(observed_at - posted_at) / 3600, {measure}, {_definition(measure)}"
        " from fct_post_snapshot"
        f" where {measure} is not null"
    ):
        readings[post].append((age, value, defined))
    columns = ", ".join(f"{measure}_{suffix}" for suffix in AGES)
    posts = stage.rows(f"select post_key, {columns} from mart_post_performance")
    for post, *values in posts:
        expected = [_on_the_line(readings[post], *age) for age in AGES.values()]
        assert values == [None if value is None else pytest.approx(value, abs=1e-3) for value in expected], post
    assert sum(value is not None for _, *values in posts for value in values) > 100


@pytest.mark.parametrize(("suffix", "share_off"), [("24h", 0.25), ("7d", 0.02), ("28d", 0.005)])
def test_a_value_at_an_age_is_near_the_truth(stage: Stage, suffix: str, share_off: float) -> None:
    found, off = stage.one(
        f"select count(*), max(abs(engagements_public_{suffix} - (truth.likes + truth.comments))"
        " / greatest(truth.likes + truth.comments, 50)) from mart_post_performance"
        " inner join memory.truth.post_ages as truth on media_id = post_id"
        f" where age_hours = {AGES[suffix][0]} and engagements_public_{suffix} is not null"
    )
    assert found > 100
    assert off <= share_off


def _local_days(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[date, float]]:
    """The days of a zone that an interval (UTC) touches, each with its share of the interval."""
    day, at = start.astimezone(zone).date(), start
    while at < end:
        midnight = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        until = min(midnight, end)
        yield day, (until - at) / (end - start)
        day, at = day + timedelta(days=1), until


def _gains(stage: Stage, measure: str) -> dict[tuple[str, date], float]:
    """What the readings say that each account gained on each day, from publication or from the first reading on."""
    readings: dict[tuple[str, str], list[tuple[datetime, int, str]]] = defaultdict(list)
    for account, post, posted_at, observed_at, value, defined in stage.rows(
        f"select account_key, post_key, posted_at, observed_at, {measure}, {_definition(measure)}"
        " from fct_post_snapshot"
        f" where {measure} is not null order by observed_at"
    ):
        known = readings[account, post]
        if not known and observed_at - posted_at <= timedelta(hours=48):
            known.append((posted_at.replace(tzinfo=UTC), 0, defined))
        known.append((observed_at.replace(tzinfo=UTC), value, defined))
    gains: dict[tuple[str, date], float] = defaultdict(float)
    unknown = set()
    for (account, _), points in readings.items():
        for (start, before, defined), (end, after, defined_later) in pairwise(points):
            for day, share in _local_days(start, end, stage.zone):
                gains[account, day] += (after - before) * share
                if defined != defined_later:
                    unknown.add((account, day))
    return {key: gain for key, gain in gains.items() if key not in unknown}


@pytest.mark.parametrize("measure", DAILY)
def test_the_days_of_an_account_add_up_to_its_readings(stage: Stage, measure: str) -> None:
    found = {
        (account, day): value
        for account, day, value in stage.rows(
            f"select account_key, activity_on, {measure}_delta::double from mart_engagement_daily"
            f" where {measure}_delta is not null"
        )
    }
    assert found == {key: pytest.approx(value, abs=1e-4) for key, value in _gains(stage, measure).items()}
    if measure == "impressions":
        return  # What was gained between the drop's last reading and the network's first is unknown.
    stage.assert_none(
        f"select account_key from"
        f" (select account_key, sum({measure}_delta) as gained from mart_engagement_daily group by 1)"
        f" inner join (select account_key, sum({measure}) as counted from mart_post_performance group by 1)"
        f" using (account_key) where abs(gained - counted) > {NOISE} * counted"
    )


def test_a_posts_followers_are_those_of_the_reading_before_it(stage: Stage) -> None:
    readings: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for account, observed_at, followers in stage.rows(
        "select account_key, observed_at, followers_count from fct_account_snapshot order by all"
    ):
        readings[account].append((observed_at, followers))
    same_day = 0
    for account, posted_at, followers, true_followers in stage.rows(
        "select account_key, dim_post.posted_at, dim_post.followers_at_post, truth.followers_at_post"
        " from dim_post inner join memory.truth.posts as truth on media_id = post_id"
    ):
        place = bisect.bisect_right(readings[account], posted_at, key=lambda reading: reading[0])
        read_at, expected = readings[account][place - 1] if place else (None, None)
        assert followers == expected
        if read_at and read_at.date() == posted_at.date():
            same_day += 1
            assert followers == true_followers
    (read_before,) = stage.one(
        "select count(*) from memory.truth.posts where exists (from memory.history.account_readings"
        " where ig_account::varchar = account_id and read_at <= posted_at and read_at::date = posted_at::date)"
    )
    assert same_day >= read_before > 50


def test_reach_is_the_networks_own_and_never_a_sum(stage: Stage) -> None:
    stage.assert_same(
        "select account_id, window_end, window_days from mart_reach inner join dim_account using (account_key)",
        "select account_id, window_end, window_days from memory.truth.account_windows",
    )
    stage.assert_same(
        "select window_end, window_days, reach, impressions from mart_reach where reading_source = 'api'",
        "select window_end, window_days, truth.reach, views from memory.truth.account_windows as truth"
        " inner join mart_reach using (window_end, window_days) where reading_source = 'api'",
    )
    # A drop has the one reading that was taken the morning after, before late figures came.
    stage.assert_same(
        "select window_end, window_days, reach, impressions from mart_reach where reading_source = 'delivery'",
        "select read_at::date - 1 as window_end, history.window_days, history.reach, views"
        " from memory.history.account_readings as history inner join mart_reach on window_end = read_at::date - 1"
        " and mart_reach.window_days = history.window_days where reading_source = 'delivery'",
    )
    assert stage.one("select bool_and(is_reach_within_bounds) from mart_reach") == (True,)


def test_every_comment_is_answered_when_it_was(stage: Stage) -> None:
    stage.assert_same(
        "select inbound_on, messages_inbound_count, turns_count, turns_answered_count, turns_censored_count,"
        " round(response_hours_sum * 3600)::bigint from mart_response_daily where messages_inbound_count > 0",
        f"select (asked_at at time zone '{stage.zone}')::date, count(*), count(*), count(answered_at),"
        " count(*) - count(answered_at), sum(epoch(answered_at - asked_at))::bigint"
        " from memory.truth.responses where not is_post_deleted group by 1",
    )


def test_the_benchmark_counts_what_everybody_can_see(stage: Stage) -> None:
    week = f"date_trunc('week', posted_at at time zone '{stage.zone}')::date"
    stage.assert_same(
        "select brand_id, week_start_on, posts_count from mart_competitor_benchmark_weekly where posts_count > 0",
        f"select brand_id, {week}, count(*) from memory.truth.posts group by all",
    )
    with_older = f"(select brand_id, {week} from memory.truth.posts where media_id not in {READ_NOW})"
    stage.assert_same(
        "select brand_id, week_start_on, reactions, comments, engagements_public from mart_competitor_benchmark_weekly"
        f" where posts_count > 0 and (brand_id, week_start_on) not in {with_older}",
        f"select brand_id, {week}, sum(likes), sum(comments), sum(likes + comments)"
        f" from memory.truth.posts where (brand_id, {week}) not in {with_older} group by 1, 2",
    )


def test_followers_of_a_day_are_those_last_read_by_its_end(stage: Stage) -> None:
    stage.assert_same(
        "select account_key, activity_on, followers_count, is_followers_imputed from mart_engagement_daily",
        "with days as (select account_key, activity_on from mart_engagement_daily),"
        " readings as (select account_key, followers_count, observed_at,"
        f" ((observed_at - interval 1 second) at time zone 'UTC' at time zone '{stage.zone}')::date as read_on"
        " from fct_account_snapshot),"
        " newest as (select days.*, arg_max(followers_count, observed_at) as followers, max(read_on) as read_on"
        " from days left join readings on readings.account_key = days.account_key and read_on <= activity_on"
        " group by all)"
        " select account_key, activity_on, case when activity_on - read_on <= 7 then followers end,"
        " read_on <> activity_on from newest",
    )
