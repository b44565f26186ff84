"""How a step fails: with one clear line, tried again only where that can help, and with no value of a record."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import dagster as dg

from pipelines.errors import PipelineError, TransientError

RETRIES = 2
WAIT_SECONDS = 60
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_OURS = {kind.__name__ for kind in (PipelineError, *PipelineError.__subclasses__())}


@contextmanager
def one_clear_cause() -> Iterator[None]:
    """Turn our own errors into Dagster's failures, which are not tried again.

    No chain of causes: Dagster keeps it, and libraries' errors quote values of records.
    """
    try:
        yield
    except PipelineError as error:
        raise failure(error) from None


def failure(error: PipelineError) -> dg.Failure:
    """The failure of a step, described by the one line of our error."""
    return dg.Failure(description=str(error), allow_retries=False)


def retry_or_failure(error: PipelineError, retry_number: int, is_scheduled: bool) -> Exception:
    """What to raise for an error of a source: a passing one is worth another try, unless a person waits."""
    if is_scheduled and isinstance(error, TransientError) and retry_number < RETRIES:
        return dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=WAIT_SECONDS)
    return failure(error)


def causes(events: Sequence[dg.DagsterEvent]) -> list[str]:
    """Why a run failed, a line a cause: the failed blocking checks, else what each failed step said."""
    failed_checks = [
        event.asset_check_evaluation_data
        for event in events
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
        and not event.asset_check_evaluation_data.passed
        and event.asset_check_evaluation_data.blocking
    ]
    described = [check.description or f"{check.asset_key.path[-1]} {check.check_name}" for check in failed_checks]
    if described:
        return list(dict.fromkeys(described))
    steps = [_said(event) for event in events if event.is_step_failure]
    whole = [_root_message(e.job_failure_data.error) or e.message or "" for e in events if e.is_run_failure]
    return list(dict.fromkeys(line for line in steps or whole if line)) or ["the run ended without a success"]


def _said(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    return _root_message(data.error)


class _Error(Protocol):
    @property
    def message(self) -> str: ...

    @property
    def cls_name(self) -> str | None: ...

    @property
    def cause(self) -> _Error | None: ...


def _root_message(error: _Error | None) -> str:
    """What our own error says, wherever it stands in the chain; else the message of the first cause."""
    while error and error.cause and error.cls_name not in _OURS:
        error = error.cause
    text = error.message if error else ""
    if error and error.cls_name in _OURS:
        text = text.partition(": ")[2]
    lines = [_ANSI.sub("", line).strip() for line in text.splitlines()]
    return " ".join(line for line in lines if line)[:600]
