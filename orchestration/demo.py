"""The demonstration: a simulated world behind the vendors' APIs, two days of runs, and dashboards to look at."""

from __future__ import annotations

from orchestration.config import Settings
from orchestration.publishing import current_version
from orchestration.sandbox import control, start_sandbox
from orchestration.serve import serve_all
from orchestration.steps import say
from sandbox import WorldOptions

RESTLESS = WorldOptions(moves=7, lag=5, rate=400)
"""A world that moves while it is read, whose search indexes lag and whose APIs throttle."""


def show(settings: Settings) -> None:
    """Load the world's history, live through one day, publish both, and serve; a second call reuses what is there."""
    from orchestration.console import report_run
    from orchestration.job import run_nightly

    start_sandbox(settings, RESTLESS)
    if current_version(settings.serving) is None:
        say("first run: history and everything up to the world's clock")
        report_run(run_nightly())
        control(settings, "clock", {"advance_days": 1})
        say("one day later: second run")
        report_run(run_nightly())
    serve_all(settings, [])
