"""Runs jobs from the command line: in this process, and in Dagster a run like any other, on the job's timeline."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.clock import far_behind
from orchestration.commands.loads import person
from orchestration.config import Settings
from orchestration.failures import causes
from orchestration.instance.files import LOCATION
from pipelines.errors import ConfigError, TerminalError, shown

if TYPE_CHECKING:
    from dagster._core.remote_origin import RemoteJobOrigin

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_NO_TAGS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run came to: seconds by step, why steps failed, and the version when one was made."""

    run_id: str
    seconds_by_step: Mapping[str, float]
    failed: Sequence[str]
    """A line a cause; none: the run succeeded."""
    version_id: str | None = None
    in_service: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """What a whole run came to."""

    seconds_by_step: Mapping[str, float]
    version_id: str | None
    in_service: bool
    failed_sources: Sequence[str] = ()
    """A line a source that could not be read, or whose load is held."""


def land_and_build(
    sources: Sequence[str] = (), tags: Mapping[str, str] = _NO_TAGS, build_tags: Mapping[str, str] = _NO_TAGS
) -> Published:
    """Read the sources (none named: all), then build from what counts and publish; a source fails alone.

    Raises ConfigError for unknown sources and TerminalError when there is no new version.
    """
    settings = Settings.from_environment()
    check_sources(settings, sources)
    keys = [dg.AssetKey(["sources", name]) for name in sources]
    landed = run_job("land", selection=keys if sources else None, tags=tags)
    _tell_far_behind(settings)
    built = run_job("build", tags=build_tags)
    if built.failed:
        raise TerminalError("; ".join([*built.failed, *landed.failed]), f"run {built.run_id}", "nothing was published")
    return Published(
        {**landed.seconds_by_step, **built.seconds_by_step}, built.version_id, built.in_service, landed.failed
    )


def _tell_far_behind(settings: Settings) -> None:
    """One line where what landed ended long before the day for which it is built."""
    from pipelines.brands import load_brands

    behind = far_behind(settings, has_apis=bool(load_brands(settings.layout.brands_file).sources))
    if behind:
        print(f"voxhouse: {'; '.join(behind)}, then `voxhouse run`", file=sys.stderr, flush=True)


def build_past_day(as_of: str) -> Published:
    """A version as of a past day; raises TerminalError when there is none."""
    result = run_job("past_day", partition_key=as_of)
    if result.failed:
        raise TerminalError("; ".join(result.failed), f"run {result.run_id}", "no version was made")
    return Published(result.seconds_by_step, result.version_id, in_service=False)


def check_sources(settings: Settings, sources: Sequence[str]) -> None:
    """Raise ConfigError when one of them is unknown, or none is configured at all."""
    from pipelines.brands import load_brands
    from pipelines.landing.loading import instances

    layout = settings.layout
    known = instances(layout, load_brands(layout.brands_file))
    unknown = sorted(set(sources) - set(known))
    if unknown:
        names = ", ".join(sorted(known)) or "none"
        raise ConfigError(f"unknown source {', '.join(map(shown, unknown))}", "--source", f"known are: {names}")
    if not known:
        raise ConfigError("no source is configured", str(layout.brands_file), "see `voxhouse doctor`")


def run_job(
    job_name: str,
    *,
    selection: Sequence[dg.AssetKey] | None = None,
    partition_key: str | None = None,
    tags: Mapping[str, str] = _NO_TAGS,
) -> RunResult:
    """Run a job to its end. Runs whose process has died are ended first, as nobody else may be there to do it."""
    from dagster._core.definitions.job_base import InMemoryJob
    from dagster._core.execution.api import execute_run_iterator

    from orchestration.instance.launcher import PROCESS_TAG, end_dead_runs, this_process

    settings = Settings.from_environment()
    job = _definitions(settings).resolve_job_def(job_name)
    if selection is not None:
        job = job.get_subset(asset_selection=set(selection))
    told = {**job.run_tags, **tags, "user": f"{person()}, command line", PROCESS_TAG: this_process()}
    if partition_key:
        told["dagster/partition"] = partition_key
    # dbt's output would stand between the lines of progress, which go to standard error.
    log = settings.home / "logs" / "run.log"
    with log.open("a", encoding="utf-8") as file, redirect_stdout(file), dg.DagsterInstance.get() as instance:
        end_dead_runs(instance)
        made = instance.create_run_for_job(
            job,
            tags=told,
            run_config=_QUIET,
            asset_selection=frozenset(selection) if selection is not None else None,
            remote_job_origin=_served_as(job_name, settings.code_server_port),
        )
        events = list(execute_run_iterator(InMemoryJob(job), made, instance))
        failed = [] if any(e.event_type == dg.DagsterEventType.RUN_SUCCESS for e in events) else causes(events)
        for line in failed:
            instance.report_engine_event(line, made)
    return RunResult(made.run_id, _seconds(events), failed, *_version(events))


@cache
def _definitions(_settings: Settings) -> dg.Definitions:
    """Those of a home, made once a process: that takes over a second, and a command runs two jobs of them."""
    from orchestration.definitions import defs

    return defs()


def _served_as(job_name: str, port: int) -> RemoteJobOrigin:
    """Where the web server finds the job: the timeline and the job's pages show runs by this."""
    from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
    from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteRepositoryOrigin

    location = GrpcServerCodeLocationOrigin("127.0.0.1", port, location_name=LOCATION)
    return RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME).get_job_origin(job_name)


def _seconds(events: Sequence[dg.DagsterEvent]) -> dict[str, float]:
    return {
        event.step_key: event.step_success_data.duration_ms / 1000
        for event in events
        if event.event_type == dg.DagsterEventType.STEP_SUCCESS and event.step_key
    }


def _version(events: Sequence[dg.DagsterEvent]) -> tuple[str | None, bool]:
    """Id of the version that was made, and whether it went into service."""
    for event in events:
        if event.is_step_materialization and event.asset_key and event.asset_key.path[0] == "serving":
            said = event.materialization.metadata
            return str(said["version_id"].value), "in_service" in said and bool(said["in_service"].value)
    return None, False
