"""One change of what is in service at a time, each in one step that a reader sees whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from orchestration.publication.versions import CURRENT, Version, current_version, folder_of
from orchestration.servers.processes import start_time
from pipelines.errors import TransientError
from pipelines.home import private_folder, sync

LOCK_SECONDS = 60.0
_OWNER = re.compile(r"\.([0-9]+)\.([0-9]+)$")


@contextmanager
def alone(serving: Path) -> Iterator[None]:
    """Be the only one that changes what is in service; raises TransientError, naming the lock, after a minute."""
    path = private_folder(serving) / ".lock"
    lock = FileLock(path, mode=0o600)
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout:
        what = f"another process has changed what is in service for {LOCK_SECONDS:.0f} s"
        raise TransientError(what, str(path), "end it, or try again when it has ended") from None
    try:
        yield
    finally:
        lock.release()


def put(serving: Path, version: Version) -> None:
    """Point `current` at a version, atomically; only while `alone`."""
    live = current_version(serving)
    if live and folder_of(serving, live).is_dir():
        os.utime(folder_of(serving, live))  # from now on it is kept for those who still read it
    link = serving / f".{CURRENT}.{owner()}"
    link.unlink(missing_ok=True)
    link.symlink_to(version.path.relative_to(serving))
    os.replace(link, serving / CURRENT)
    sync(serving)


def owner() -> str:
    """This process, so that what it leaves behind can be told from what it still works on: pids are used again."""
    return f"{os.getpid()}.{start_time(os.getpid())}"


def is_orphan(path: Path) -> bool | None:
    """Whether the process after which a draft is named is gone; None: it is named after none."""
    match = _OWNER.search(path.name)
    return start_time(int(match[1])) != int(match[2]) if match else None
