"""Read-only SQL over the version in service, without file access."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.publication.versions import LEDGER_FILE, PUBLISHED_FILE
from pipelines.errors import TerminalError
from pipelines.sql import literal


def run_query(serving: Path, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of one statement; raises TerminalError in one line for what cannot be answered."""
    current = (serving / "current").resolve()
    if not (current / PUBLISHED_FILE).exists():
        raise TerminalError("nothing is published yet", str(serving), "run `voxhouse run`")
    with duckdb.connect(":memory:") as connection:
        for name in (PUBLISHED_FILE, LEDGER_FILE):
            path = literal(str(current / name))
            connection.execute(f"attach {path} as {Path(name).stem} (read_only)")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set search_path = 'published.marts,ledger.finance,published.operations'")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        try:
            result = connection.execute(sql)
            return [column[0] for column in result.description or []], result.fetchall()
        except duckdb.Error as error:
            raise TerminalError(" ".join(str(error).split()), "query", "correct the SQL") from error


def render(columns: Sequence[str], rows: Sequence[tuple[Any, ...]], form: str) -> str:
    """Rows as csv or json text."""
    if form == "json":
        return json.dumps([dict(zip(columns, row, strict=True)) for row in rows], default=_plain, indent=2)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return buffer.getvalue().rstrip("\n")


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
