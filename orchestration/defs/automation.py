"""When things run: jobs, schedules and the sensors that start them. No step is written here."""

import json
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from orchestration.config import Settings
from orchestration.configured import configured
from orchestration.defs.past import PAST
from orchestration.instance.files import LOCATION
from orchestration.instance.guard import PROGRAM_HEADER
from orchestration.instance.threads import threads
from orchestration.resources import FULL_REFRESH_TAG
from orchestration.translators import source_key
from pipelines.landing.ledger import Ledger
from pipelines.landing.readings import reading

SOURCES = dg.AssetSelection.key_prefixes("sources")
LANE_TAG = "voxhouse/lane"
"""Runs of one lane queue behind each other: what they would share is the sources, or the warehouse."""
SENSOR_SECONDS = 30

land = dg.define_asset_job(
    "land",
    SOURCES,
    description="Reads every source, side by side; each fails alone.",
    executor_def=threads,
    tags={LANE_TAG: "land", "dagster/max_runtime": str(7 * 3600)},
)
build = dg.define_asset_job(
    "build",
    dg.AssetSelection.all() - SOURCES - dg.AssetSelection.assets(PAST),
    description="From accepted loads to the published version: transform, model, check, publish.",
    executor_def=dg.in_process_executor,
    tags={LANE_TAG: "warehouse"},
)
past_day = dg.define_asset_job(
    "past_day",
    dg.AssetSelection.assets(PAST),
    description="The warehouse as of a past day, as a version of its own.",
    executor_def=dg.in_process_executor,
    tags={LANE_TAG: "warehouse"},
)


@dg.definitions
def defs() -> dg.Definitions:
    """Jobs, schedules and sensors; sensors are on from the start, schedules are switched on by people."""
    settings = Settings.from_environment()
    zone = settings.timezone
    return dg.Definitions(
        jobs=[land, build, past_day],
        schedules=[
            dg.ScheduleDefinition(
                name="hourly",
                job=land,
                cron_schedule="0 * * * *",
                execution_timezone=zone,
                description="What is new, each hour.",
            ),
            dg.ScheduleDefinition(
                name="nightly",
                job=build,
                cron_schedule="30 3 * * 1-6",
                execution_timezone=zone,
                description="A version each night; half an hour after the sources, which may take longer.",
            ),
            dg.ScheduleDefinition(
                name="weekly",
                job=build,
                cron_schedule="30 3 * * 0",
                execution_timezone=zone,
                tags={FULL_REFRESH_TAG: "true"},
                description="Sunday's version, on a warehouse rebuilt from the landing zone.",
            ),
        ],
        sensors=[_inbox(settings), _configuration(settings)],
    )


def _inbox(settings: Settings) -> dg.SensorDefinition:
    @dg.sensor(job=land, minimum_interval_seconds=SENSOR_SECONDS, default_status=dg.DefaultSensorStatus.RUNNING)
    def inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        """Lands what was dropped, once it has not changed from one look to the next."""
        now = _inbox_stamps(settings)
        seen = json.loads(context.cursor) if context.cursor else _first_look(settings, now)
        landed = seen["landed"]
        settled = [name for name, stamp in now.items() if stamp == seen["seen"].get(name) != landed.get(name)]
        cursor = json.dumps({"seen": now, "landed": landed | {name: now[name] for name in settled}})
        if not settled:
            context.update_cursor(cursor)
            return dg.SkipReason("nothing new in the inbox")
        requests = [
            dg.RunRequest(run_key=f"{name}:{now[name]}", asset_selection=[source_key(name)]) for name in settled
        ]
        return dg.SensorResult(run_requests=requests, cursor=cursor)

    return inbox


def _inbox_stamps(settings: Settings) -> dict[str, str]:
    return {
        name: _stamp(settings.layout.inbox / name)
        for name, known in configured(settings).items()
        if known.fresh_hours is None and known.fault is None and (settings.layout.inbox / name).is_dir()
    }


def _first_look(settings: Settings, now: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What runs before this sensor have read needs no run of its own."""
    ledger = Ledger(settings.layout.landing)
    return {"seen": {}, "landed": {name: at for name, at in now.items() if reading(ledger, name).read_at}}


def _stamp(folder: Path) -> str:
    """Changes whenever a file of a folder does."""
    files = sorted((path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in folder.iterdir())
    return f"{len(files)}:{max((at for _, at, _ in files), default=0)}:{sum(size for *_, size in files)}"


def _configuration(settings: Settings) -> dg.SensorDefinition:
    loaded = configured(settings)

    @dg.sensor(minimum_interval_seconds=SENSOR_SECONDS, default_status=dg.DefaultSensorStatus.RUNNING)
    def configuration(context: dg.SensorEvaluationContext) -> dg.SkipReason:  # noqa: ARG001
        """Reloads the definitions when a source was added or removed: assets are made from what is configured."""
        if configured(settings) == loaded:
            return dg.SkipReason("the sources are those that were loaded")
        from dagster_graphql import DagsterGraphQLClient

        client = DagsterGraphQLClient("127.0.0.1", port_number=settings.dagster_port, headers=PROGRAM_HEADER)
        answer = client.reload_repository_location(LOCATION)
        return dg.SkipReason(f"the sources changed: reloaded, {answer.status.value}")

    return configuration
