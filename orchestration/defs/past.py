"""A past day as a partition of one asset of its own, so that no event of it touches what is shown of today."""

from datetime import date

import dagster as dg

from orchestration.dbt import AFTER_MODELS, BEFORE_MODELS_SELECT, MARTS_SELECT, build_stage
from orchestration.failures import one_clear_cause
from orchestration.fitting import fit_and_land
from orchestration.progress import tell
from orchestration.publication.publish import Made, publish
from orchestration.quality import Failed, blocking, check_marts, check_staging
from orchestration.resources import Writer
from orchestration.translators import OWNERS
from pipelines.errors import ConfigError, TerminalError

PAST = dg.AssetKey(["serving", "past_version"])
DAYS = dg.DailyPartitionsDefinition("2010-01-01")


@dg.asset(
    key=PAST,
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    group_name="published",
    owners=[OWNERS["landing"]],
    kinds={"duckdb"},
)
def past_version(context: dg.AssetExecutionContext, writer: Writer) -> dg.MaterializeResult[None]:
    """The warehouse as of the end of a past day, in a folder and a version of its own; never in service by itself."""
    with one_clear_cause():
        made = build_past_day(context, writer, date.fromisoformat(context.partition_key))
    return dg.MaterializeResult(metadata={"version_id": made.version_id, "as_of": str(made.as_of)})


def build_past_day(context: dg.AssetExecutionContext, writer: Writer, day: date) -> Made:
    """All that `build` does, in one step; raises PipelineError where a suite or dbt fails."""
    warehouse = writer.of(day)
    if not warehouse.clock.is_past:
        raise ConfigError(f"{day} is the home's own day", "past_version", "build it without --as-of")
    settings = warehouse.settings
    warehouse.open_landing()
    build_stage(settings, BEFORE_MODELS_SELECT, AFTER_MODELS)
    tell(context, f"as of {day}: staging built")
    _require("staging", check_staging(warehouse))
    fit_and_land(warehouse)
    warehouse.open_landing()
    build_stage(settings, MARTS_SELECT)
    tell(context, f"as of {day}: marts built")
    _require("marts", check_marts(warehouse))
    made = publish(warehouse, context.run.run_id)
    tell(context, made.one_line)
    return made


def _require(stage: str, failed: Failed) -> None:
    if faults := blocking(failed):
        raise TerminalError("; ".join(faults), f"{stage} checks", "mend the cause and run again")
