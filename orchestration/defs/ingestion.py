"""Landing tables of the sources as assets: one step, the instances side by side in threads."""

from collections import defaultdict
from collections.abc import Iterator

import dagster as dg

from orchestration.ingestion import ingest
from orchestration.resources import HomeRun
from orchestration.steps import one_clear_cause, tell
from orchestration.translators import landing_key, landing_spec, source_tables

SOURCE_TABLES = source_tables()


@dg.multi_asset(
    name="land_sources",
    description="Reads every configured source and every inbox folder; each one fails alone.",
    specs=[landing_spec(kind, table) for kind, tables in SOURCE_TABLES.items() for table in tables],
)
def land_sources(context: dg.AssetExecutionContext, home: HomeRun) -> Iterator[dg.MaterializeResult[None]]:
    """Lands what is new; a run for a past date lands nothing."""
    with one_clear_cause(home.retries):
        reports = ingest(home, lambda message: tell(context, message))
    landed: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for report in reports:
        for name, (rows, _) in report.tables.items():
            landed[report.kind, name][report.instance] = rows
    for kind, tables in SOURCE_TABLES.items():
        for table in tables:
            rows_by_instance = landed[kind, table]
            yield dg.MaterializeResult(
                asset_key=landing_key(kind, table),
                metadata={"dagster/partition_row_count": sum(rows_by_instance.values()), **rows_by_instance},
            )
