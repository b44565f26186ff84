"""The tables by which people watch the warehouse itself: loads, freshness, quarantine, checks, version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from orchestration.quality import stored_results
from orchestration.warehouse import Warehouse

TEXT, INTEGER, BOOLEAN, DATE = pa.string(), pa.int64(), pa.bool_(), pa.date32()
TIMESTAMP = pa.timestamp("us", tz="UTC")
_LOAD = pa.schema(
    [
        ("load_id", TEXT),
        ("source_instance", TEXT),
        ("kind", TEXT),
        ("completed_at", TIMESTAMP),
        ("status", TEXT),
        ("decided_by", TEXT),
        ("reason", TEXT),
        ("rows_landed", INTEGER),
        ("rows_quarantined", INTEGER),
    ]
)
_CHECK_RESULT = pa.schema(
    [
        ("stage", TEXT),
        ("suite", TEXT),
        ("table_name", TEXT),
        ("check_name", TEXT),
        ("column_name", TEXT),
        ("success", BOOLEAN),
        ("severity", TEXT),
        ("observed", TEXT),
        ("expected", TEXT),
        ("evaluated_at", TIMESTAMP),
    ]
)
_VERSION = pa.schema([("version_id", TEXT), ("published_at", TIMESTAMP), ("as_of", DATE), ("run_id", TEXT)])
# A dropped file has said all that it will say: only what an API could tell anew can be late.
_FRESHNESS_SQL = """
    with tables as (
        select source_instance, table_name, max(_observed_at) as last_observed_at
        from landing.streams
        group by all
    )

    select
        sources.source_instance,
        tables.table_name,
        tables.last_observed_at,
        sources.read_at,
        sources.failing_since,
        sources.fault,
        date_diff('minute', sources.read_at, run.as_of_at) / 60.0 as age_hours,
        sources.failing_since is null
        and sources.read_at is not null
        and (sources.is_delivery or age_hours <= run.freshness_hours) as is_fresh
    from landing.config__sources as sources
    cross join landing.config__run as run
    left join tables using (source_instance)
    order by all
"""
_BEHIND_SQL = """
    select
        source_instance,
        max(read_at) as read_at,
        max(failing_since) as failing_since,
        max(fault) as fault
    from freshness
    where not is_fresh
    group by all
    order by all
"""
_QUARANTINE_SQL = """
    select
        _dlt_load_id as load_id,
        source_instance,
        table_name,
        source_file,
        column_name,
        reason,
        count(*) as records_count
    from landing.quarantine
    group by all
    order by all
"""


def operations_tables(warehouse: Warehouse, version_id: str, run_id: str) -> Mapping[str, pa.Table]:
    """Tables of schema `operations` by name; grain as each one's columns say, times in UTC."""
    with duckdb.connect(str(warehouse.file), read_only=True) as connection:
        freshness = connection.execute(_FRESHNESS_SQL).to_arrow_table()
        quarantine = connection.execute(_QUARANTINE_SQL).to_arrow_table()
    version = {
        "version_id": version_id,
        "published_at": warehouse.wall_clock,
        "as_of": warehouse.clock.as_of,
        "run_id": run_id,
    }
    return {
        "load": pa.Table.from_pylist(_loads(warehouse), schema=_LOAD),
        "freshness": freshness,
        "quarantine": quarantine,
        "check_result": pa.Table.from_pylist(_check_results(warehouse), schema=_CHECK_RESULT),
        "version": pa.Table.from_pylist([version], schema=_VERSION),
    }


def behind(freshness: pa.Table) -> tuple[str, ...]:
    """A line for each source of which a version shows less than could be known: as of when it shows it, and why.

    `freshness` is the table of `operations_tables` of that name.
    """
    with duckdb.connect() as connection:
        connection.register("freshness", freshness)
        rows = connection.execute(_BEHIND_SQL).fetchall()
    return tuple(_line(*row) for row in rows)


def _line(instance: str, read_at: datetime | None, failing_since: datetime | None, fault: str | None) -> str:
    shown = f"as of {_utc(read_at)}" if read_at else "never read"
    return f"{instance} is shown {shown}" + (f"; fails since {_utc(failing_since)}: {fault}" if failing_since else "")


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _loads(warehouse: Warehouse) -> list[dict[str, object]]:
    return [
        {
            "load_id": load.load_id,
            "source_instance": load.source_instance,
            "kind": load.kind,
            "completed_at": load.completed_at,
            "status": load.status,
            "decided_by": load.decided_by,
            "reason": load.reason,
            "rows_landed": sum(n for name, n in load.rows.items() if not name.startswith("_")),
            "rows_quarantined": load.rows.get("_quarantine", 0),
        }
        for load in warehouse.ledger.loads()
    ]


def _check_results(warehouse: Warehouse) -> list[dict[str, object]]:
    return [
        {**result, "evaluated_at": datetime.fromisoformat(str(result["evaluated_at"]))}
        for result in stored_results(warehouse)
    ]
