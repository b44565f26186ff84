"""The edges of posts, their readings, days and weeks, and of answers, each on a brand of its own.

Two landing zones: one built on a Sunday at 02:00 in Paris, one when it is 03:00 of Monday in Tokyo.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from math import exp
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.config import Settings
from tests.edges.world import PROJECT, World

pytestmark = [pytest.mark.xdist_group("edges_social"), pytest.mark.slow]

SUNDAY = datetime(2026, 6, 28, tzinfo=UTC)
"""02:00 in Paris."""
NIGHT_IN_TOKYO = datetime(2026, 6, 28, 18, tzinfo=UTC)
"""03:00 on Monday in Tokyo, 14:00 on Sunday in New York."""
Row = dict[str, Any]
Ask = Callable[..., Any]


def at(text: str) -> datetime:
    """A moment, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def post(account: str, posted_at: str, network: str = "x", **said: Any) -> Row:
    """A post of an account, which has the account's name unless it says its own."""
    return {"network": network, "account_id": account, "post_id": account, "posted_at": at(posted_at), **said}


def read(account: str, read_at: str, network: str = "x", **said: Any) -> Row:
    """A reading of a post."""
    return {"network": network, "account_id": account, "post_id": account, "observed_at": at(read_at), **said}


def followers(account: str, read_at: str, count: int | None, network: str = "x", **said: Any) -> Row:
    """A reading of an account."""
    return {
        "network": network, "account_id": account, "observed_at": at(read_at), "followers_count": count, **said,
    }  # fmt: skip


def media(account: str, posted_at: str, **said: Any) -> Row:
    """A media as the API's listing shows it."""
    return {
        "media_id": account, "account_id": account, "is_own": True, "media_type": "IMAGE", "media_product_type": "FEED",
        "posted_at": at(posted_at), "is_deleted": False, **said,
    }  # fmt: skip


def _world(folder: Path, now: datetime) -> World:
    return World(Settings.from_environment({"VOXHOUSE_HOME": str(folder)}), now)


def _ask(connection: duckdb.DuckDBPyConnection) -> Ask:
    def rows(sql: str, *values: Any) -> list[Any]:
        found = connection.execute(sql, values).fetchall()
        return [row[0] for row in found] if len(connection.description or []) == 1 else found

    return rows


