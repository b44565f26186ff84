"""What is in service: the newest version, unless a person went back to another, which is held until it is released."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from orchestration.publication.hold import HELD_FILE, Hold, held, note_hold
from orchestration.publication.swap import alone, put
from orchestration.publication.versions import Version, current_version, find, previous_version, regular, versions
from pipelines.errors import TerminalError
from pipelines.home import sync


def publish(serving: Path, version_id: str) -> bool:
    """Put a new version in service; returns False where another one is held there, which stays.

    Raises TerminalError for an id that is not listed or of a past day, TransientError when another process is at it.
    """
    _of_own_day(serving, version_id)
    with alone(serving):
        version, hold = _of_own_day(serving, version_id), held(serving)
        if hold:
            _settle(serving, hold)
        else:
            put(serving, version)
    return hold is None


def rollback(serving: Path, version_id: str | None, by: str, reason: str) -> str:
    """Put an older version in service, or one of a past day, and hold it there; None: the one before. Returns its id.

    Raises TerminalError for an id that is not listed or in service already and when there is none before,
    TransientError when another process is at it.
    """
    _target(serving, version_id)
    with alone(serving):
        version = _target(serving, version_id)
        known = frozenset(v.version_id for v in regular(versions(serving)))
        # The note comes first: whatever ends this process here, who takes the lock next goes by the note.
        note_hold(serving, Hold(version.version_id, by, datetime.now(UTC), reason, known))
        put(serving, version)
    return version.version_id


def release(serving: Path) -> str | None:
    """Lift the hold and put the newest version made since in service, if there is one; returns what is in service.

    None: nothing was held, and nothing is changed. Raises TransientError when another process is at it.
    """
    if held(serving) is None:
        return None
    with alone(serving):
        hold = held(serving)
        if hold is None:
            return None
        since = [version for version in regular(versions(serving)) if version.version_id not in hold.known]
        if since:
            put(serving, since[0])
        else:
            _settle(serving, hold)
        (serving / HELD_FILE).unlink()
        sync(serving)
        return current_version(serving)


def _of_own_day(serving: Path, version_id: str) -> Version:
    version = find(serving, version_id)
    if version.is_past:
        raise TerminalError("shows a past day", version_id, f"`voxhouse rollback {version_id}` puts it in service")
    return version


def _target(serving: Path, version_id: str | None) -> Version:
    version = find(serving, previous_version(serving) if version_id is None else version_id)
    if version.in_service:
        raise TerminalError("is in service already", version.version_id, "`voxhouse versions` lists the others")
    return version


def _settle(serving: Path, hold: Hold) -> None:
    """Finish a rollback that was cut short after its note."""
    for version in versions(serving):
        if version.version_id == hold.version_id and not version.in_service:
            put(serving, version)
