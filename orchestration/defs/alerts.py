"""Who is told: each failure as one line to people, and as the newest line of its run; and once more when it is over."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from orchestration.alerting.notifier import Notifier
from orchestration.config import Settings, utc_now
from orchestration.defs.automation import SENSOR_SECONDS
from orchestration.failures import causes
from pipelines.errors import PipelineError

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
_LATE = timedelta(hours=1)
"""For so long after its end a run may still be written to, as when its process is found dead."""


# No run status sensor: Dagster writes "Sensor acted on run status" into the run, and that would be its newest line.
@dg.sensor(minimum_interval_seconds=SENSOR_SECONDS, default_status=dg.DefaultSensorStatus.RUNNING)
def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Tells of each run that ended since the last look; whom a channel did not reach is told at the next."""
    seen = json.loads(context.cursor) if context.cursor else {"until": utc_now().timestamp(), "again": []}
    ended = _ended(context.instance, seen["until"])
    again = [run for run_id in seen["again"] if (run := context.instance.get_run_by_id(run_id))]
    failed = []
    for run in [*again, *(record.dagster_run for record in ended)]:
        events = _events(context.instance, run)
        if run.status is dg.DagsterRunStatus.FAILURE and run not in again:
            for line in causes(events):
                context.instance.report_engine_event(line, run)
        failed += [run.run_id] if _tell(run.job_name, events) else []
    until = max([seen["until"], *(record.end_time or 0 for record in ended)])
    context.update_cursor(json.dumps({"until": until, "again": failed}))
    return dg.SkipReason(f"{len(ended)} runs have ended" + (f", {len(failed)} have to be told again" if failed else ""))


def _ended(instance: dg.DagsterInstance, until: float) -> list[dg.RunRecord]:
    """Runs that ended after `until` (seconds since 1970), oldest first."""
    since = datetime.fromtimestamp(until, UTC) - _LATE
    records = instance.get_run_records(dg.RunsFilter(statuses=_ENDED, updated_after=since))
    return sorted(
        (record for record in records if (record.end_time or 0) > until), key=lambda record: record.end_time or 0
    )


def _events(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list[dg.DagsterEvent]:
    return [record.dagster_event for record in instance.all_logs(run.run_id) if record.dagster_event]


def _tell(job_name: str, events: Sequence[dg.DagsterEvent]) -> list[PipelineError]:
    """Tell of every trouble of a run; returns which channels did not take it."""
    notifier, faults = Notifier.of(Settings.from_environment()), []
    for key, fault in _troubles(job_name, events):
        try:
            if fault is None:
                notifier.over(key)
            else:
                what, _, remedy = fault.rpartition("; ")
                notifier.failed(key, what or fault, utc_now(), remedy if what else "see the run in Dagster")
        except PipelineError as error:
            faults.append(error)
    return faults


def _troubles(job_name: str, events: Sequence[dg.DagsterEvent]) -> Iterator[tuple[str, str | None]]:
    """Key and fault of each; no fault: it is over. A source is a trouble of its own, another job is one as a whole."""
    fails = any(event.is_run_failure for event in events)
    if job_name == "land":
        steps = [event for event in events if event.is_step_success or event.is_step_failure]
        for event in steps:
            yield f"source {event.step_key}", "; ".join(causes([event])) if event.is_step_failure else None
        fails = fails and not any(event.is_step_failure for event in steps)
    yield job_name, "; ".join(causes(events)) if fails else None
