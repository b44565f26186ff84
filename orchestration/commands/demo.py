"""The demonstration: a simulated world behind the vendors' APIs, two days of runs, and dashboards to look at."""

from __future__ import annotations

from orchestration.config import Settings
from orchestration.progress import say
from orchestration.publication.versions import current_version
from orchestration.servers.sandbox import control, start_sandbox
from orchestration.servers.stack import serve_all
from sandbox import WorldOptions

RESTLESS = WorldOptions(moves=7, lag=5, rate=400)
"""A world that moves while it is read, whose search indexes lag and whose APIs throttle."""


def show(settings: Settings) -> None:
    """Load the world's history, live through one day, publish both, and serve; a second call reuses what is there."""
    from orchestration.commands.console import report_run
    from orchestration.commands.runs import land_and_build

    start_sandbox(settings, RESTLESS)
    if current_version(settings.serving) is None:
        say("first run: history and everything up to the world's clock")
        report_run(land_and_build())
        control(settings, "clock", {"advance_days": 1})
        say("one day later: second run")
        report_run(land_and_build())
    serve_all(settings, [])
