"""What every Dagster step does alike: tell how far it is, and fail with one clear cause."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import dagster as dg

from pipelines.errors import PipelineError, TransientError

_STARTED = time.monotonic()


class _Logging(Protocol):
    @property
    def log(self) -> dg.DagsterLogManager: ...


def tell(context: _Logging, message: str) -> None:
    """One line of progress: to Dagster's log, and to the terminal when a person waits there."""
    context.log.info(message)
    say(message)


def say(message: str) -> None:
    """One line of progress to the terminal, when a person waits there."""
    if os.environ.get("VOXHOUSE_PROGRESS"):
        print(f"{time.monotonic() - _STARTED:6.1f} s  {message}", file=sys.stderr, flush=True)


@contextmanager
def one_clear_cause(retries: int = 0) -> Iterator[None]:
    """Turn our own errors into Dagster's: transient ones are retried where asked for, the others never.

    No chain of causes: Dagster keeps it, and libraries' errors quote values of records.
    """
    try:
        yield
    except TransientError as error:
        if retries:
            raise dg.RetryRequested(max_retries=retries, seconds_to_wait=60) from None
        raise dg.Failure(description=str(error), allow_retries=False) from None
    except PipelineError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
