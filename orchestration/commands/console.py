"""What the command line prints for people."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from orchestration.commands.runs import Published


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Rows as a table; numbers to the right, NULL as a middle dot."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    # What is read by a program or a pipe is never folded.
    console = Console(width=None if sys.stdout.isatty() else 400)
    for index, column in enumerate(columns):
        is_number = any(isinstance(row[index], int | float) for row in rows)
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    console.print(table)


def _cell(value: object) -> str:
    if value is None:
        return "·"
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return str(value)


def report_run(result: Published) -> None:
    """Seconds by step, the version that was made, and the sources that are not in it as they are now."""
    print_table(["step", "seconds"], [(step, round(seconds, 1)) for step, seconds in result.seconds_by_step.items()])
    state = "published" if result.in_service else "made, not in service (`voxhouse versions` says why)"
    for line in result.failed_sources:
        print(f"voxhouse: {line}", file=sys.stderr)
    count = len(result.failed_sources)
    failed = f", {count} source{'s' if count > 1 else ''} failed" if count else ""
    print(f"version {result.version_id} {state}{failed}")
