"""Immutable versions of what people read: copy the marts into new files, check them, swap one symlink."""

from __future__ import annotations

import os
import re
import shutil
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.errors import TerminalError

PUBLISHED_FILE = "published.duckdb"
LEDGER_FILE = "ledger.duckdb"
_FILE_OF_SCHEMA = {"marts": PUBLISHED_FILE, "finance": LEDGER_FILE}
OPERATIONS_SCHEMA = "operations"
VERSIONS_KEPT = 10
# A query that has started on an old version must be able to finish on it; the statement time limit is a minute.
KEPT_AT_LEAST_SECONDS = 3600.0
_VERSION_NAME = re.compile(r"^\d{8}T\d{6}Z-[0-9a-f]{8}(-as-of-\d{4}-\d{2}-\d{2})?$")


@dataclass(frozen=True, slots=True)
class Version:
    """One published version."""

    version_id: str
    path: Path
    published_at: datetime
    in_service: bool


def new_version_id(run_id: str, past_day: str | None, at: datetime) -> str:
    """Sorts by time; a version for a past day says so."""
    suffix = f"-as-of-{past_day}" if past_day else ""
    return f"{at:%Y%m%dT%H%M%SZ}-{run_id.replace('-', '')[:8]}{suffix}"


def build_version(
    serving: Path, version_id: str, warehouse: Path, operations: Mapping[str, pa.Table]
) -> dict[str, int]:
    """Copy marts and finance out of the warehouse into a new version; returns rows by table.

    Raises TerminalError when a copy cannot be opened read-only with the same rows.
    """
    final, staging = serving / "versions" / version_id, serving / "staging" / version_id
    if final.exists():
        raise TerminalError("this version exists already", str(final), "run again")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    rows: dict[str, int] = {}
    for schema, file_name in _FILE_OF_SCHEMA.items():
        extra = operations if file_name == PUBLISHED_FILE else {}
        rows |= _copy_schema(warehouse, schema, staging / file_name, extra)
    _check_copies(staging, rows)
    for path in staging.iterdir():
        path.chmod(stat.S_IRUSR)
        _fsync(path)
    final.parent.mkdir(parents=True, exist_ok=True)
    os.rename(staging, final)
    _fsync(final.parent)
    return rows


def _copy_schema(warehouse: Path, schema: str, target: Path, operations: Mapping[str, pa.Table]) -> dict[str, int]:
    rows: dict[str, int] = {}
    with duckdb.connect(str(target)) as connection:
        connection.execute(f"attach {_quoted(warehouse)} as source (read_only)")
        connection.execute(f"create schema {schema}")
        tables = connection.execute(
            "select table_name from information_schema.tables"
            " where table_catalog = 'source' and table_schema = ? order by 1",
            [schema],
        ).fetchall()
        for (name,) in tables:
            connection.execute(f'create table {schema}."{name}" as from source.{schema}."{name}"')
            counted = connection.execute(f'select count(*) from source.{schema}."{name}"').fetchall()
            rows[f"{schema}.{name}"] = int(counted[0][0])
        connection.execute("detach source")
        if operations:
            connection.execute(f"create schema {OPERATIONS_SCHEMA}")
        for name, table in operations.items():
            connection.register("operations_table", table)
            connection.execute(f'create table {OPERATIONS_SCHEMA}."{name}" as from operations_table')
            connection.unregister("operations_table")
            rows[f"{OPERATIONS_SCHEMA}.{name}"] = table.num_rows
        connection.execute("checkpoint")
    return rows


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _check_copies(folder: Path, rows: Mapping[str, int]) -> None:
    counted: dict[str, int] = {}
    for file_name in _FILE_OF_SCHEMA.values():
        path = folder / file_name
        if path.with_suffix(".duckdb.wal").exists():
            raise TerminalError("a write-ahead log is left over", str(path), "run again")
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute("select table_schema, table_name from information_schema.tables").fetchall()
            for schema, name in tables:
                found = connection.execute(f'select count(*) from {schema}."{name}"').fetchall()
                counted[f"{schema}.{name}"] = int(found[0][0])
    if counted != dict(rows):
        differing = sorted(name for name in rows if counted.get(name) != rows[name])
        raise TerminalError(f"rows differ from the warehouse's in {', '.join(differing)}", str(folder), "run again")


def put_in_service(serving: Path, version_id: str) -> None:
    """Point `current` at a version, atomically."""
    if not (serving / "versions" / version_id).is_dir():
        raise TerminalError("no such version", version_id, "`voxhouse versions` lists them")
    link = serving / f".current.{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("versions") / version_id)
    os.replace(link, serving / "current")
    _fsync(serving)


def versions(serving: Path) -> list[Version]:
    """All kept versions, newest first."""
    folder = serving / "versions"
    if not folder.is_dir():
        return []
    live = current_version(serving)
    found = [path for path in folder.iterdir() if _VERSION_NAME.match(path.name)]
    return [
        Version(p.name, p, datetime.strptime(p.name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), p.name == live)
        for p in sorted(found, reverse=True)
    ]


def current_version(serving: Path) -> str | None:
    """Id of the version in service; None before the first publication."""
    link = serving / "current"
    return Path(os.readlink(link)).name if link.is_symlink() else None


def previous_version(serving: Path) -> str:
    """The version to go back to: the newest one older than the one in service that was made for service."""
    live = current_version(serving)
    older = [v.version_id for v in versions(serving) if live and v.version_id < live and "-as-of-" not in v.version_id]
    if not older:
        raise TerminalError("there is no older version", str(serving), "`voxhouse versions` lists what is kept")
    return older[0]


def clean(serving: Path) -> list[str]:
    """Remove versions beyond the kept number that are old enough and not in service; returns their ids."""
    now = time.time()
    gone = [
        v for v in versions(serving)[VERSIONS_KEPT:]
        if not v.in_service and now - v.path.stat().st_ctime > KEPT_AT_LEAST_SECONDS
    ]  # fmt: skip
    for version in gone:
        shutil.rmtree(version.path)
    return [v.version_id for v in gone]


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
