"""Dagster's own launcher, which also knows whether a run's process still lives: run monitoring then ends dead runs.

Without it a run killed with -9 stays STARTED and holds its place in the queue for ever.
"""

from __future__ import annotations

import os

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, DefaultRunLauncher, RunsFilter
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus

from orchestration.servers.processes import start_time

PROCESS_TAG = ".dagster/process"
"""`pid:start time` of a run's process; a tag with this prefix stays out of the lists."""


def this_process() -> str:
    """What the tag holds for the process at hand."""
    return f"{os.getpid()}:{start_time(os.getpid())}"


class LocalRunLauncher(DefaultRunLauncher):
    """For one machine; a cluster's launchers know the health of their workers themselves."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Asks run monitoring to call the method below."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the process that said it works on this run is still the one with its pid."""
        pid, _, started = run.tags.get(PROCESS_TAG, "").partition(":")
        if not pid or start_time(int(pid)) == int(started):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, f"process {pid} ended without a word")


def end_dead_runs(instance: DagsterInstance) -> None:
    """Mark runs whose process is gone as failed, as run monitoring does where the daemon runs."""
    statuses = [DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
    for run in instance.get_runs(RunsFilter(statuses=statuses)):
        health = instance.run_launcher.check_run_worker_health(run)
        if health.status == WorkerStatus.NOT_FOUND:
            instance.report_run_failed(run, f"Its {health.msg}.")
