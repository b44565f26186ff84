"""Seconds by stage of the warm demo job: the default world, one day later each time, median of three runs."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from orchestration.commands.console import print_table
from orchestration.config import Settings

RUNS = 3
AIM_SECONDS = 75.0


def measure() -> None:
    """Print step, median, minimum and maximum."""
    with tempfile.TemporaryDirectory(prefix="voxhouse-bench-") as folder:
        os.environ["VOXHOUSE_HOME"] = folder
        os.environ["VOXHOUSE_SANDBOX_PORT"] = "8719"
        settings = Settings.from_environment()
        settings.prepare()
        from orchestration.commands.runs import land_and_build
        from orchestration.servers.processes import stop
        from orchestration.servers.sandbox import control, start_sandbox
        from sandbox import WorldOptions

        try:
            start_sandbox(settings, WorldOptions())
            land_and_build()
            runs: list[dict[str, float]] = []
            for _ in range(RUNS):
                control(settings, "clock", {"advance_days": 1})
                started = time.monotonic()
                steps = dict(land_and_build().seconds_by_step)
                runs.append({**steps, "whole run": time.monotonic() - started})
            _print(runs, settings.warehouse_folder / "warehouse.duckdb")
        finally:
            stop(settings, "sandbox")


def _print(runs: Sequence[dict[str, float]], warehouse: Path) -> None:
    rows = []
    for step in runs[0]:
        seconds = [run[step] for run in runs]
        rows.append((step, round(median(seconds), 1), round(min(seconds), 1), round(max(seconds), 1)))
    print_table(["step", "median s", "min s", "max s"], rows)
    whole = median(run["whole run"] for run in runs)
    size = warehouse.stat().st_size / 1e6
    share = whole / AIM_SECONDS
    share = whole / AIM_SECONDS
    print(f"warm demo job {whole:.1f} s: {share:.2f} of the aim of {AIM_SECONDS:.0f} s; file of {size:.0f} MB")
