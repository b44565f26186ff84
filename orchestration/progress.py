"""How far a run is: to Dagster's log, and to the terminal when a person waits there."""

from __future__ import annotations

import os
import sys
import time
from typing import Protocol

import dagster as dg

_STARTED = time.monotonic()


class _Logging(Protocol):
    @property
    def log(self) -> dg.DagsterLogManager: ...


def tell(context: _Logging, message: str) -> None:
    """One line of progress, to both."""
    context.log.info(message)
    say(message)


def say(message: str) -> None:
    """One line of progress to the terminal, when a person waits there."""
    if os.environ.get("VOXHOUSE_PROGRESS"):
        print(f"{time.monotonic() - _STARTED:6.1f} s  {message}", file=sys.stderr, flush=True)
