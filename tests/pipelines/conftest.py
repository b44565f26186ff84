"""A home of its own for each test, with one brand, and a short way to load and read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.brands import Brand, Brands
from pipelines.home import Home
from pipelines.landing import RunClock, register
from pipelines.ledger import Ledger
from pipelines.loading import LoadReport, instances, load_instance

NOW = datetime(2026, 6, 30, 22, tzinfo=UTC)


class World:
    """One home under test."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.brands = Brands(brands={"aurora": Brand(name="Aurora", ownership="own", timezone="Europe/Paris")})
        self.loads = 0

    def drop(self, mapping: str, name: str = "shop", **files: str | bytes) -> Path:
        """Write a drop's folder; a file's name is given with _ for its last dot(s), as sales_csv."""
        folder = self.home.inbox / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "drop.yml").write_text("brand: aurora\n" + mapping)
        for file, content in files.items():
            (folder / file.replace("_", ".")).write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    def load(self, name: str = "shop", accept: bool = True) -> LoadReport:
        """Load an instance an hour after the load before, and accept what came."""
        report = load_instance(self.home, name, self.brands, NOW + timedelta(hours=self.loads), environment={})
        self.loads += 1
        if accept and report.load_id:
            self.ledger.accept(report.load_id, "test", "as expected")
        return report

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.home.landing)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """SQL over the landing views."""
        with duckdb.connect() as con:
            con.execute("set timezone = 'UTC'")
            run = RunClock(date(2026, 6, 30), NOW, is_past=False)
            register(con, self.home.landing, self.brands, instances(self.home, self.brands), run)
            return con.execute(sql).fetchall()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


@pytest.fixture
def make_world(tmp_path: Path) -> Callable[[str], World]:
    return lambda name: World(tmp_path / name)
