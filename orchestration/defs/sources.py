"""Every configured source as one asset, one step and one check a table. What happens within a load is not told here.

A source is one asset and not one a table: a load is complete or it is nothing, so its tables share its fate.
"""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from orchestration.acceptance import Landed, read_and_judge
from orchestration.config import Settings
from orchestration.configured import BRANDS_FILE, Configured, configured
from orchestration.failures import retry_or_failure
from orchestration.progress import tell
from orchestration.resources import Home
from orchestration.translators import OWNERS, data_docs, landing_key, shown_check, source_key
from pipelines.errors import PipelineError, TerminalError


@dg.definitions
def defs() -> dg.Definitions:
    """The sources as they are configured at this moment; a sensor reloads when that changes."""
    found = configured(Settings.from_environment())
    return dg.Definitions(assets=[source_asset(instance, known) for instance, known in found.items()])


def source_asset(instance: str, known: Configured) -> dg.AssetsDefinition:
    """Reads a source, checks what landed and accepts it, or fails alone."""
    spec = dg.AssetSpec(
        source_key(instance),
        description=known.fault or f"What counts of {instance}: read to its end, checked, accepted.",
        group_name="sources",
        owners=[OWNERS["landing"]],
        kinds={"dlt", known.kind},
        freshness_policy=_freshness(known.fresh_hours),
    )
    checks = [
        dg.AssetCheckSpec(f"raw_{table}", asset=spec.key, description=f"What must hold for the new rows of {table}.")
        for table in known.tables
    ]

    @dg.multi_asset(name=instance, specs=[spec], check_specs=checks, description=spec.description)
    def land(
        context: dg.AssetExecutionContext, home: Home
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        try:
            landed = _read(home, instance, known)
        except PipelineError as error:
            tell(context, f"failed: {error}")
            raise retry_or_failure(error, context.retry_number, not home.is_attended) from None
        tell(context, f"{instance}: {_summary(landed)}")
        yield from _checks(landed, known.tables)
        if landed.held:
            raise dg.Failure(f"{instance}: {landed.held}", allow_retries=False)
        rows = {f"rows/{table}": count for table, (count, _) in landed.tables.items()}
        for table, (count, _) in landed.tables.items():
            if count:
                context.log_event(_landed_in(known.kind, table, instance, count))
        load = landed.load_id or "nothing new"
        yield dg.MaterializeResult(
            asset_key=spec.key, metadata={"load": load, "rows_landed": sum(rows.values()), **rows}
        )

    return land


def _landed_in(kind: str, table: str, instance: str, rows: int) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        landing_key(kind, table), metadata={"dagster/partition_row_count": rows, "source": instance}
    )


def _freshness(hours: float | None) -> dg.FreshnessPolicy | None:
    return None if hours is None else dg.FreshnessPolicy.time_window(timedelta(hours=hours))


def _read(home: Home, instance: str, known: Configured) -> Landed:
    if instance == BRANDS_FILE:
        raise TerminalError(known.fault or "cannot be used", instance, "correct it")
    with home.alone(f"source_{instance}"):
        return read_and_judge(home.settings, home.brands, instance, home.now, home.again)


def _checks(landed: Landed, tables: tuple[str, ...]) -> Iterator[dg.AssetCheckResult]:
    for table in tables:
        rows, quarantined = landed.tables.get(table, (0, 0))
        share = quarantined / max(rows + quarantined, 1)
        yield shown_check(
            source_key(landed.instance),
            f"raw_{table}",
            landed.failed.get(table, ()),
            data_docs(f"raw/{landed.instance}"),
            f"`voxhouse loads accept|reject {landed.load_id}`" if landed.held else "nothing is held back by this",
            {"rows_landed": rows, "rows_quarantined": quarantined, "quarantined_share": share},
        )


def _summary(landed: Landed) -> str:
    if landed.held:
        return landed.held
    if landed.load_id is None:
        return "nothing new"
    rows = sum(count for count, _ in landed.tables.values())
    quarantined = sum(bad for _, bad in landed.tables.values())
    return f"{rows:,} rows landed" + (f", {quarantined:,} quarantined" if quarantined else "")
