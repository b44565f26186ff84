"""The landing zone as its readers see it: views over the accepted loads, and tables of how a run is configured."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.brands import Brands
from pipelines.errors import ConfigError
from pipelines.landing import columns as rules
from pipelines.landing.judge import MENDED, QUARANTINE
from pipelines.landing.ledger import Ledger
from pipelines.landing.readings import Reading, reading
from pipelines.landing.streams import STREAMS
from pipelines.sources import KINDS, SourceConfiguration
from pipelines.sql import parquet, quoted

RESULTS = "models"
"""Kind of what our own models land."""
_DECLARATIONS = {kind: f"pipelines.sources.{kind}.settings" for kind in KINDS} | {RESULTS: "pipelines.models.tables"}
"""Kind to the module that declares its landing tables."""
_OF_ALL = {"quarantine": QUARANTINE, "mended": MENDED, "streams": STREAMS}
"""Views over all instances: their tables have the same names with an underscore before."""


@dataclass(frozen=True, slots=True)
class RunClock:
    """The day that a run is for."""

    as_of: date
    as_of_at: datetime
    """Exclusive upper bound of event times, UTC."""
    is_past: bool
    known_until: datetime | None = None
    """When the build began, UTC, exclusive: a past day of a brand far in the west may not be over; None: as_of_at."""


def tables_of(kind: str) -> Mapping[str, rules.Table]:
    """Landing tables that a kind declares, by name."""
    tables: Mapping[str, rules.Table] = importlib.import_module(_DECLARATIONS[kind]).TABLES
    return tables


def view_names() -> list[str]:
    """Every landing view that there is."""
    return [*(f"{kind}__{table}" for kind in _DECLARATIONS for table in tables_of(kind)), *_OF_ALL]


def register(
    con: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    brands: Brands,
    instances: Mapping[str, SourceConfiguration],
    run: RunClock,
) -> None:
    """Make schema `landing`: views of every declared table, quarantine, mended and streams, and the configuration."""
    register_views(con, ledger, view_names())
    readings = {name: Reading(run.as_of_at) if run.is_past else reading(ledger, name) for name in instances}
    for name, (columns, rows) in _config_tables(brands, instances, run, readings).items():
        _create_table(con, name, columns, rows)


def register_views(con: duckdb.DuckDBPyConnection, ledger: Ledger, names: Iterable[str]) -> None:
    """Views `landing.<kind>__<table>`, `landing.quarantine` and `landing.streams`, of those asked for."""
    con.execute("create schema if not exists landing")
    asked = {name: _OF_ALL.get(name) or _columns(name) for name in names}
    found: dict[str, list[Path]] = {name: [] for name in asked}
    for instance in ledger.instances():
        loads = ledger.accepted(instance)
        if not loads:
            continue
        wanted = {name: _file_table(name, loads[-1].kind) for name in asked}
        files = ledger.files([table for table in wanted.values() if table], instance)
        for name, table in wanted.items():
            found[name] += files.get(table, []) if table else []
    for name, columns in asked.items():
        scan = parquet(found[name]) if found[name] else None
        con.execute(f"create or replace view landing.{quoted(name)} as {rules.view(columns, scan)}")


def query(ledger: Ledger, sql: str, names: Iterable[str]) -> pa.Table:
    """SQL over the landing views of these names, with or without their schema."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'; set enable_progress_bar = false")
        register_views(con, ledger, names)
        con.execute("set search_path = 'landing'")
        return con.execute(sql).to_arrow_table()


def _columns(view: str) -> rules.Columns:
    kind, _, table = view.partition("__")
    return rules.landed(tables_of(kind)[table])


def _file_table(view: str, kind: str) -> str | None:
    """Name of the table whose files of an instance of that kind belong to a view; None: none do."""
    if view in _OF_ALL:
        return f"_{view}"
    of_kind, _, table = view.partition("__")
    return table if of_kind == kind else None


_Config = dict[str, tuple[Mapping[str, str], list[tuple[Any, ...]]]]


def _config_tables(
    brands: Brands,
    instances: Mapping[str, SourceConfiguration],
    run: RunClock,
    readings: Mapping[str, Reading],
) -> _Config:
    """Columns and rows of the configuration tables, by name."""
    value, attrition = brands.lifetime_value, brands.attrition
    settings = {
        "as_of": ("DATE", run.as_of),
        "as_of_at": ("TIMESTAMPTZ", run.as_of_at),
        "is_past": ("BOOLEAN", run.is_past),
        "known_until": ("TIMESTAMPTZ", run.known_until or run.as_of_at),
        "reporting_currency": ("VARCHAR", brands.reporting_currency),
        "horizon_months": ("BIGINT", value.horizon_months),
        "discount_rate_year": ("DOUBLE", value.discount_rate_year),
        "silence_days": ("BIGINT", attrition.silence_days),
        "gap_multiple": ("DOUBLE", attrition.gap_multiple),
        "attrition_horizon_days": ("BIGINT", attrition.horizon_days),
        "probability_threshold": ("DOUBLE", attrition.probability_threshold),
        "freshness_hours": ("DOUBLE", brands.quality.freshness_hours),
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
        "value_bands": ({"value_band": "VARCHAR", "minimum_net_revenue": "DOUBLE"}, list(brands.value_bands.items())),
        "sources": _sources(instances, readings),
        "ledgers": (_texts("brand_id", "source_instance"), _ledgers(brands, instances)),
    }


def _sources(
    instances: Mapping[str, SourceConfiguration], readings: Mapping[str, Reading]
) -> tuple[Mapping[str, str], list[tuple[Any, ...]]]:
    """The sources that can be used, and how their newest attempts went; of a past day all is known."""
    columns = _texts("source_instance", "kind", "brand_id", "timezone") | {
        "is_delivery": "BOOLEAN",
        "read_at": "TIMESTAMPTZ",
        "failing_since": "TIMESTAMPTZ",
        "fault": "VARCHAR",
    }
    rows = []
    for name, known in instances.items():
        if known.fault is None:
            of = readings[name]
            said = (name, known.kind, known.brand, known.report_timezone, known.is_delivery)
            rows.append((*said, of.read_at, of.failing_since, of.fault))
    return columns, rows


def _ledgers(brands: Brands, instances: Mapping[str, SourceConfiguration]) -> list[tuple[Any, ...]]:
    """Sources whose orders alone are a brand's revenue; raises ConfigError for one that is no source of the brand."""
    named = [(brand_id, name) for brand_id, brand in brands.brands.items() for name in brand.revenue_ledger]
    for brand_id, name in named:
        if name not in instances or instances[name].brand != brand_id:
            what = f"{name} is no source of {brand_id}"
            raise ConfigError(what, f"brands.{brand_id}.revenue_ledger", "name those of `voxhouse doctor`")
    return named


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
        for name, handle in source.handles.items()
    ]
    return [*by_id, *by_handle]


def _texts(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "VARCHAR")


def _create_table(
    con: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str], rows: list[tuple[Any, ...]]
) -> None:
    declared = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
    con.execute(f"create or replace table landing.{quoted('config__' + name)} ({declared})")
    if rows:
        con.executemany(
            f"insert into landing.{quoted('config__' + name)} values ({', '.join('?' * len(columns))})", rows
        )
