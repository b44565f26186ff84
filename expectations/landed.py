"""Makes the files of a load readable as tables, in memory. No check belongs here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from expectations.interface import RawLoad
from expectations.sql import literal, quoted

Query = Callable[[str], list[tuple[Any, ...]]]
_OF_THE_LOADER = {"_state", "_mended"}
_SYSTEM_COLUMNS = {
    "_streams": "null::varchar as table_name, 0 as records_landed, 0 as records_quarantined",
    "_quarantine": "null::varchar as table_name, null::varchar as column_name, null::varchar as reason",
}


def expose(query: Query, load: RawLoad) -> dict[str, list[str]]:
    """Make a view of each table of a load, in a schema that bears the instance's name; returns their columns by table.

    A table of which nothing landed, but which a stream or the quarantine names, is a view without rows or columns.
    """
    schema = quoted(load.instance)
    query(f"create schema {schema}")
    for table, columns in _SYSTEM_COLUMNS.items():
        files = load.files.get(table, ())
        query(f"create view {schema}.{table} as {_select(files) if files else _nothing(columns)}")
    named = query(f"select table_name from {schema}._streams union select table_name from {schema}._quarantine")
    tables = {name for (name,) in named} | {table for table, files in load.files.items() if files}
    return {table: _expose_table(query, schema, table, load.files.get(table, ())) for table in _ordinary(tables)}


def _expose_table(query: Query, schema: str, table: str, files: Sequence[Path]) -> list[str]:
    query(f"create view {schema}.{quoted(table)} as {_select(files) if files else _nothing('null as nothing')}")
    return [row[0] for row in query(f"describe {schema}.{quoted(table)}")] if files else []


def _ordinary(tables: set[str]) -> list[str]:
    return sorted(tables - _SYSTEM_COLUMNS.keys() - _OF_THE_LOADER)


def _select(files: Sequence[Path]) -> str:
    """The day in a file's path is when it was written, and no column of its own."""
    listed = ", ".join(literal(str(path)) for path in files)
    return f"select * from read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"


def _nothing(columns: str) -> str:
    return f"select {columns} where false"
