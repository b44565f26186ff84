"""Names, texts and values as DuckDB's SQL writes them."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Value:
    """SQL of one value of a record."""

    sql: str
    type: str
    """DuckDB type of `sql`."""
    unreadable: str | None = None
    """SQL of the first text in the value's arithmetic that is no number, else NULL; None: there is no arithmetic."""


NOTHING = Value("null::varchar", "VARCHAR")


def quoted(identifier: str) -> str:
    """An SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str | None) -> str:
    """An SQL text literal; None is NULL."""
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def path_literal(path: Path) -> str:
    """An SQL literal by which DuckDB opens this one file, whatever signs its name has."""
    return literal(glob.escape(str(path)))


def member(name: str) -> str:
    """An SQL literal that points to a member of a JSON object, whatever signs its name has."""
    return literal("/" + name.replace("~", "~0").replace("/", "~1"))
