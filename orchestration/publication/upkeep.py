"""What may go: versions beyond their number, drafts of processes that are gone, and the layout of an older Voxhouse."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from orchestration.publication.hold import HELD_FILE
from orchestration.publication.swap import alone, is_orphan, owner, put
from orchestration.publication.versions import (
    CURRENT,
    REGULAR_FOLDER,
    find,
    folder_of,
    is_of_past_day,
    is_version_id,
    regular,
    versions,
)
from pipelines.home import private_folder, sync

VERSIONS_KEPT = 10
PAST_VERSIONS_KEPT = 10
# A query that has started on an old version must be able to finish on it; the statement time limit is a minute.
KEPT_AT_LEAST_SECONDS = 3600.0


def clean(serving: Path) -> list[str]:
    """Remove what may go; returns the ids of the versions that went. Each kind of version has a number of its own.

    What is in service or held stays, and whatever was in service within the hour. Raises TransientError when another
    process is at it.
    """
    with alone(serving):
        _move_past_days(serving)
        _remove_leftovers(serving)
        kept = versions(serving)
        beyond = regular(kept)[VERSIONS_KEPT:] + [v for v in kept if v.is_past][PAST_VERSIONS_KEPT:]
        gone = [v for v in beyond if not v.in_service and not v.is_held and _is_old(v.path)]
        for version in gone:
            _remove(serving, version.path)
    return [version.version_id for version in gone]


def bring_up_to_date(serving: Path) -> None:
    """Move what an older Voxhouse kept elsewhere; raises TransientError when another process is at it."""
    with alone(serving):
        _move_past_days(serving)


def draft_folder(serving: Path, version_id: str) -> Path:
    """An empty folder in which this process makes a version, or what goes with one, before it is seen."""
    folder = serving / "staging" / f"{version_id}.{owner()}"
    shutil.rmtree(folder, ignore_errors=True)
    return private_folder(folder)


def _move_past_days(serving: Path) -> None:
    """Take versions of past days out of the folder of those that one goes back to; the one in service without a gap."""
    folder = serving / REGULAR_FOLDER
    known = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in known:
        if is_version_id(path.name) and is_of_past_day(path.name) and path.is_dir():
            _move_past_day(serving, path)


def _move_past_day(serving: Path, path: Path) -> None:
    target = folder_of(serving, path.name)
    if not target.exists():
        draft = draft_folder(serving, path.name)
        shutil.copytree(path, draft, copy_function=_link, dirs_exist_ok=True)
        settle_draft(draft, target)
    version = find(serving, path.name)
    if version.in_service and (serving / CURRENT).resolve() != target.resolve():
        put(serving, version)
    _remove(serving, path)


def _link(source: str, target: str) -> None:
    """The same file under a second name, as nobody ever changes it; a copy where a disk has no such names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def settle_draft(draft: Path, target: Path) -> None:
    """Have a finished draft on disk, and only then in its place."""
    for path in draft.iterdir():
        sync(path)
    sync(draft)
    private_folder(target.parent)
    os.rename(draft, target)
    sync(target.parent)


def _remove_leftovers(serving: Path) -> None:
    """Nobody can be writing a note of a hold or a link while this process is `alone`, but versions are made outside."""
    staging = serving / "staging"
    drafts = list(staging.iterdir()) if staging.is_dir() else []
    for path in [*drafts, *serving.glob(f".{CURRENT}.*")]:
        orphan = is_orphan(path)
        if orphan or (orphan is None and _is_old(path)):
            _delete(path)
    for path in serving.glob(f".{HELD_FILE}.*"):
        _delete(path)


def _remove(serving: Path, path: Path) -> None:
    """Remove a version so that none is ever listed in part."""
    gone = draft_folder(serving, path.name)
    os.rename(path, gone)
    shutil.rmtree(gone)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _is_old(path: Path) -> bool:
    return time.time() - path.lstat().st_ctime > KEPT_AT_LEAST_SECONDS
