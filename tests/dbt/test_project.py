"""The dbt project as a whole: it builds on a landing zone without a row, and its unit tests hold."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.contracts import sql_type
from orchestration.dbt import entities_of_kinds
from pipelines.brands import Brands
from pipelines.entities import FED
from pipelines.landing import columns as rules
from pipelines.landing.ledger import Ledger
from pipelines.landing.views import RunClock, register

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
_DUCKDB = {"string": "VARCHAR"}
BRANDS = Brands.model_validate(
    {
        "brands": {
            "aurora": {"name": "Aurora", "ownership": "own", "timezone": "Europe/Paris", "competitors": ["cirrus"]},
            "cirrus": {"name": "Cirrus", "ownership": "competitor", "timezone": "Europe/Paris"},
        },
    }
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse built by `dbt build`, unit tests included, over an empty landing zone."""
    folder = tmp_path_factory.mktemp("warehouse")
    warehouse = folder / "warehouse.duckdb"
    run = RunClock(as_of=date(2026, 6, 30), as_of_at=datetime(2026, 7, 1, tzinfo=UTC), is_past=False)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        register(connection, Ledger(folder / "landing"), BRANDS, {}, run)
    environment = os.environ | {
        "VOXHOUSE_WAREHOUSE": str(warehouse),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "build"]
    command += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        yield connection


def test_nothing_in_gives_no_fact(built: duckdb.DuckDBPyConnection) -> None:
    tables = built.execute(
        "select table_schema || '.' || table_name from information_schema.tables"
        " where table_schema in ('marts', 'finance') and (table_name like 'fct_%' or table_name like 'mart_%')"
    ).fetchall()
    assert len(tables) > 15
    assert [name for (name,) in tables if built.execute(f"select count(*) from {name}").fetchone() != (0,)] == []


@pytest.mark.parametrize(
    ("kind", "entity"), [(kind, entity) for kind, named in entities_of_kinds().items() for entity in named]
)
def test_staging_gives_an_entity_as_it_is_declared(built: duckdb.DuckDBPyConnection, kind: str, entity: str) -> None:
    given = built.execute(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = 'staging' and table_name = ?",
        [f"stg_{kind}__{entity}"],
    ).fetchall()
    declared = rules.declared(FED[entity])
    assert dict(given) == {
        name: _DUCKDB.get(sql_type(c), sql_type(c).upper().replace(" ", "")) for name, c in declared.items()
    }


def test_every_mart_carries_its_business_date(built: duckdb.DuckDBPyConnection) -> None:
    without = built.execute(
        "select table_name from information_schema.tables where table_schema = 'marts' and table_name not in"
        " (select table_name from information_schema.columns where table_schema = 'marts' and column_name = 'as_of')"
    ).fetchall()
    assert without == []
