"""The tables of the world: records as equal-length numpy columns, so that everything is computed in bulk."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Texts: TypeAlias = NDArray[np.object_]

NEVER = np.iinfo(np.int64).max
"""Moment of what does not happen."""


@dataclass(frozen=True)
class Columns:
    """Base of the world's tables; every field is an array and all have one length. Moments are epoch seconds, UTC."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def take(self, rows: Integers | Flags) -> Self:
        """The chosen rows, as a table of the same kind."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def edit(self, row: int, **values: Any) -> Self:
        """The table with some values of a row changed."""
        edited = {}
        for name, value in values.items():
            edited[name] = getattr(self, name).copy()
            edited[name][row] = value
        return replace(self, **edited)

    def append(self, **values: Any) -> Self:
        """The table with one more row; a value for each column."""
        grown = {}
        for f in fields(self):
            column = getattr(self, f.name)
            cell = np.empty(1, dtype=column.dtype)
            cell[0] = values[f.name]
            grown[f.name] = np.concatenate([column, cell])
        return replace(self, **grown)


def texts(values: Any) -> Texts:
    """An object column of strings (or None)."""
    column = np.empty(len(values), dtype=object)
    column[:] = list(values)
    return column


def total_by(group: Integers, values: Floats | Integers, groups: int) -> Floats:
    """Sum of the values of each group; groups are numbers from 0."""
    return np.bincount(group, values, groups).astype(np.float64)


def offsets(lengths: Integers) -> Integers:
    """Start of each group, and the end of the last, for groups of these lengths that lie one after the other."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths, dtype=np.int64)])
