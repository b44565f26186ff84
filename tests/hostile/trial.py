"""One load against a vendor on a real socket: what landed, what was set aside, or the one line that refused it."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.brands import Brands
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.landing.ledger import Ledger
from pipelines.landing.loading import load_instance
from tests.hostile.vendor import Change, Vendor

NOW = datetime(2026, 6, 30, 22, tzinfo=UTC)
Row = dict[str, Any]
Rows = Mapping[str, Mapping[tuple[Any, ...], Row]]
"""Landed rows by table and key; tokens are written as what they stand for."""
PYTHON = re.compile(
    r"object has no attribute|(?:Key|Index|Type|Value|Attribute|Unicode\w*|Recursion|Overflow|JSONDecode)Error"
    r"|Traceback|NoneType|subscriptable|unhashable|indices must|object is not|<class|<\w+ object| at 0x|site-packages"
    r"|Binder Error|Conversion Error|Invalid Input Error|Parser Error|dlt\.",
)


@dataclass(frozen=True)
class Exact:
    """Every row lands, as the vendor's world has it, but for these: {table: {key: {column: value}}}."""

    cells: Mapping[str, Mapping[tuple[Any, ...], Row]] = field(default_factory=dict)
    absent: Mapping[str, frozenset[tuple[Any, ...]]] = field(default_factory=dict)
    like: Mapping[tuple[str, tuple[Any, ...]], tuple[Any, ...]] = field(default_factory=dict)
    """Rows that the world had not, by table and key, each with the key of the row that it is a copy of."""


@dataclass(frozen=True)
class Quarantined:
    """So many records are set aside, and all else lands: {table: keys}."""

    keys: Mapping[str, frozenset[tuple[Any, ...]]]
    absent: Mapping[str, frozenset[tuple[Any, ...]]] = field(default_factory=dict)
    """Rows that hang on a record that was set aside."""


@dataclass(frozen=True)
class Refused:
    """Nothing lands, and one line says this."""

    line: str


Expected = Exact | Quarantined | Refused


@dataclass(frozen=True)
class Case:
    """One wrong answer, or one odd record."""

    name: str
    change: Change | None
    expected: Expected
    spoils: str | None = None
    """Which answers are changed; None: those of the vendor's main listing."""
    world: Callable[[Any], object] | None = None
    """Changes the vendor's world before the load."""
    bounds: Mapping[str, float] = field(default_factory=dict)
    """Constants of the JSON client that are lowered."""
    loads: int = 1
    """After so many loads, an hour apart, all must be as it is at the vendor."""
    is_loaded_again: bool = False
    """Once the vendor answers well, all that was refused must land."""


class Trial:
    """A home that loads from one vendor."""

    def __init__(self, vendor: Vendor, root: Path, bounds: Mapping[str, float]) -> None:
        self.vendor, self.home, self.bounds = vendor, Home(root), bounds

    def load(self, hours: int = 0, **variables: str) -> dict[str, tuple[int, int]]:
        """Load so many hours after the first load, and accept it; (landed, set aside) by table."""
        own = {"name": "Aurora", "ownership": "own", "timezone": "Europe/Paris", "competitors": ["rival"]}
        rival = {"name": "Rival", "ownership": "competitor", "timezone": "Europe/Paris"}
        brands = Brands.model_validate(
            {
                "brands": {"aurora": own, "rival": rival},
                "sources": {self.vendor.instance: self.vendor.configuration()},
            }
        )
        now = NOW + timedelta(hours=hours)
        with pytest.MonkeyPatch.context() as patch:
            self._lower(patch)
            report = load_instance(
                self.home, self.vendor.instance, brands, now, environment=variables or self.vendor.variables
            )
        if report.load_id:
            Ledger(self.home.landing).accept(report.load_id, "test", "as expected")
        return dict(report.tables)

    def refusal(self, **variables: str) -> str:
        """The line of a load that must be refused."""
        try:
            tables = self.load(**variables)
        except PipelineError as error:
            self._say_nothing_of_persons(error)
            return str(error)
        raise AssertionError(f"a wrong answer was taken for good: {tables}")

    def rows(self) -> Rows:
        """The newest landed row of each key."""
        folder, names = self.home.landing / self.vendor.instance, self._identifiers()
        found: dict[str, dict[tuple[Any, ...], Row]] = {}
        for table, key in self.vendor.tables.items():
            files = [str(path) for path in sorted((folder / table).rglob("*.parquet"))]
            found[table] = {}
            if files:
                with duckdb.connect() as con:
                    con.execute("set timezone = 'UTC'")
                    scan = "read_parquet(?, union_by_name = true, hive_partitioning = false)"
                    read = con.execute(f"from {scan} order by _observed_at, _dlt_load_id", [files])
                    columns = [column[0] for column in read.description]
                    rows = [dict(zip(columns, row, strict=True)) for row in read.fetchall()]
                for row in rows:
                    shown = {n: names.get(str(v), v) for n, v in row.items() if not n.startswith("_")}
                    found[table][tuple(shown[name] for name in key)] = shown
        return found

    def leaks(self) -> list[str]:
        """Files outside the vault's half that hold what only it may hold."""
        marks = [text.encode() for text in self.vendor.identifiers]
        return [
            str(path.relative_to(self.home.root))
            for path in self.home.root.rglob("*")
            if path.is_file() and self.home.pii not in path.parents and any(m in path.read_bytes() for m in marks)
        ]

    def check_line(self, line: str) -> None:
        """One clean line that names the source and no person, credential or fault of ours."""
        assert self.vendor.instance in line
        assert len(line) <= 600
        assert [sign for sign in line if unicodedata.category(sign)[0] == "C" or sign in "\u2028\u2029"] == []
        assert PYTHON.findall(line) == []
        assert [text for text in self.vendor.identifiers if text in line] == []

    def _lower(self, patch: pytest.MonkeyPatch) -> None:
        """Smaller pages, so that a small world has several, and smaller bounds; only while it loads."""
        kind = f"pipelines.sources.{self.vendor.kind}"
        settings, client = import_module(f"{kind}.settings"), import_module(f"{kind}.json_client")
        for name, value in self.vendor.settings.items():
            patch.setattr(settings, name, value)
        for name, value in self.bounds.items():
            patch.setattr(client, name, value)

    def _identifiers(self) -> dict[str, str]:
        """What each token stands for."""
        path = self.home.pii / "vault.db"
        if not path.exists():
            return {}
        with sqlite3.connect(path) as con:
            rows = con.execute("select token, identifier from identifiers").fetchall()
        return {token: f"«{value.partition(chr(10))[2] or value}»" for token, value in rows}

    def _say_nothing_of_persons(self, error: BaseException) -> None:
        """What is kept of an error is its whole chain."""
        told: BaseException | None = error
        while told is not None:
            assert [text for text in self.vendor.identifiers if text in str(told)] == [], type(told)
            told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
