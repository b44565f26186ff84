"""Runs the nightly job from the command line: in this process, recorded in Dagster, its failure in one line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Protocol

import dagster as dg

from orchestration.config import Settings
from pipelines.errors import PipelineError, TerminalError

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to: seconds by step, and the version when one was made."""

    run_id: str
    seconds_by_step: Mapping[str, float]
    version_id: str | None


def run_nightly(
    *,
    sources: Sequence[str] = (),
    as_of: str = "",
    publish: bool = False,
    full_refresh: bool = False,
    since: str = "",
    streams: Sequence[str] = (),
) -> RunResult:
    """Run the whole job; raises TerminalError with the first cause when a step fails."""
    from orchestration.definitions import defs

    options = {"sources": list(sources), "as_of": as_of, "publish": publish, "full_refresh": full_refresh}
    options |= {"since": since, "streams": list(streams)}
    # dbt's output would stand between the lines of progress, which go to standard error.
    log = Settings.from_environment().home / "logs" / "run.log"
    with log.open("a", encoding="utf-8") as file, redirect_stdout(file), dg.DagsterInstance.get() as instance:
        result = defs.resolve_job_def("nightly").execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config={"resources": {"home": {"config": options}}, **_QUIET},
        )
        if not result.success:
            raise TerminalError(failure_cause(result.all_events), f"run {result.run_id}", "nothing was published")
    seconds = {
        event.step_key: event.step_success_data.duration_ms / 1000
        for event in result.all_events
        if event.event_type == dg.DagsterEventType.STEP_SUCCESS and event.step_key
    }
    return RunResult(result.run_id, seconds, _version(result.all_events))


def failure_cause(events: Sequence[dg.DagsterEvent]) -> str:
    """One line: the descriptions of the failed blocking checks, else what the failed step said."""
    failed_checks = [
        event.asset_check_evaluation_data
        for event in events
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
        and not event.asset_check_evaluation_data.passed
        and event.asset_check_evaluation_data.severity == dg.AssetCheckSeverity.ERROR
    ]
    described = [check.description for check in failed_checks if check.description]
    if described:
        return "; ".join(dict.fromkeys(described))
    if failed_checks:
        return "failed: " + ", ".join(f"{c.asset_key.path[-1]} {c.check_name}" for c in failed_checks[:5])
    for event in events:
        if event.is_step_failure:
            data = event.step_failure_data
            if data.user_failure_data and data.user_failure_data.description:
                return str(data.user_failure_data.description)
            return _root_message(data.error)
        if event.is_run_failure and event.job_failure_data.error:
            return _root_message(event.job_failure_data.error)
    return "the run ended without a success"


class _Error(Protocol):
    @property
    def message(self) -> str: ...

    @property
    def cls_name(self) -> str | None: ...

    @property
    def cause(self) -> _Error | None: ...


_OURS = {kind.__name__ for kind in (PipelineError, *PipelineError.__subclasses__())}


def _root_message(error: _Error | None) -> str:
    """What our own error says, wherever it stands in the chain; else the message of the first cause."""
    while error and error.cause and error.cls_name not in _OURS:
        error = error.cause
    text = error.message if error else ""
    if error and error.cls_name in _OURS:
        text = text.partition(": ")[2]
    lines = [_ANSI.sub("", line).strip() for line in text.splitlines()]
    return " ".join(line for line in lines if line)[:600]


def _version(events: Sequence[dg.DagsterEvent]) -> str | None:
    for event in events:
        if event.is_step_materialization and event.asset_key == dg.AssetKey(["serving", "published_version"]):
            return str(event.materialization.metadata["version_id"].value)
    return None
