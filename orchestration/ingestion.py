"""Runs the pipelines of a home side by side, and says which of them failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from orchestration.resources import HomeRun
from pipelines.errors import ConfigError, PipelineError, TerminalError, TransientError
from pipelines.landing.loading import LoadReport, instances, load_instance

# Sources wait for the network most of the time; more threads than this only heat two cores.
SIDE_BY_SIDE = 4


@dataclass(frozen=True, slots=True)
class _Outcome:
    instance: str
    report: LoadReport | None
    error: PipelineError | None


def ingest(run: HomeRun, tell: Callable[[str], None]) -> list[LoadReport]:
    """Load the chosen instances; what one of them landed stays when another fails.

    Raises the one failure, or one error that names all; transient only when all of them are.
    """
    if run.clock.is_past:
        tell(f"as of {run.clock.as_of}: nothing is read from the sources")
        return []
    chosen = _chosen(run)

    def load(instance: str) -> _Outcome:
        try:
            report = load_instance(run.settings.layout, instance, run.brands, run.now, again=run.again)
        except PipelineError as error:
            tell(f"{instance}: failed, {error}")
            return _Outcome(instance, None, error)
        tell(f"{instance}: {_summary(report)}")
        return _Outcome(instance, report, None)

    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="source") as pool:
        outcomes = list(pool.map(load, chosen))
    _raise_failures([outcome for outcome in outcomes if outcome.error])
    return [outcome.report for outcome in outcomes if outcome.report]


def _chosen(run: HomeRun) -> list[str]:
    known = instances(run.settings.layout, run.brands)
    unknown = sorted(set(run.sources) - set(known))
    if unknown:
        names = ", ".join(sorted(known)) or "none"
        raise ConfigError(f"unknown source {', '.join(unknown)}", "--source", f"known are: {names}")
    if not known:
        raise ConfigError("no source is configured", str(run.settings.layout.brands_file), "see `voxhouse doctor`")
    return run.sources or sorted(known)


def _summary(report: LoadReport) -> str:
    if report.load_id is None:
        return "nothing new"
    rows = sum(landed for landed, _ in report.tables.values())
    quarantined = sum(bad for _, bad in report.tables.values())
    return f"{rows:,} rows landed" + (f", {quarantined:,} quarantined" if quarantined else "")


def _raise_failures(failed: Sequence[_Outcome]) -> None:
    errors = [outcome.error for outcome in failed if outcome.error]
    if not errors:
        return
    if len(errors) == 1:
        raise errors[0]
    kind = TransientError if all(isinstance(error, TransientError) for error in errors) else TerminalError
    raise kind("; ".join(map(str, errors)), ", ".join(o.instance for o in failed), "mend these and run again")
