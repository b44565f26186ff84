"""The tables by which people watch the warehouse itself: loads, freshness, quarantine, checks, version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import duckdb
import pyarrow as pa

from orchestration.quality import stored_results
from orchestration.resources import HomeRun
from pipelines.landing.ledger import Ledger

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
# A dropped file has said all that it will say: only what an API could tell anew can be stale.
_FRESHNESS_SQL = """
    select
        streams.source_instance,
        streams.table_name,
        max(streams._observed_at) as last_observed_at,
        date_diff('minute', last_observed_at, $now) / 60.0 as age_hours,
        bool_or(sources.is_delivery) or age_hours <= $limit_hours as is_fresh
    from landing.streams as streams
    inner join landing.config__sources as sources using (source_instance)
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


def operations_tables(run: HomeRun, version_id: str, run_id: str) -> Mapping[str, pa.Table]:
    """Tables of schema `operations` by name; grain as each one's columns say, times in UTC."""
    with duckdb.connect(str(run.warehouse), read_only=True) as connection:
        limits = {"now": run.now, "limit_hours": run.brands.quality.freshness_hours}
        freshness = connection.execute(_FRESHNESS_SQL, limits).to_arrow_table()
        quarantine = connection.execute(_QUARANTINE_SQL).to_arrow_table()
    version = {
        "version_id": version_id,
        "published_at": run.wall_clock,
        "as_of": run.clock.as_of,
        "run_id": run_id,
    }
    return {
        "load": pa.Table.from_pylist(_loads(run), schema=_LOAD),
        "freshness": freshness,
        "quarantine": quarantine,
        "check_result": pa.Table.from_pylist(_check_results(run), schema=_CHECK_RESULT),
        "version": pa.Table.from_pylist([version], schema=_VERSION),
    }


def _loads(run: HomeRun) -> list[dict[str, object]]:
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
        for load in Ledger(run.settings.layout.landing).loads()
    ]


def _check_results(run: HomeRun) -> list[dict[str, object]]:
    return [
        {**result, "evaluated_at": datetime.fromisoformat(str(result["evaluated_at"]))}
        for result in stored_results(run)
    ]
