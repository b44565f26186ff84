"""Values of a file's records in SQL."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.sql import literal


@dataclass(frozen=True, slots=True)
class Value:
    """SQL of one value of a record."""

    sql: str
    type: str
    """DuckDB type of `sql`."""
    unreadable: str | None = None
    """SQL of the first text in the value's arithmetic that is no number, else NULL; None: there is no arithmetic."""


NOTHING = Value("null::varchar", "VARCHAR")


def member(name: str) -> str:
    """An SQL literal that points to a member of a JSON object, whatever signs its name has."""
    return literal("/" + name.replace("~", "~0").replace("/", "~1"))
