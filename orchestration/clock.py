"""The home's business clock: `--as-of`, else the clock that the sandbox or a sample set, else the wall clock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from orchestration.config import utc_now
from pipelines.errors import ConfigError, shown
from pipelines.landing.views import RunClock


def home_now(path: Path) -> datetime:
    """The home's current moment, UTC; raises ConfigError when its clock file cannot be read."""
    try:
        return datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["now"]).astimezone(UTC)
    except FileNotFoundError:
        return utc_now()
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            "not a clock", str(path), 'write {"now": "2026-06-30T22:00:00+00:00"} or delete it'
        ) from error


def run_clock(now: datetime, as_of: date | None) -> RunClock:
    """The clock of one run; raises ConfigError for a day that has not come."""
    if as_of is None or as_of == now.date():
        return RunClock(now.date(), now + timedelta(microseconds=1), is_past=False)
    if as_of > now.date():
        raise ConfigError(f"{as_of} lies after the home's clock {now:%Y-%m-%d %H:%M} UTC", "--as-of", "name a past day")
    ends = datetime.combine(as_of + timedelta(days=1), time(), UTC)
    return RunClock(as_of, ends, is_past=True, known_until=now + timedelta(microseconds=1))


def past_day(now: datetime, text: str) -> date:
    """The day named by `--as-of`; raises ConfigError for one that is none or is not over."""
    day = parse_day(text, "--as-of")
    if day == now.date():
        raise ConfigError(f"{day} is the home's own day", "--as-of", "leave the option out")
    return run_clock(now, day).as_of


def parse_day(text: str, option: str) -> date:
    """An ISO day; raises ConfigError for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"'{shown(text)}' is not a day", option, "write it as YYYY-MM-DD") from None


def check_again(since: str, sources: Sequence[str], streams: Sequence[str]) -> None:
    """Raise ConfigError when it is not clear what is to be read again."""
    if since:
        parse_day(since, "--since")
        if not sources:
            raise ConfigError("no source is named", "--since", "say which with --source NAME")
        if streams and len(sources) > 1:
            raise ConfigError("streams of several sources", "--stream", "name one source")
    elif streams:
        raise ConfigError("nothing says from when", "--stream", "add --since YYYY-MM-DD")
