"""A version is made: marts and finance are copied out of the warehouse into files of their own, and checked."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.publication.upkeep import bring_up_to_date, draft_folder, settle_draft
from orchestration.publication.versions import LEDGER_FILE, PUBLISHED_FILE, folder_of, is_version_id
from pipelines.errors import TerminalError, shown
from pipelines.sql import literal

_FILE_OF_SCHEMA = {"marts": PUBLISHED_FILE, "finance": LEDGER_FILE}
OPERATIONS_SCHEMA = "operations"


def build_version(
    serving: Path, version_id: str, warehouse_file: Path, operations: Mapping[str, pa.Table]
) -> dict[str, int]:
    """Copy marts and finance into a new version, which is not in service yet; returns rows by table.

    Its id says whether it lies with those of past days. Raises TerminalError for an id that is none or is taken, and
    when a copy cannot be opened read-only with the same rows; TransientError when another process moves versions.
    """
    if not is_version_id(version_id):
        raise TerminalError("is no id of a version", shown(version_id) or "''", "make it with new_version_id")
    final = folder_of(serving, version_id)
    bring_up_to_date(serving)
    if final.exists():
        raise TerminalError("this version exists already", str(final), "run again")
    draft = draft_folder(serving, version_id)
    try:
        rows: dict[str, int] = {}
        for schema, file_name in _FILE_OF_SCHEMA.items():
            extra = operations if file_name == PUBLISHED_FILE else {}
            rows |= _copy_schema(warehouse_file, schema, draft / file_name, extra)
        _check_copies(draft, rows)
        for path in draft.iterdir():
            path.chmod(stat.S_IRUSR)
        settle_draft(draft, final)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return rows


def _copy_schema(warehouse_file: Path, schema: str, target: Path, operations: Mapping[str, pa.Table]) -> dict[str, int]:
    rows: dict[str, int] = {}
    with duckdb.connect(str(target)) as connection:
        connection.execute(f"attach {literal(str(warehouse_file))} as source (read_only)")
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
