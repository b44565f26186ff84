"""The home's one business clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from orchestration.clock import check_again, home_now, parse_day, run_clock
from pipelines.errors import ConfigError

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
