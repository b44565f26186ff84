"""The hold: the note that a person chose which version is in service, and that no newer one takes its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.errors import TerminalError
from pipelines.home import read_object, write_privately

HELD_FILE = "held.json"
_REMEDY = "remove it: newer versions then go into service again"


@dataclass(frozen=True, slots=True)
class Hold:
    """Who holds which version in service, since when (UTC) and why."""

    version_id: str
    by: str
    at: datetime
    reason: str
    known: frozenset[str]
    """Ids of the versions that could go into service then: what was decided against is not what `release` looks for."""


def held(serving: Path) -> Hold | None:
    """The hold, None where there is none; raises TerminalError for a note that cannot be read."""
    path = serving / HELD_FILE
    content = read_object(path, _REMEDY)
    if content is None:
        return None
    try:
        version_id, by, reason = (str(content[name]) for name in ("version", "by", "reason"))
        at, known = datetime.fromisoformat(content["at"]), frozenset(map(str, content["known"]))
    except (KeyError, TypeError, ValueError):
        raise TerminalError("is no note of a hold", str(path), _REMEDY) from None
    return Hold(version_id, by, at, reason, known)


def note_hold(serving: Path, hold: Hold) -> None:
    """Write the note, in place of an older one."""
    content = {"version": hold.version_id, "by": hold.by, "at": hold.at.isoformat(), "reason": hold.reason}
    write_privately(serving / HELD_FILE, content | {"known": sorted(hold.known)})
