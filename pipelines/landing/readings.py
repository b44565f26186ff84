"""How the attempts to read a source went: as of when its data counts, and since when it fails. One small file each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.errors import ConfigError
from pipelines.home import read_object, write_privately
from pipelines.landing.ledger import Ledger

FILE = "_reading.json"


@dataclass(frozen=True, slots=True)
class Reading:
    """One source as of its newest attempt; times on the business clock, UTC."""

    read_at: datetime | None = None
    """When it was last read so that what it said counts, were it nothing new; None: never."""
    failing_since: datetime | None = None
    """The first of the attempts since then that came to nothing; None: the newest one did not fail."""
    fault: str | None = None
    """What the newest of these attempts met with."""


def reading(ledger: Ledger, instance: str) -> Reading:
    """The source as of its newest attempt; a load that was held and has been accepted since is a success."""
    noted = _noted(ledger, instance)
    if noted is None:
        # Loads of before readings were noted.
        return Reading(read_at=max((load.completed_at for load in ledger.accepted(instance)), default=None))
    held = noted.get("held")
    if held and any(load.load_id == held and load.status == "accepted" for load in ledger.loads(instance)):
        return Reading(read_at=_moment(noted["tried_at"]))
    return Reading(_moment(noted["read_at"]), _moment(noted["failing_since"]), noted["fault"])


def note_success(ledger: Ledger, instance: str, now: datetime) -> None:
    """The source was read to its end at `now`, and all of it counts."""
    _note(ledger, instance, {"read_at": now, "tried_at": now})


def note_failure(ledger: Ledger, instance: str, now: datetime, fault: str, held: str | None = None) -> None:
    """Reading failed at `now`, or its load is held; `fault` says why in one line."""
    before = reading(ledger, instance)
    moments = {"read_at": before.read_at, "tried_at": now, "failing_since": before.failing_since or now}
    _note(ledger, instance, moments, {"fault": fault, "held": held})


def _note(
    ledger: Ledger, instance: str, moments: dict[str, datetime | None], said: dict[str, str | None] | None = None
) -> None:
    written = {name: at.isoformat() if at else None for name, at in moments.items()}
    content = {"failing_since": None, "fault": None, "held": None, **written, **(said or {})}
    write_privately(ledger.landing_dir / instance / FILE, content)


def _noted(ledger: Ledger, instance: str) -> dict[str, Any] | None:
    return read_object(ledger.landing_dir / instance / FILE, "remove it: the next attempt notes it anew")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def require(ledger: Ledger, names: tuple[str, ...], known: Collection[str]) -> None:
    """Raise ConfigError when a source without which nothing may be published is unknown, failing or unread."""
    for name in names:
        if name not in known:
            raise ConfigError(f"there is no source {name}", "required_sources", "name those of `voxhouse doctor`")
        found = reading(ledger, name)
        if found.failing_since:
            what = f"publication is held: {name} fails since {found.failing_since:%Y-%m-%d %H:%M} UTC ({found.fault})"
            raise ConfigError(what, "required_sources", "mend the source, or take it off that list")
        if found.read_at is None:
            what = f"publication is held: {name} was never read"
            raise ConfigError(what, "required_sources", "`voxhouse run`, or take it off that list")
