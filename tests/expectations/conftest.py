"""A small warehouse that every check thinks well of, and copies of it to spoil."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

Spoil = Callable[[str], Path]


@pytest.fixture(scope="session")
def good_warehouse(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("good") / "warehouse.duckdb"
    # Copied once a test: a small block keeps many small tables small.
    with duckdb.connect(str(path), config={"default_block_size": "16384"}) as con:
        con.execute((Path(__file__).parent / "warehouse.sql").read_text(encoding="utf-8"))
    return path


@pytest.fixture
def spoiled(good_warehouse, tmp_path) -> Spoil:
    """Copies the warehouse and changes it by SQL."""

    def spoil(sql: str) -> Path:
        path = tmp_path / "warehouse.duckdb"
        shutil.copy(good_warehouse, path)
        with duckdb.connect(str(path)) as con:
            con.execute(sql)
        return path

    return spoil


@pytest.fixture
def all_tables(good_warehouse) -> list[str]:
    """Every table of the warehouse, qualified."""
    with duckdb.connect(str(good_warehouse), read_only=True) as con:
        return [
            f"{schema}.{name}"
            for schema, name in con.execute("select table_schema, table_name from information_schema.tables").fetchall()
        ]


@pytest.fixture
def _no_docs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the site unwritten, which takes most of the time of a small check."""
    from great_expectations.data_context import EphemeralDataContext

    monkeypatch.setattr(EphemeralDataContext, "build_data_docs", lambda _context: {})