def _counters(world: World) -> None:
    """27, 46, 18, 44, 28, 38: what readings of lifetime counters are, and what they are not."""
    drop = world.drop(world.brand("gap", timezone="UTC"))
    world.land(
        drop, posts=[post("gap", "2026-05-01")],
        post_readings=[
            read("gap", "2026-06-02", reactions=5, comments=10), read("gap", "2026-06-13", reactions=5),
            read("gap", "2026-06-24", reactions=5, comments=100),
        ],
    )  # fmt: skip

    drop = world.drop(world.brand("undated", timezone="UTC"))
    world.land(
        drop, post_readings=[
            read("undated", "2026-06-10", reactions=10, comments=0, shares=0),
            read("undated", "2026-06-12", reactions=30, comments=0, shares=0),
        ],
    )  # fmt: skip
    window = {"window_days": 7, "reach": 40}
    drop = world.drop(world.brand("window"))
    world.land(
        drop, account_readings=[
            followers("window", "2026-06-20 22:00", None, **window),
            followers("window", "2026-06-25 04:00", None, **window),
        ],
    )  # fmt: skip

    brand = world.brand("views", timezone="UTC")
    world.land(
        world.drop(brand), posts=[post("views", "2026-05-01", "instagram")],
        post_readings=[
            read("views", "2026-06-09", "instagram", impressions=900, reactions=40, comments=1),
            read("views", "2026-06-10", "instagram", impressions=1000, reactions=50, comments=1),
        ],
    )  # fmt: skip
    api = world.source("instagram", brand)
    for day, views, likes in (("2026-06-11", 3000, 60), ("2026-06-12", 3100, 70)):
        listed = media("views", "2026-05-01", like_count=likes, comments_count=1)
        insights = {"media_id": "views", "account_id": "views", "views": views, "reach": 500}
        world.land(api, at(day), media=[listed], media_insights=[insights])

    brand = world.brand("halves", timezone="UTC")
    world.land(
        world.drop(brand, "one"), posts=[post("halves", "2026-05-01")],
        post_readings=[read("halves", "2026-06-10", reactions=10, shares=2)],
    )  # fmt: skip
    world.land(world.drop(brand, "two"), post_readings=[read("halves", "2026-06-10", comments=3, impressions=90)])
    brand = world.brand("files", timezone="UTC")
    reading = read("files", "2026-06-10", reactions=10, shares=2, _source_file="a.csv")
    other = read("files", "2026-06-10", comments=3, impressions=90, _source_file="b.csv")
    world.land(world.drop(brand), posts=[post("files", "2026-05-01")], post_readings=[reading, other])

    brand = world.brand("public_later", timezone="UTC")
    known = {"reactions": 10, "comments": 1, "shares": 1}
    world.land(
        world.drop(brand), posts=[post("public_later", "2026-05-01")],
        post_readings=[
            read("public_later", "2026-06-10", impressions=1000, **known), read("public_later", "2026-06-12", **known)
        ],
    )  # fmt: skip
    brand = world.brand("public_source", timezone="UTC")
    world.land(
        world.drop(brand, "owner"), posts=[post("public_source", "2026-05-01")],
        post_readings=[read("public_source", "2026-06-10", impressions=1000, **known)],
    )  # fmt: skip
    world.land(world.drop(brand, "public"), post_readings=[read("public_source", "2026-06-12", **known)])

    drop = world.drop(world.brand("late", timezone="UTC"))
    early = [read("late", moment, reactions=n, comments=0, shares=0, _source_file="early.csv") for moment, n in
             (("2026-06-01 12:00", 100), ("2026-06-03 12:00", 400))]  # fmt: skip
    world.land(drop, at("2026-06-04"), posts=[post("late", "2026-06-01")], post_readings=early)
    late = read("late", "2026-06-02 12:00", reactions=300, comments=0, shares=0, _source_file="late.csv")
    world.land(drop, at("2026-06-20"), post_readings=[late])


def _zeros(world: World) -> None:
    """3: what Instagram leaves out, and what a drop never has."""
    api = world.source("instagram", world.brand("zeros", timezone="UTC"))
    counts = {"like_count": 10, "comments_count": 2}
    kinds: dict[str, Row] = {
        "z_feed": {}, "z_reel": {"media_type": "VIDEO", "media_product_type": "REELS"}, "z_none": {},
        "z_album": {"media_type": "CAROUSEL_ALBUM"},
    }  # fmt: skip
    listed = [{**media(name, "2026-06-01", **counts, **kind), "account_id": "zeros"} for name, kind in kinds.items()]
    seen = {"account_id": "zeros", "views": 90, "reach": 80}
    status = {"object_type": "CAROUSEL_ALBUM", "metric": "shares", "status": "withheld", "reason": "asked for"}
    world.land(
        api, at("2026-06-10"), media=listed,
        media_insights=[
            {"media_id": "z_feed", "saved": 3, **seen}, {"media_id": "z_reel", "shares": 1, **seen},
            {"media_id": "z_album", "saved": 3, **seen},
        ],
        metric_status=[status],
    )  # fmt: skip
    drop = world.drop(world.brand("no_comments", timezone="UTC"))
    readings = [read("no_comments", f"2026-06-{day}", reactions=day, shares=1, impressions=100) for day in (10, 12)]
    world.land(drop, posts=[post("no_comments", "2026-05-01")], post_readings=readings)


def _coverage(world: World) -> None:
    """4: thirty posts, a like a day each, every one read every 30 days."""
    drop = world.drop(world.brand("monthly", timezone="UTC"))
    posts, readings = [], []
    for n in range(30):
        name = {"account_id": "monthly", "post_id": f"monthly{n}"}
        posts.append({**post("monthly", "2026-01-01"), **name})
        for month in range(3):
            moment = at("2026-04-01") + timedelta(days=n + 30 * month)
            if moment < SUNDAY:
                age = (moment - at("2026-01-01")).days
                counts = {"reactions": age, "comments": 0, "shares": 0}
                readings.append({**read("monthly", "2026-01-01", **counts), **name, "observed_at": moment})
    world.land(drop, posts=posts, post_readings=readings)
    drop = world.drop(world.brand("nightly", timezone="UTC"))
    first = at("2026-06-10")
    counts = {"comments": 0, "shares": 0}
    daily = [{**read("nightly", "2026-06-10", reactions=n, **counts), "observed_at": first + timedelta(days=n)}
             for n in range(19)]  # fmt: skip
    world.land(drop, posts=[post("nightly", "2026-06-10")], post_readings=daily)


