"""What an error may say of a file: its place, and texts of its mapping, cut and cleaned; never what stands in it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from pipelines.errors import shown

_SHOWN_COLUMNS = 20


def leads_out(path: Path, folder: Path) -> bool:
    """Whether a path ends outside of the folder once its links are followed."""
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def listed(names: Iterable[str]) -> str:
    """Names, separated by commas; only the first of many."""
    every = list(names)
    more = f" and {len(every) - _SHOWN_COLUMNS} more" if len(every) > _SHOWN_COLUMNS else ""
    return ", ".join(map(shown, every[:_SHOWN_COLUMNS])) + more


def described(columns: Iterable[str], named: Collection[str]) -> str:
    """A file's columns: those of the mapping by their names, the others by position and length."""
    return listed(
        name if name in named else f"column {position} ({len(name)} characters)"
        for position, name in enumerate(columns, 1)
    )


def near(wanted: str, columns: Iterable[str]) -> int | None:
    """Position of the column whose name differs from the wanted one in case and blanks only."""
    alike = wanted.strip().casefold()
    return next((n for n, name in enumerate(columns, 1) if name.strip().casefold() == alike), None)
