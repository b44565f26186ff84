"""The home's business clock: `--as-of`, else what a person, the sandbox or a sample set, else the wall clock."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from orchestration.config import Settings, utc_now
from pipelines.errors import ConfigError, PipelineError, shown
from pipelines.home import write_privately
from pipelines.landing.ledger import Ledger, format_of
from pipelines.landing.views import RunClock, query, tables_of
from pipelines.sources import KINDS, configuration

SET_BY = "voxhouse clock"
_SANDBOX = "sandbox"
_FAR_BEHIND = timedelta(days=400)


def home_now(path: Path) -> datetime:
    """The home's current moment, UTC; raises ConfigError when its clock file cannot be read."""
    known = _read(path)
    return known[0] if known else utc_now()


def _read(path: Path) -> tuple[datetime, str] | None:
    """The clock of its own that a home has, UTC, and who set it; None: it has none. Raises ConfigError."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return datetime.fromisoformat(content["now"]).astimezone(UTC), str(content.get("set_by", "a person"))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            "not a clock", str(path), 'write {"now": "2026-06-30T22:00:00+00:00"} or delete it'
        ) from error


def told_clock(settings: Settings) -> str:
    """What the clock says and where it comes from; raises ConfigError when it cannot be read."""
    path = settings.layout.clock_file
    known = _read(path)
    if known is None:
        return f"{utc_now():%Y-%m-%d %H:%M} UTC, the time of the wall: the home has no clock of its own"
    return f"{known[0]:%Y-%m-%d %H:%M} UTC, set by {shown(known[1])} in {path}"


def set_clock(settings: Settings, text: str) -> None:
    """Let the home's clock stand at the begin of a day, UTC; raises ConfigError for a day that has not come."""
    _check_own(settings)
    day = parse_day(text, "voxhouse clock")
    if day > utc_now().date():
        raise ConfigError(f"{day} has not come yet", "voxhouse clock", "name today or a day before it")
    now = datetime.combine(day, time(), UTC)
    write_privately(settings.layout.clock_file, {"now": now.isoformat(), "set_by": SET_BY})


def remove_clock(settings: Settings) -> None:
    """Let the home go by the time of the wall; raises ConfigError in a sandbox's home."""
    _check_own(settings)
    settings.layout.clock_file.unlink(missing_ok=True)


def _check_own(settings: Settings) -> None:
    """Raise ConfigError where the sandbox moves the clock: its world would be at another time than the home."""
    path = settings.layout.clock_file
    try:
        known = _read(path)
    except ConfigError:  # to be replaced
        known = None
    if (settings.home / "sandbox").exists() or (known and known[1] == _SANDBOX):
        remedy = "use `voxhouse sandbox advance`, or a home of its own in VOXHOUSE_HOME"
        raise ConfigError("the sandbox owns this home's clock", str(path), remedy)


def newest_event(settings: Settings, until: datetime) -> datetime | None:
    """Time of the newest event before `until` in the accepted loads of deliveries; None where there is none."""
    if format_of(settings.layout.landing) is None:
        return None
    times = {
        f"{kind}__{table}": [name for name, column in declared["columns"].items() if column["data_type"] == "timestamp"]
        for kind in KINDS
        if configuration(kind).is_delivery
        for table, declared in tables_of(kind).items()
    }
    end = f"timestamptz '{until.isoformat()}'"
    newest = [
        f"select max({name}) as newest from {view} where {name} < {end}" for view in times for name in times[view]
    ]
    sql = f"select max(newest) as newest from ({' union all '.join(newest)})"
    found: datetime | None = query(Ledger(settings.layout.landing), sql, times)["newest"][0].as_py()
    return found.astimezone(UTC) if found else None


def far_behind(settings: Settings, has_apis: bool) -> tuple[str, str] | None:
    """Where the newest event lies far behind a clock that nobody set: what is so, and what to do about it.

    None: all is well. A home with API sources lives today, however silent its brands are.
    """
    try:
        if has_apis or _read(settings.layout.clock_file):
            return None
        now = utc_now()
        newest = newest_event(settings, now)
    except PipelineError:  # told by whoever needs the file
        return None
    if newest is None or now - newest <= _FAR_BEHIND:
        return None
    state = f"the newest event is of {newest:%Y-%m-%d}, {(now - newest).days:,} days ago, and the home goes by today"
    return state, f"`voxhouse clock {newest.date() + timedelta(days=1)}`"


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