def _best_time(world: World) -> None:
    """19: posts on Mondays get half as much again, on the scale of the model."""
    drop = world.drop(world.brand("timing", timezone="UTC"))
    posts, readings, accounts = [], [], []
    for n in range(60):
        day = datetime(2026, 3, 30, 9, tzinfo=UTC) + timedelta(days=n)
        name = {"account_id": "timing", "post_id": f"timing{n}"}
        posts.append({**post("timing", "2026-01-01"), **name, "posted_at": day, "post_format": "image"})
        gained = 13 if day.isoweekday() == 1 else 8
        reading = read("timing", "2026-01-01", reactions=gained + n % 2, comments=0, shares=0)
        readings.append({**reading, **name, "observed_at": day + timedelta(hours=24)})
        accounts.append({**followers("timing", "2026-01-01", 2000), "observed_at": day})
    world.land(drop, posts=posts, post_readings=readings, account_readings=accounts)


def _weeks(world: World) -> None:
    """15 and 45: weeks are those of the brand that reads."""
    world.brand("week_rival", ownership="competitor", timezone="Asia/Tokyo", week_start="sunday")
    brand = world.brand("week", competitors=["week_rival"])
    rows = [followers("week", "2026-06-18 10:00", 70), followers("week", "2026-06-28 00:00", 75)]
    world.land(world.drop(brand), account_readings=rows)
    rival = world.drop("week_rival")
    rows = [followers("week_rival", "2026-06-21 10:00", 800), followers("week_rival", "2026-06-21 20:00", 850)]
    world.land(rival, account_readings=rows, posts=[post("week_rival", "2026-06-21 20:00")])


def _answers(world: World) -> None:
    """30: an answer in the second of its message; an account that two brands claim."""
    api = world.source("instagram", world.brand("answers", timezone="UTC"))
    said = []
    for n in range(20):
        asked = {"media_id": "answers", "account_id": "answers", "is_from_brand": False, "is_deleted": False,
                 "comment_id": f"q{n}", "posted_at": at("2026-06-20 10:00"),
                 "author_handle_token": f"t{n}"}  # fmt: skip
        reply = {"comment_id": f"a{n}", "parent_comment_id": f"q{n}", "is_from_brand": True}
        said += [asked, {**asked, **reply, "author_handle_token": None}]
    listed = media("answers", "2026-06-20", like_count=1, comments_count=40)
    world.land(api, at("2026-06-27"), media=[listed], comments=said)

    for names, account, configured in (("twice_a twice_b", "claimed", False), ("named_a named_b", "named", True)):
        for name in names.split():
            accounts = {"instagram": [account]} if configured and name == "named_b" else {}
            brand = world.brand(name, timezone="UTC", accounts=accounts)
            profile = {
                "account_id": account,
                "username": account,
                "is_own": True,
                "followers_count": 5,
                "media_count": 1,
            }
            world.land(world.source("instagram", brand, account_id="2"), at("2026-06-20"), accounts=[profile])


def _scopes(world: World) -> None:
    """Two servers of one network that each have a post 111 of an account 1."""
    drop = world.drop(world.brand("servers", timezone="UTC"))
    for server, likes in (("one.example", 5), ("two.example", 50)):
        ids = {"id_scope": server, "account_id": "1", "post_id": "111"}
        world.land(
            drop, posts=[{**post("1", "2026-06-01", "mastodon"), **ids, "_source_file": f"{server}.csv"}],
            post_readings=[
                {**read("1", "2026-06-10", "mastodon", reactions=likes, comments=0, shares=0), **ids,
                 "_source_file": f"readings {server}.csv"},
            ],
            account_readings=[
                {**followers("1", "2026-05-31", 100 * likes, "mastodon"), "id_scope": server,
                 "_source_file": f"accounts {server}.csv"},
            ],
        )  # fmt: skip


