"""Names and texts as DuckDB's SQL writes them."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path


def quoted(identifier: str) -> str:
    """An SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str | None) -> str:
    """An SQL text literal; None is NULL."""
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def path_literal(path: Path) -> str:
    """An SQL literal by which DuckDB opens this one file, whatever signs its name has."""
    return literal(glob.escape(str(path)))


def parquet(files: Iterable[Path]) -> str:
    """A scan of these files, each with the columns that it has. The day in a path is no column."""
    listed = ", ".join(map(path_literal, files))
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
