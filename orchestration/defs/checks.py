"""Great Expectations' suites of staging and marts as blocking checks: what fails builds nothing after it."""

from collections.abc import Iterator, Sequence

import dagster as dg

from expectations import MART_TABLES, STAGING_TABLES
from orchestration.failures import one_clear_cause
from orchestration.progress import tell
from orchestration.quality import Failed, blocking, check_marts, check_staging
from orchestration.resources import Writer
from orchestration.translators import data_docs, shown_check

CHECK = "expectations"
REMEDY = "its page says why it must hold; mend the data or the model, and build again"


def _specs(tables: Sequence[str]) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            CHECK, asset=table.split("."), blocking=True, description=f"What only the whole of {table} can show."
        )
        for table in tables
    ]


@dg.multi_asset_check(name="check_staging", specs=_specs(STAGING_TABLES))
def staging_checks(context: dg.AssetCheckExecutionContext, writer: Writer) -> Iterator[dg.AssetCheckResult]:
    """Proves the staging and intermediate layers."""
    with one_clear_cause():
        failed = check_staging(writer.warehouse)
    yield from _results(context, "staging", STAGING_TABLES, failed)


@dg.multi_asset_check(name="check_marts", specs=_specs(MART_TABLES))
def mart_checks(context: dg.AssetCheckExecutionContext, writer: Writer) -> Iterator[dg.AssetCheckResult]:
    """Proves the marts: distributions, reconciliation, readiness to publish."""
    with one_clear_cause():
        failed = check_marts(writer.warehouse)
    yield from _results(context, "marts", MART_TABLES, failed)


def _results(
    context: dg.AssetCheckExecutionContext, stage: str, tables: Sequence[str], failed: Failed
) -> Iterator[dg.AssetCheckResult]:
    faults = blocking(failed)
    tell(context, f"{stage} checks: " + (f"{len(faults)} failed" if faults else "passed"))
    for table in tables:
        yield shown_check(dg.AssetKey(table.split(".")), CHECK, failed.get(table, ()), data_docs(stage), REMEDY, {})