def _threads(world: World) -> None:
    """A question, a friend's answer under it, another question under that, and the brand's answer under all."""
    api = world.source("instagram", world.brand("deep", timezone="UTC"))
    thread = [("d1", None, "ann"), ("d2", "d1", "bob"), ("d3", "d2", "ann"), ("d4", "d3", None)]
    said = [
        {"media_id": "deep", "account_id": "deep", "is_from_brand": author is None, "is_deleted": False,
         "comment_id": name, "parent_comment_id": parent, "posted_at": at(f"2026-06-20 1{hour}:00"),
         "author_handle_token": author}
        for hour, (name, parent, author) in enumerate(thread)
    ]  # fmt: skip
    listed = media("deep", "2026-06-20", like_count=1, comments_count=4)
    world.land(api, at("2026-06-27"), media=[listed], comments=said)


def _redefined(world: World) -> None:
    """On 20 June a network takes shares out of its public total, and counts impressions anew."""
    counts = [("18", 100, 50, 1000), ("19", 110, 60, 1100), ("21", 120, 70, 5000), ("22", 130, 80, 5100)]
    readings = [
        read("redefined", f"2026-06-{day}", "tiktok", reactions=likes, comments=10, shares=shares,
             impressions=views, reach=views // 2)
        for day, likes, shares, views in counts
    ]  # fmt: skip
    drop = world.drop(world.brand("redefined", timezone="UTC"))
    world.land(drop, posts=[post("redefined", "2026-06-13", "tiktok")], post_readings=readings)


def _with_a_redefinition(folder: Path) -> Path:
    """The project with that change in its seeds."""
    project = shutil.copytree(PROJECT, folder / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    changed = "2026-06-20 00:00:00"
    parts = project / "seeds" / "engagement_parts.csv"
    text = parts.read_text(encoding="utf-8")
    for part in ("reactions", "comments", "shares"):
        held = f"tiktok,public,{part},tiktok-1,,"
        assert held in text
        holds = "" if part == "shares" else f"\ntiktok,public,{part},tiktok-2,{changed},"
        text = text.replace(held, f"{held}{changed}{holds}")
    parts.write_text(text, encoding="utf-8")
    metrics = project / "seeds" / "metric_definitions.csv"
    text = metrics.read_text(encoding="utf-8")
    held = "tiktok,impressions,tiktok-1,,"
    assert held in text
    text = text.replace(held, f"{held}{changed}\ntiktok,impressions,tiktok-2,{changed},")
    metrics.write_text(text, encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Rows of a query over the build of Sunday; one column comes bare."""
    world = _world(tmp_path_factory.mktemp("sunday"), SUNDAY)
    world.project = _with_a_redefinition(tmp_path_factory.mktemp("project"))
    for cases in (_counters, _zeros, _coverage, _best_time, _weeks, _answers, _scopes, _threads, _redefined):
        cases(world)
    return _ask(world.build())


def _days(ask: Ask, brand: str, column: str) -> dict[date, float | None]:
    return dict(ask(f"select activity_on, {column} from mart_engagement_daily where brand_id = ? order by 1", brand))


def _span(first: str, days: int) -> list[date]:
    return [date.fromisoformat(first) + timedelta(days=n) for n in range(days)]


def test_a_count_that_a_reading_does_not_know_is_spread_over_it(ask: Ask) -> None:
    gained = {day: value for day, value in _days(ask, "gap", "comments_delta").items() if value is not None}
    assert gained == dict.fromkeys(_span("2026-06-02", 22), pytest.approx(90 / 22, abs=1e-9))
    assert sum(v or 0 for v in gained.values()) == pytest.approx(90, abs=1e-9)


def test_a_post_without_a_record_gains_what_its_readings_say(ask: Ask) -> None:
    gained = _days(ask, "undated", "engagements_public_delta")
    assert {day: v for day, v in gained.items() if v is not None} == dict.fromkeys(_span("2026-06-10", 2), 10.0)
    assert min(gained) == date(2026, 6, 10)


def test_a_drops_window_ended_the_day_before_in_the_brands_zone(ask: Ask) -> None:
    ends = ask("select window_end from mart_reach where brand_id = 'window' order by 1")
    assert ends == [date(2026, 6, 20), date(2026, 6, 24)]


def test_impressions_of_a_drop_and_views_of_the_network_are_two_counters(ask: Ask) -> None:
    days = _span("2026-06-09", 4)
    impressions, reactions = (_days(ask, "views", f"{c}_delta") for c in ("impressions", "reactions"))
    assert [impressions[day] for day in days] == [100, None, 100, None]
    assert [reactions[day] for day in days] == [10, 10, 10, None]


@pytest.mark.parametrize("brand", ["halves", "files"])
def test_readings_of_one_moment_are_one_reading(ask: Ask, brand: str) -> None:
    columns = "impressions, reactions, comments, shares, engagements_public"
    assert ask(f"select {columns} from fct_post_snapshot where brand_id = ?", brand) == [(90, 10, 3, 2, 15)]


def test_what_instagram_leaves_out_beside_others_is_zero_where_it_could_have_come(ask: Ask) -> None:
    columns = "post_id, shares, saves, profile_visits, engagements_public, engagements_full"
    assert ask(f"select {columns} from mart_post_performance where brand_id = 'zeros' order by 1") == [
        ("z_album", None, 3, 0, 12, None),
        ("z_feed", 0, 3, 0, 12, 15),
        ("z_none", None, None, None, 12, None),
        ("z_reel", 1, 0, None, 12, 13),
    ]
    reels = "network = 'instagram' and object_type = 'REELS' and metric = 'profile_visits'"
    assert ask(f"select status from dim_metric_availability where {reels}") == ["unavailable"]


def test_engagement_says_of_which_components_it_is(ask: Ask) -> None:
    columns = "engagements_public, engagement_components, engagements_full, engagement_full_components"
    row = (13, "reactions, shares", 13, "reactions, shares")
    assert ask(f"select {columns} from mart_post_performance where brand_id = 'no_comments'") == [row]
    full = "reactions, comments, shares, saves"
    names = "engagement_components, engagement_full_components"
    assert ask(f"select {names} from fct_post_snapshot join dim_post using (post_key) where post_id = 'z_feed'") == [
        ("reactions, comments", full)
    ]


def test_what_a_reading_measured_is_said_by_its_source(ask: Ask) -> None:
    of = "select metric_set, impressions from fct_post_snapshot where brand_id = ? order by observed_at"
    assert ask(of, "public_later") == [("owner", 1000), ("owner", None)]
    assert ask(of, "public_source") == [("owner", 1000), ("public", None)]
    newest = "select impressions, owner_observed_at from mart_post_performance where brand_id = ?"
    assert ask(newest, "public_later") == [(None, at("2026-06-12").replace(tzinfo=None))]
    assert ask(newest, "public_source") == [(1000, at("2026-06-10").replace(tzinfo=None))]


def test_a_day_is_complete_once_nearly_all_that_its_posts_gain_is_measured(ask: Ask) -> None:
    days = ask(
        "select activity_on, posts_alive_count, posts_measured_count, is_complete, engagements_public_delta"
        " from mart_engagement_daily where brand_id = 'monthly' and activity_on >= '2026-05-01'"
    )
    # One post a day was read for the last time, from 29 May on.
    complete = {day for day, _, _, is_complete, _ in days if is_complete}
    assert all(alive == 30 for _, alive, *_ in days)
    assert all((gained or 0) == pytest.approx(measured) for _, _, measured, _, gained in days)
    assert complete == {day for day, _, measured, _, _ in days if measured >= 0.95 * 30}
    assert max(complete) == date(2026, 5, 29)
    nightly = _days(ask, "nightly", "is_complete")
    assert [day for day, is_complete in nightly.items() if not is_complete] == [date(2026, 6, 28)]
    weeks = _days(ask, "nightly", "is_week_complete")
    assert [day for day, is_complete in weeks.items() if is_complete] == _span("2026-06-15", 7)


def test_the_metrics_of_a_day_leave_out_what_is_not_measured(ask: Ask) -> None:
    gained = "engagements_public_delta"
    measured = f"sum(case when is_complete then {gained} end), sum({gained}) between 1 and 800"
    june = "from mart_engagement_daily where brand_id = 'monthly' and activity_on >= '2026-06-01'"
    assert ask(f"select {measured} {june}") == [(None, True)]


def test_the_lift_is_that_of_the_models_scale(ask: Ask) -> None:
    cells = ask("select effect, lift from mart_best_time_to_post where brand_id = 'timing' and effect is not null")
    assert len(cells) == 168
    assert max(effect for effect, _ in cells) > 0.2
    assert [lift for _, lift in cells] == [pytest.approx(exp(effect) - 1, abs=2e-6) for effect, _ in cells]


def test_a_week_is_complete_once_it_is_over_where_the_brand_is(ask: Ask) -> None:
    weeks = "from mart_competitor_benchmark_weekly where brand_id = 'week'"
    assert ask(f"select week_start_on, is_week_complete {weeks} order by 1") == [
        (date(2026, 6, 15), True),
        (date(2026, 6, 22), False),
    ]


def test_a_reading_that_lands_late_is_a_neighbour(ask: Ask) -> None:
    values = "select engagements_public_24h, upper_age_hours_24h from mart_post_performance where brand_id = 'late'"
    assert ask(values) == [(200.0, 36.0)]


def test_a_competitors_week_is_the_readers(ask: Ask) -> None:
    weeks = (
        "select week_start_on, posts_count, followers_count from mart_competitor_benchmark_weekly"
        " where benchmark_brand_id = 'week' and brand_id = 'week_rival' order by 1"
    )
    assert ask(weeks) == [(date(2026, 6, 15), 1, 850), (date(2026, 6, 22), 0, None)]


def test_an_answer_of_the_same_second_comes_after_its_message(ask: Ask) -> None:
    turns = "select turns_count, turns_answered_count, response_hours_sum from mart_response_daily where brand_id = ?"
    assert ask(f"{turns} and turns_count > 0", "answers") == [(20, 20, 0.0)]


def test_a_configured_id_decides_whose_an_account_is_and_two_claims_are_named(ask: Ask) -> None:
    claims = "select brand_id, claimed_by from int_accounts_assigned where account_id = ?"
    assert ask(claims, "named") == [("named_b", None)]
    assert ask(claims, "claimed") == [("twice_b", "twice_a, twice_b")]


def test_two_servers_have_two_posts_of_one_id(ask: Ask) -> None:
    posts = ask(
        "select id_scope, post_id, reactions, followers_at_post from dim_post join fct_post_snapshot using (post_key)"
        " where dim_post.brand_id = 'servers' order by 1"
    )
    assert posts == [("one.example", "111", 5, 500), ("two.example", "111", 50, 5000)]
    accounts = "select id_scope, account_id, followers_count from dim_account where brand_id = 'servers' order by 1"
    assert ask(accounts) == [("one.example", "1", 500), ("two.example", "1", 5000)]
    published = "select account_key from mart_engagement_daily where brand_id = 'servers' and posts_published_count = 1"
    assert len(set(ask(published))) == 2


def test_an_answer_at_any_depth_is_of_the_thread(ask: Ask) -> None:
    messages = "select count(*), count(distinct conversation_key), count(parent_message_key) from fct_message"
    assert ask(f"{messages} where brand_id = 'deep'") == [(4, 1, 3)]
    root = "select count(*) from fct_message where brand_id = 'deep' and conversation_key = message_key"
    assert ask(root) == [1]
    turns = "select turns_count, turns_answered_count, response_hours_sum from mart_response_daily"
    assert ask(f"{turns} where brand_id = 'deep' and turns_count > 0") == [(2, 2, 5.0)]


def test_a_change_of_definition_is_no_growth(ask: Ask) -> None:
    days = _span("2026-06-18", 4)
    gained = {c: _days(ask, "redefined", f"{c}_delta") for c in ("engagements_public", "impressions", "reactions")}
    assert [gained["engagements_public"][day] for day in days] == [20, None, None, 10]
    assert [gained["impressions"][day] for day in days] == [100, None, None, 100]
    assert [gained["reactions"][day] for day in days] == [10, 5, 5, 10]
    versions = _days(ask, "redefined", "engagements_public_version")
    assert [versions[day] for day in days] == ["tiktok-1", None, None, "tiktok-2"]
    at_age = "engagements_public_7d, engagements_full_7d, impressions_7d, reach_7d"
    assert ask(f"select {at_age} from mart_post_performance where brand_id = 'redefined'") == [(None, 190, None, 1525)]


def test_a_figure_has_the_version_of_its_definition_and_this_its_time(ask: Ask) -> None:
    read_by = "select engagements_public, engagements_public_version, engagement_components, impressions_version"
    assert ask(f"{read_by} from fct_post_snapshot where brand_id = 'redefined' order by observed_at") == [
        (160, "tiktok-1", "reactions, comments, shares", "tiktok-1"),
        (180, "tiktok-1", "reactions, comments, shares", "tiktok-1"),
        (130, "tiktok-2", "reactions, comments", "tiktok-2"),
        (140, "tiktok-2", "reactions, comments", "tiktok-2"),
    ]
    changed = at("2026-06-20").replace(tzinfo=None)
    definitions = "select definition_version, components, valid_from, valid_to from dim_metric_definition"
    assert ask(f"{definitions} where network = 'tiktok' and metric = 'engagements_public' order by 1") == [
        ("tiktok-1", "reactions, comments, shares", None, changed),
        ("tiktok-2", "reactions, comments", changed, None),
    ]
    today = "select composition_version, public_includes_shares, full_includes_shares from dim_network"
    assert ask(f"{today} where network = 'tiktok'") == [("tiktok-1, tiktok-2", False, True)]


@pytest.fixture(scope="module")
def ask_at_night(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """The same over the build while it is 03:00 in Tokyo."""
    world = _world(tmp_path_factory.mktemp("night"), NIGHT_IN_TOKYO)
    for name, zone in (("tokyo", "Asia/Tokyo"), ("new_york", "America/New_York")):
        api = world.source("instagram", world.brand(name, timezone=zone))
        said = []
        for n, moment in enumerate(("2026-06-26 10:00", "2026-06-28 10:00", "2026-06-28 16:00")):
            said.append({"media_id": name, "account_id": name, "is_from_brand": False, "is_deleted": False,
                         "comment_id": f"{name}{n}", "posted_at": at(moment), "author_handle_token": "t"})  # fmt: skip
        listed = media(name, "2026-06-26 10:00", like_count=1, comments_count=3)
        second = {**listed, "media_id": f"{name}2", "posted_at": at("2026-06-28 16:30")}
        profile = {"account_id": name, "username": name, "is_own": True, "followers_count": 5, "media_count": 1}
        world.land(api, at("2026-06-28 17:00"), media=[listed, second], comments=said, accounts=[profile])
    return _ask(world.build())


@pytest.mark.parametrize(("brand", "last_over"), [("tokyo", date(2026, 6, 28)), ("new_york", date(2026, 6, 27))])
@pytest.mark.parametrize(
    ("mart", "day"), [("mart_engagement_daily", "activity_on"), ("mart_response_daily", "inbound_on")]
)
def test_a_day_is_over_at_the_brands_own_midnight(
    ask_at_night: Ask, mart: str, day: str, brand: str, last_over: date
) -> None:
    days: Sequence[tuple[date, bool]] = ask_at_night(f"select {day}, is_day_over from {mart} where brand_id = ?", brand)
    assert max(shown for shown, _ in days) == last_over + timedelta(days=1)
    assert max(shown for shown, is_over in days if is_over) == last_over
    assert all(is_over == (shown <= last_over) for shown, is_over in days)


def test_posts_are_counted_by_days_that_the_other_figures_have(ask_at_night: Ask) -> None:
    posts = "select sum(posts_published_count) from mart_engagement_daily where brand_id = ?"
    assert ask_at_night(posts, "tokyo") == [2]
    assert ask_at_night(posts, "new_york") == [2]
