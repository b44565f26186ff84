"""The landing zone as its readers see it: views over the accepted loads, and tables of how a run is configured."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.brands import Brands
from pipelines.casts import duckdb_type, path_literal, quoted
from pipelines.ledger import Ledger, Load
from pipelines.packages import Packages
from pipelines.records import QUARANTINE, STREAMS, nullable
from pipelines.schema import BOOLEAN, DATE, DOUBLE, INTEGER, TEXT, TIMESTAMP, Table
from pipelines.sources import KINDS

TABLE_MODULES = {kind: f"pipelines.sources.{kind}.tables" for kind in KINDS} | {"models": "pipelines.models.tables"}
"""Source kind to the module that declares its landing tables."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A source instance: an API account or a file drop."""

    kind: str
    brand_id: str


@dataclass(frozen=True, slots=True)
class RunClock:
    """The day that a run is for."""

    as_of: date
    as_of_at: datetime
    """Exclusive upper bound of event times, UTC."""
    is_past: bool


def tables_of(kind: str) -> tuple[Table, ...]:
    """Landing tables that a source kind declares."""
    tables: tuple[Table, ...] = importlib.import_module(TABLE_MODULES[kind]).TABLES
    return tables


def land(landing_dir: Path, dlt_dir: Path, instance: str, tables: Mapping[Table, pa.Table], now: datetime) -> str:
    """Land results of our own (kind `models`) and accept them at once; returns the load id. `now` is UTC."""
    ledger = Ledger(landing_dir)
    packages = Packages(landing_dir, dlt_dir, instance)
    packages.finish_pending()
    batches = {table.name: iter([_complete(table, rows, instance, now)]) for table, rows in tables.items()}
    load_id = packages.write("models", batches)
    ledger.accept(load_id, "voxhouse", "results of the models")
    return load_id


def _complete(table: Table, rows: pa.Table, instance: str, now: datetime) -> pa.Table:
    """Rows with the loader's columns filled and every type as declared."""
    filled = {"source_instance": pa.scalar(instance, TEXT), "_observed_at": pa.scalar(now, TIMESTAMP)}
    schema = nullable(table)
    columns = [
        rows[field.name].cast(field.type)
        if field.name in rows.column_names
        else pa.repeat(filled.get(field.name, pa.scalar(None, field.type)), rows.num_rows)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def register(
    con: duckdb.DuckDBPyConnection,
    landing_dir: Path,
    brands: Brands,
    instances: Mapping[str, Instance],
    run: RunClock,
) -> None:
    """Make schema `landing`: views of every declared table, quarantine and streams, and the configuration tables."""
    register_views(con, Ledger(landing_dir).accepted())
    for name, (columns, rows) in _config_tables(brands, instances, run).items():
        _create_table(con, name, columns, rows)


def register_views(con: duckdb.DuckDBPyConnection, loads: Sequence[Load]) -> None:
    """Views `landing.<kind>__<table>`, `landing.quarantine` and `landing.streams` over the files of these loads."""
    con.execute("create schema if not exists landing")
    for kind in TABLE_MODULES:
        of_kind = [load for load in loads if load.kind == kind]
        for table in tables_of(kind):
            _create_view(con, f"{kind}__{table.name}", table, of_kind)
    for table in (QUARANTINE, STREAMS):
        _create_view(con, table.name.removeprefix("_"), table, loads)


def _create_view(con: duckdb.DuckDBPyConnection, name: str, table: Table, loads: Iterable[Load]) -> None:
    """The empty branch gives a column that no file has yet, and every type."""
    columns = [(column.name, duckdb_type(column.type)) for column in table.all_columns] + [("_dlt_load_id", "VARCHAR")]
    empty = ", ".join(f"null::{kind} as {quoted(column)}" for column, kind in columns)
    files = [path_literal(path) for load in loads for path in load.files.get(table.name, ())]
    query = f"select {empty} where false"
    if files:
        reading = f"read_parquet([{', '.join(files)}], union_by_name = true, hive_partitioning = false)"
        query += f" union all by name select * from {reading}"
    selected = ", ".join(quoted(column) for column, _ in columns)
    con.execute(f"create or replace view landing.{quoted(name)} as select {selected} from ({query})")


_Config = dict[str, tuple[Mapping[str, pa.DataType], list[tuple[Any, ...]]]]


def _config_tables(brands: Brands, instances: Mapping[str, Instance], run: RunClock) -> _Config:
    """Columns and rows of the configuration tables, by name."""
    value, attrition = brands.lifetime_value, brands.attrition
    settings = {
        "as_of": (DATE, run.as_of),
        "as_of_at": (TIMESTAMP, run.as_of_at),
        "is_past": (BOOLEAN, run.is_past),
        "reporting_currency": (TEXT, brands.reporting_currency),
        "horizon_months": (INTEGER, value.horizon_months),
        "discount_rate_year": (DOUBLE, value.discount_rate_year),
        "silence_days": (INTEGER, attrition.silence_days),
        "gap_multiple": (DOUBLE, attrition.gap_multiple),
        "attrition_horizon_days": (INTEGER, attrition.horizon_days),
        "probability_threshold": (DOUBLE, attrition.probability_threshold),
        "freshness_hours": (DOUBLE, brands.quality.freshness_hours),
    }
    of_brand = brands.brands.items()
    return {
        "run": ({name: kind for name, (kind, _) in settings.items()}, [tuple(v for _, v in settings.values())]),
        "brands": (
            _texts("brand_id", "brand_name", "ownership", "timezone", "currency", "week_start"),
            [(name, b.name, b.ownership, b.timezone, b.currency, b.week_start) for name, b in of_brand],
        ),
        "competitors": (
            _texts("brand_id", "competitor_brand_id"),
            [(name, competitor) for name, b in of_brand for competitor in b.competitors],
        ),
        "accounts": (
            _texts("brand_id", "network", "account_id", "username"),
            _accounts(brands),
        ),
        "value_bands": ({"value_band": TEXT, "minimum_net_revenue": DOUBLE}, list(brands.value_bands.items())),
        "sources": (
            _texts("source_instance", "kind", "brand_id"),
            [(name, instance.kind, instance.brand_id) for name, instance in instances.items()],
        ),
    }


def _accounts(brands: Brands) -> list[tuple[Any, ...]]:
    """Accounts by id as brands name them, and by handle as sources name those of competitors."""
    by_id = [
        (name, network, account, None)
        for name, brand in brands.brands.items()
        for network, ids in brand.accounts.items()
        for account in ids
    ]
    by_handle = [
        (name, source.kind, None, handle.removeprefix("@"))
        for source in brands.sources.values()
        for name, handle in source.competitors.items()
    ]
    return [*by_id, *by_handle]


def _texts(*names: str) -> dict[str, pa.DataType]:
    return dict.fromkeys(names, TEXT)


def _create_table(
    con: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, pa.DataType], rows: list[tuple[Any, ...]]
) -> None:
    declared = ", ".join(f"{quoted(column)} {duckdb_type(kind)}" for column, kind in columns.items())
    con.execute(f"create or replace table landing.{quoted('config__' + name)} ({declared})")
    if rows:
        con.executemany(
            f"insert into landing.{quoted('config__' + name)} values ({', '.join('?' * len(columns))})", rows
        )
