"""Records that are odd, each in its own way: one load has them all, since none may touch another."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.hostile.trial import Row, Rows, Trial
from tests.hostile.vendor import Vendor

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Odd:
    """A record that is like others, but for `change`."""

    name: str
    table: str
    change: Callable[[Any], object]
    """Changes the record in the vendor's world."""
    cells: Row | None = field(default_factory=dict)
    """What differs in the row that lands; None: it is set aside."""
    key: Key | None = None
    """Of the row, where the oddity changes it."""
    aside: Mapping[str, int] = field(default_factory=dict)
    """Rows of other tables that are set aside with it."""


@dataclass(frozen=True)
class OddLoad:
    """One load of a world with all oddities, and one of the same world without them."""

    rows: Rows
    plain: Rows
    keys: Mapping[str, Key]
    """By the oddity's name."""
    aside: Mapping[str, int]

    def check(self, odd: Odd) -> None:
        """The record landed as it is meant, or not at all."""
        key = self.keys[odd.name]
        found = self.rows[odd.table].get(odd.key or key)
        expected = None if odd.cells is None else {**self.plain[odd.table][key], **odd.cells}
        assert found == expected, (found, expected)


def load_odd(make: type[Vendor], odds: Sequence[Odd], open_trial: Callable[..., Trial]) -> OddLoad:
    """Load both worlds."""
    plain, odd_one = make(), make()
    keys = {odd.name: plain.add(odd.table)[0] for odd in odds}
    for odd in odds:
        odd.change(odd_one.add(odd.table)[1])
    before, after = open_trial(plain, name="plain"), open_trial(odd_one, name="odd")
    tables = [trial.load() for trial in (before, after)][1]
    assert (plain.failures, odd_one.failures, before.leaks(), after.leaks()) == ([], [], [], [])
    return OddLoad(after.rows(), before.rows(), keys, {table: bad for table, (_, bad) in tables.items() if bad})


def expected_aside(odds: Sequence[Odd]) -> dict[str, int]:
    """How many records are set aside, by table."""
    counts: Counter[str] = Counter(odd.table for odd in odds if odd.cells is None)
    for odd in odds:
        counts.update(odd.aside)
    return dict(counts)


def member(path: str, value: Any) -> Callable[[Any], object]:
    """Another value at a dotted path of the record."""

    def change(record: Any) -> None:
        *parents, name = path.split(".")
        parent = record
        for part in parents:
            parent = parent[int(part)] if isinstance(parent, list) else parent[part]
        parent[name] = copy.deepcopy(value)

    return change
