"""Versions for tests: real ones out of a tiny warehouse, and folders that only look like one, which nobody opens."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.publication.building import build_version
from orchestration.publication.service import publish
from orchestration.publication.versions import new_version_id

START = datetime(2026, 6, 30, tzinfo=UTC)
FILES = ("published.duckdb", "ledger.duckdb")
PATIENCE_SECONDS = 60.0


def id_of(number: int, past_day: str | None = None) -> str:
    """The id of the version of that minute."""
    return new_version_id(f"{number:08d}", past_day, START + timedelta(minutes=number))


def warehouse(path: Path, value: int) -> Path:
    """A warehouse whose every table holds one figure."""
    with duckdb.connect(str(path)) as connection:
        for schema in ("marts", "finance", "staging"):
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create or replace table {schema}.t_{schema} as select {value} as figure")
    return path


def build(serving: Path, warehouse_file: Path, number: int, past_day: str | None = None) -> str:
    """A real version, not in service."""
    version = id_of(number, past_day)
    build_version(serving, version, warehouse_file, {"load": pa.table({"load_id": ["1"]})})
    return version


def build_and_publish(serving: Path, warehouse_file: Path, number: int) -> str:
    """A real version that went into service unless another is held there."""
    version = build(serving, warehouse_file, number)
    publish(serving, version)
    return version


def lay(serving: Path, number: int, past_day: str | None = None, folder: str = "") -> str:
    """A folder like that of a version, whose files hold its id."""
    version = id_of(number, past_day)
    path = serving / (folder or ("past" if past_day else "versions")) / version
    path.mkdir(parents=True)
    for name in FILES:
        (path / name).write_text(version, encoding="utf-8")
        (path / name).chmod(0o400)
    return version


def shown_in(serving: Path) -> str:
    """Id of the version that a reader meets, all of it."""
    found = {(serving / "current").resolve(strict=True).name}
    found |= {(serving / "current" / name).read_text(encoding="utf-8") for name in FILES}
    (version,) = found
    return version


def in_child(work: Callable[[], object]) -> int:
    """Start a process that does the work; returns its pid. Its exit code is 0 when the work was done."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def exit_code(pid: int) -> int:
    """Wait, not for ever, for a child; negative: the signal that ended it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError("a child process did not end")
