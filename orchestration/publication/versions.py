"""The kept versions of what people read: how they are called, where each lies, and which one is in service.

`serving/versions/<id>/` are those of the home's own day, which are put in service one after the other and can be gone
back to; `serving/past/<id>/` are those of past days. `serving/current` points at the one in service.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from orchestration.publication.hold import held
from pipelines.errors import TerminalError, shown

PUBLISHED_FILE = "published.duckdb"
LEDGER_FILE = "ledger.duckdb"
REGULAR_FOLDER, PAST_FOLDER = "versions", "past"
CURRENT = "current"
_ID = re.compile(r"([0-9]{8}T[0-9]{6}Z)-[0-9a-f]{8}(-as-of-[0-9]{4}-[0-9]{2}-[0-9]{2})?")


@dataclass(frozen=True, slots=True)
class Version:
    """One kept version."""

    version_id: str
    path: Path
    published_at: datetime
    """When it was made, UTC."""
    in_service: bool
    is_held: bool
    """A person holds it in service."""
    is_past: bool
    """It shows a past day."""

    @property
    def state(self) -> str:
        """What is to be known of it, for people."""
        said = {"in service": self.in_service, "held": self.is_held, "past day": self.is_past}
        return ", ".join(name for name, is_true in said.items() if is_true)


def new_version_id(run_id: str, past_day: str | None, at: datetime) -> str:
    """Sorts by time; a version for a past day says so."""
    suffix = f"-as-of-{past_day}" if past_day else ""
    return f"{at:%Y%m%dT%H%M%SZ}-{run_id.replace('-', '')[:8]}{suffix}"


def is_version_id(text: str) -> bool:
    """Whether `new_version_id` could have made it."""
    return _made_at(text) is not None


def is_of_past_day(version_id: str) -> bool:
    """Whether the version shows a past day."""
    return "-as-of-" in version_id


def folder_of(serving: Path, version_id: str) -> Path:
    """Where a version of that id belongs."""
    return serving / (PAST_FOLDER if is_of_past_day(version_id) else REGULAR_FOLDER) / version_id


def versions(serving: Path) -> list[Version]:
    """All kept versions, newest first; raises TerminalError for a note of a hold that cannot be read."""
    live, hold = current_version(serving), held(serving)
    # An older Voxhouse kept all in one folder: what is in both, of a move that was cut short, counts where it belongs.
    kept = _folders(serving / REGULAR_FOLDER) | _folders(serving / PAST_FOLDER)
    return [
        Version(
            version_id=version_id,
            path=path,
            published_at=made_at,
            in_service=version_id == live,
            is_held=hold is not None and hold.version_id == version_id,
            is_past=is_of_past_day(version_id),
        )
        for version_id, path in sorted(kept.items(), reverse=True)
        if (made_at := _made_at(version_id))
    ]


def regular(found: list[Version]) -> list[Version]:
    """Those that were made for service, in the same order."""
    return [version for version in found if not version.is_past]


def find(serving: Path, version_id: str) -> Version:
    """The kept version of that id; raises TerminalError for anything that is not listed."""
    for version in versions(serving):
        if version.version_id == version_id:
            return version
    raise TerminalError("no such version", shown(version_id) or "''", "`voxhouse versions` lists them")


def current_version(serving: Path) -> str | None:
    """Id of the version in service; None before the first publication."""
    link = serving / CURRENT
    return Path(os.readlink(link)).name if link.is_symlink() else None


def previous_version(serving: Path) -> str:
    """The version to go back to: the newest one older than the one in service that was made for service."""
    live = current_version(serving)
    older = [v.version_id for v in regular(versions(serving)) if live and v.version_id < live]
    if not older:
        raise TerminalError("there is no older version", str(serving), "`voxhouse versions` lists what is kept")
    return older[0]


def _folders(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    return {path.name: path for path in folder.iterdir() if is_version_id(path.name) and path.is_dir()}


def _made_at(version_id: str) -> datetime | None:
    match = _ID.fullmatch(version_id)
    try:
        return datetime.strptime(match[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if match else None
    except ValueError:
        return None
