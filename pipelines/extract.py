"""What a source hands to the loader: streams of pages of records, and what it may know while it reads.

A source package `pipelines/sources/<kind>/` exposes `TABLES`, `CREDENTIALS` (names of the secrets that it needs) and
`streams(instance, config, context) -> list[Stream]`. Typing, row rules, quarantine and landing are the loader's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa

from pipelines.schema import Table


class Tokeniser(Protocol):
    """Turns identifiers of persons into vault tokens; equal identifiers give equal tokens, None and '' give None."""

    def tokens(self, kind: str, identifiers: Sequence[str | None]) -> list[str | None]:
        """`kind` is email, phone or handle; the order is kept. Phones are E.164 or made so where they can be."""
        ...


@dataclass(frozen=True, slots=True)
class LoadContext:
    """All that a source may know while it reads."""

    now: datetime
    """The business clock, UTC."""
    credentials: Mapping[str, str]
    vault: Tokeniser
    cursor: Callable[[str], str | None]
    """Stream name to the high-water mark of its newest accepted load that has one; None: read from the start."""
    query: Callable[[str], pa.Table]
    """SQL over the accepted landing views, `landing.<kind>__<table>`, by which a source knows its past readings."""


@dataclass(frozen=True, slots=True)
class Page:
    """Records of one table as the API gave them, keyed by declared column; `_extra`: a dict of others, allowed."""

    table: Table
    records: list[dict[str, Any]]
    cursor: str | None = None
    """High-water mark once this page is landed."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One thing to read to its end. When `read` is exhausted it is complete; when it raises, nothing counts."""

    name: str
    read: Callable[[], Iterator[Page]]
    tables: tuple[Table, ...] = field(default=())
