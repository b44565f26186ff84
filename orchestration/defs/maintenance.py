"""What keeps a home from growing, as a job of its own that touches no asset."""

import dagster as dg

from orchestration.config import utc_now
from orchestration.failures import one_clear_cause
from orchestration.housekeeping import tidy
from orchestration.progress import tell
from orchestration.resources import Home


@dg.op
def remove_what_is_old(context: dg.OpExecutionContext, home: Home) -> None:
    """Old runs and logs, what killed runs left, free pages of Dagster's databases."""
    with one_clear_cause():
        done = tidy(home.settings, context.instance, utc_now())
    tell(context, done.one_line)


@dg.job(description="Removes what nobody looks at any more.", executor_def=dg.in_process_executor)
def maintenance() -> None:
    """The only step."""
    remove_what_is_old()


@dg.schedule(
    job=maintenance,
    cron_schedule="0 6 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Each morning, whether or not other schedules are on.",
)
def mornings(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:  # noqa: ARG001
    """One run a tick."""
    return dg.RunRequest()
