"""Great Expectations' suites as blocking checks: what fails builds nothing after it and publishes nothing."""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.ingestion import SOURCE_TABLES
from orchestration.quality import MART_TABLES, STAGING_TABLES, check_loads, check_marts, check_staging
from orchestration.resources import HomeRun
from orchestration.steps import one_clear_cause, tell
from orchestration.translators import landing_key

RAW_CHECK, CHECK = "raw_load", "expectations"


def _specs(tables: tuple[str, ...]) -> list[dg.AssetCheckSpec]:
    return [dg.AssetCheckSpec(CHECK, asset=table.split("."), blocking=True) for table in tables]


@dg.multi_asset_check(
    name="check_raw",
    specs=[
        dg.AssetCheckSpec(RAW_CHECK, asset=landing_key(kind, table), blocking=True)
        for kind, tables in SOURCE_TABLES.items()
        for table in tables
    ],
)
def raw_checks(context: dg.AssetCheckExecutionContext, home: HomeRun) -> Iterator[dg.AssetCheckResult]:
    """Checks the newest undecided load of every source and accepts what passes."""
    with one_clear_cause():
        verdicts = check_loads(home)
    for kind, tables in SOURCE_TABLES.items():
        for table in tables:
            faults = verdicts.get((kind, table), [])
            yield dg.AssetCheckResult(
                asset_key=landing_key(kind, table),
                check_name=RAW_CHECK,
                passed=not faults,
                description="; ".join(faults) or None,
                metadata=_pages(home, "raw"),
            )
    tell(context, "raw checks: " + ("held back" if any(verdicts.values()) else "all loads accepted"))


@dg.multi_asset_check(name="check_staging", specs=_specs(STAGING_TABLES))
def staging_checks(context: dg.AssetCheckExecutionContext, home: HomeRun) -> Iterator[dg.AssetCheckResult]:
    """Proves the staging and intermediate layers."""
    with one_clear_cause():
        verdicts = check_staging(home)
    yield from _results(context, home, "staging", STAGING_TABLES, verdicts)


@dg.multi_asset_check(name="check_marts", specs=_specs(MART_TABLES))
def mart_checks(context: dg.AssetCheckExecutionContext, home: HomeRun) -> Iterator[dg.AssetCheckResult]:
    """Proves the marts: distributions, reconciliation, readiness to publish."""
    with one_clear_cause():
        verdicts = check_marts(home)
    yield from _results(context, home, "marts", MART_TABLES, verdicts)


def _results(
    context: dg.AssetCheckExecutionContext,
    home: HomeRun,
    stage: str,
    tables: tuple[str, ...],
    verdicts: dict[str, list[str]],
) -> Iterator[dg.AssetCheckResult]:
    tell(
        context,
        f"{stage} checks: "
        + (f"{sum(map(bool, verdicts.values()))} tables failed" if any(verdicts.values()) else "passed"),
    )
    for table in tables:
        faults = verdicts.get(table, [])
        yield dg.AssetCheckResult(
            asset_key=dg.AssetKey(table.split(".")),
            check_name=CHECK,
            passed=not faults,
            description="; ".join(faults) or None,
            metadata=_pages(home, stage),
        )


def _pages(home: HomeRun, stage: str) -> dict[str, dg.MetadataValue]:
    page = home.settings.data_docs / stage / "index.html"
    return {"data_docs": dg.MetadataValue.url(page.as_uri())}
