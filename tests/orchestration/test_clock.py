"""The home's one business clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.clock import (
    check_again,
    far_behind,
    home_now,
    newest_event,
    parse_day,
    remove_clock,
    run_clock,
    set_clock,
    told_clock,
)
from orchestration.config import Settings
from pipelines.errors import ConfigError
from tests.sources.file_drop.worlds import World

NOW = datetime(2026, 6, 30, 22, tzinfo=UTC)


def test_today_ends_now_and_a_past_day_at_its_midnight() -> None:
    assert run_clock(NOW, None).as_of_at == NOW + timedelta(microseconds=1)
    past = run_clock(NOW, date(2026, 1, 31))
    assert (past.is_past, past.as_of_at) == (True, datetime(2026, 2, 1, tzinfo=UTC))


def test_a_day_to_come_is_refused() -> None:
    with pytest.raises(ConfigError, match="2026-07-01 lies after the home's clock 2026-06-30 22:00 UTC"):
        run_clock(NOW, date(2026, 7, 1))


def test_a_day_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="--as-of: '2026-02-30' is not a day"):
        parse_day("2026-02-30", "--as-of")


@pytest.mark.parametrize(
    ("since", "sources", "streams", "told"),
    [
        ("yesterday", ["shop"], [], "--since: 'yesterday' is not a day; write it as YYYY-MM-DD"),
        ("2026-01-01", [], [], "--since: no source is named; say which with --source NAME"),
        ("2026-01-01", ["a", "b"], ["orders"], "--stream: streams of several sources; name one source"),
        ("", ["shop"], ["orders"], "--stream: nothing says from when; add --since YYYY-MM-DD"),
    ],
)
def test_what_is_to_be_read_again_must_be_clear(since: str, sources: list[str], streams: list[str], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_again(since, sources, streams)
    assert str(caught.value) == told


def test_a_broken_clock_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="not a clock"):
        home_now(path)


def test_a_home_without_a_clock_has_the_time_of_the_wall(tmp_path: Path) -> None:
    assert abs(home_now(tmp_path / "clock.json") - datetime.now(UTC)) < timedelta(seconds=5)


ORDERS = """\
files:
  - match: orders.csv
    entities:
      - entity: orders
        columns: {order_id: id, ordered_at: at, currency: {constant: USD}}
"""


def _settings(home: Path) -> Settings:
    return Settings.from_environment({"VOXHOUSE_HOME": str(home)})


def test_a_clock_is_set_shown_and_removed(home: Path) -> None:
    settings = _settings(home)
    assert "the home has no clock of its own" in told_clock(settings)
    set_clock(settings, "1998-07-01")
    assert home_now(settings.layout.clock_file) == datetime(1998, 7, 1, tzinfo=UTC)
    assert told_clock(settings) == f"1998-07-01 00:00 UTC, set by voxhouse clock in {home / 'clock.json'}"
    remove_clock(settings)
    assert not (home / "clock.json").exists()


@pytest.mark.parametrize(("day", "told"), [("soon", "'soon' is not a day"), ("2999-01-01", "has not come yet")])
def test_a_day_for_the_clock_that_is_none_or_not_over_is_refused(home: Path, day: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        set_clock(_settings(home), day)
    assert list(home.iterdir()) == []


def test_the_sandbox_owns_its_homes_clock(home: Path) -> None:
    (home / "clock.json").write_text('{"now": "2026-06-30T22:00:00Z", "set_by": "sandbox"}', encoding="utf-8")
    for change in (lambda: set_clock(_settings(home), "1998-07-01"), lambda: remove_clock(_settings(home))):
        with pytest.raises(ConfigError, match="the sandbox owns this home's clock"):
            change()
    assert "set by sandbox" in told_clock(_settings(home))


def _dropped(home: Path, day: date) -> Settings:
    world = World(home)
    world.put(ORDERS, orders_csv=f"id,at\n1,1997-01-01\n2,{day}\n3,2150-01-01\n")
    world.load()
    return _settings(home)


def test_a_home_that_ends_long_ago_says_so_until_it_has_a_clock(home: Path) -> None:
    settings = _dropped(home, date(1998, 6, 30))
    assert newest_event(settings, NOW) == datetime(1998, 6, 30, tzinfo=UTC)
    behind = far_behind(settings, has_apis=False)
    assert behind is not None
    assert behind[0].startswith("the newest event is of 1998-06-30, 10,")
    assert behind[1] == "`voxhouse clock 1998-07-01`"
    assert far_behind(settings, has_apis=True) is None
    set_clock(settings, "1998-07-01")
    assert far_behind(settings, has_apis=False) is None


def test_a_home_of_this_year_says_nothing(home: Path) -> None:
    assert far_behind(_settings(home), has_apis=False) is None
    assert far_behind(_dropped(home, datetime.now(UTC).date() - timedelta(days=300)), has_apis=False) is None
