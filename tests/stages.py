"""A published version beside what was true of the simulated world at its clock."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from sandbox.store import Store
from tests.homes import LiveHome

HALF_DIGIT = 0.00005
"""Half of the last decimal of an amount in the reporting currency."""
NOISE = 1e-6
"""What sums of doubles may be off by."""


@dataclass(frozen=True)
class Stage:
    """Databases `published` and `ledger` of a version, schemas `memory.truth` and `memory.history`, and `persons`.

    `history` has the files of the drop; `persons` pairs the world's persons with customer keys, as orders show them.
    """

    connection: duckdb.DuckDBPyConnection
    zone: ZoneInfo
    """In which the world cuts its days."""
    clock: datetime
    """Moment of the truth, in that zone."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over all of them."""
        return self.connection.execute(sql).fetchall()

    def one(self, sql: str) -> tuple[Any, ...]:
        """The only row."""
        (row,) = self.rows(sql)
        return row

    def assert_none(self, sql: str) -> None:
        """No row may come of a query."""
        rows = self.rows(sql)
        assert rows == [], "\n".join(map(str, rows[:20]))

    def assert_same(self, found: str, expected: str) -> None:
        """Two queries give the same rows, each as often; NULL equals nothing but NULL."""
        self.assert_none(
            f"with found as ({found}), expected as ({expected})"
            " (select 'found' as side, * from (from found except all from expected))"
            " union all (select 'expected' as side, * from (from expected except all from found)) order by all limit 20"
        )


def keep_stage(home: LiveHome, folder: Path, version: str = "current") -> Stage:
    """Keep a version, the one in service unless said, and the truth of this moment in a folder of their own."""
    shutil.copytree(home.path / "serving" / version, folder)
    shutil.copytree(home.path / "sandbox" / "truth", folder / "truth")
    return attach(folder, folder / "truth", home.path)


def attach(version: Path, truth: Path, home: Path) -> Stage:
    """Open a version's folder beside a folder of truth and a home's history drop, read-only."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    for name in ("published", "ledger"):
        connection.execute(f"attach '{version / name}.duckdb' as {name} (read_only)")
    history = home / "inbox" / "sandbox_history"
    for schema, files in (("truth", truth.glob("*.parquet")), ("history", history.glob("*.csv"))):
        connection.execute(f"create schema {schema}")
        for file in files:
            connection.execute(f"create table {schema}.{file.stem} as from '{file}'")
    connection.execute("set search_path = 'memory.main,published.marts,ledger.finance'")
    connection.execute(
        "create table persons as select distinct person, customer_key"
        " from memory.truth.orders inner join fct_order using (order_id)"
    )
    store = Store(home)
    zone = store.options().zone
    return Stage(connection, zone, store.clock().astimezone(zone))
