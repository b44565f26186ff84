"""The run's DuckDB file: the landing views in it, and what is counted from it."""

from __future__ import annotations

import duckdb

from orchestration.resources import HomeRun
from pipelines.landing.ledger import Ledger
from pipelines.landing.loading import instances
from pipelines.landing.views import register


def open_landing(run: HomeRun) -> None:
    """Make the landing views and configuration tables of this run's warehouse."""
    run.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(run.warehouse)) as connection:
        ledger = Ledger(run.settings.layout.landing)
        register(connection, ledger, run.brands, instances(run.settings.layout, run.brands), run.clock)


def row_counts(run: HomeRun) -> dict[tuple[str, ...], int]:
    """Rows by (schema, table), as DuckDB's catalogue knows them."""
    with duckdb.connect(str(run.warehouse), read_only=True) as connection:
        rows = connection.execute("select schema_name, table_name, estimated_size from duckdb_tables()").fetchall()
    return {(schema, name): int(size) for schema, name, size in rows}
