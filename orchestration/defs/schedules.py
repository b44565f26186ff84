"""Jobs and their schedules; a tick is skipped while any run of the home is at work."""

from collections.abc import Mapping

import dagster as dg

from orchestration.config import Settings
from orchestration.defs.ingestion import land_sources
from orchestration.defs.quality import raw_checks

_TIMEZONE = Settings.from_environment().timezone
_IN_FLIGHT = dg.RunsFilter(
    statuses=[dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
)
_SCHEDULED = {"resources": {"home": {"config": {"retries": 2}}}}
_REBUILD = {"resources": {"home": {"config": {"retries": 2, "full_refresh": True}}}}

land_job = dg.define_asset_job(
    "land",
    description="Reads the sources and checks what landed; never opens the warehouse.",
    selection=dg.AssetSelection.assets(land_sources) | dg.AssetSelection.checks(raw_checks),
    executor_def=dg.in_process_executor,
    config=_SCHEDULED,
)
nightly_job = dg.define_asset_job(
    "nightly",
    description="Everything: land, check, transform, model, check, publish.",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
)
weekly_job = dg.define_asset_job(
    "weekly",
    description="The nightly job on a warehouse rebuilt from the landing zone.",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    config=_REBUILD,
)


def _schedule(job_name: str, cron: str, run_config: Mapping[str, object], description: str) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"{job_name}_schedule",
        job_name=job_name,
        cron_schedule=cron,
        execution_timezone=_TIMEZONE,
        description=description,
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        running = context.instance.get_runs(_IN_FLIGHT, limit=1)
        if running:
            return dg.SkipReason(f"run {running[0].run_id} of {running[0].job_name} is at work")
        return dg.RunRequest(run_config=run_config)

    return tick


JOBS = [land_job, nightly_job, weekly_job]
SCHEDULES = [
    _schedule("land", "5 0-2,6-23 * * *", _SCHEDULED, "Each hour but those of the nightly run."),
    _schedule("nightly", "0 3 * * 1-6", _SCHEDULED, "Each night but Sunday's."),
    _schedule("weekly", "0 3 * * 0", _REBUILD, "Sunday's night."),
]
