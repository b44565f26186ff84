"""Runs that are ended in the middle, and full disks: nothing is lost, counted twice or half."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from dlt.destinations.impl.filesystem.filesystem import FilesystemLoadJob

from pipelines.errors import TransientError

CHECKOUT = Path(__file__).parents[2]
ROWS = "select order_id from t order by 1"
SCRIPT = """
import os, resource, sys
from pathlib import Path
from dlt.destinations.impl.filesystem.filesystem import FilesystemClient
from dlt.pipeline.pipeline import Pipeline
from pipelines.errors import PipelineError
from pipelines.landing import judge
from pipelines.landing.ledger import Ledger
from tests.landing.conftest import World
world = World(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    world.vendor.add(str(number), f"2026-01-01T10:00:{{number % 60:02}}Z", note=str(number * 7919 % 100003) * 9)
{hook}
try:
    world.load(accept=False)
except PipelineError as error:
    print(type(error).__name__, error)
"""
KILL_POINTS = {
    "read, not judged": "judge.Judge.run = lambda *_: os._exit(9)",
    "extracted, not normalised": "Pipeline.normalize = lambda *_, **__: os._exit(9)",
    "normalised, not copied": "Pipeline.load = lambda *_, **__: os._exit(9)",
    "copied, no completion marker": "FilesystemClient.complete_load = lambda *_: os._exit(9)",
    "complete, not in the ledger": "Ledger.find = lambda *_: os._exit(9)",
}


def run(home: Path, hook: str, first: int, last: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SCRIPT.format(hook=hook), str(home), str(first), str(last)]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("hook", KILL_POINTS.values(), ids=KILL_POINTS.keys())
def test_a_killed_run_changes_nothing_and_the_next_one_brings_all_once(world, hook):
    world.vendor.add("0", "2026-01-01T10:00:00Z")
    world.load()
    assert run(world.home.root, hook, 0, 3).returncode == 9
    assert world.rows(ROWS) == [("0",)]
    for number in (1, 2):
        world.vendor.add(str(number), f"2026-01-01T10:00:{number:02}Z")
    assert world.load().tables == {"orders": (2, 0)}
    assert world.rows(ROWS) == [("0",), ("1",), ("2",)]
    assert world.ledger.held() == []
    assert list((world.home.pii / "scratch").iterdir()) == []
    assert world.load().load_id is None


def test_files_of_a_load_without_marker_are_never_read(world):
    assert run(world.home.root, KILL_POINTS["copied, no completion marker"], 0, 3).returncode == 9
    assert list(world.home.landing.glob("shop/orders/*/*.parquet"))
    assert world.ledger.loads() == []
    assert world.rows(ROWS) == []


def test_a_full_disk_is_told_in_one_line_and_the_next_run_recovers(world):
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))"
    told = run(world.home.root, limit, 0, 20_000)
    assert told.stdout == (
        "TransientError shop: no space left to write the load; free disk space and run again; nothing of it counts\n"
    )
    assert told.stderr == ""
    assert world.ledger.loads() == []
    assert run(world.home.root, "", 0, 20_000).stdout == ""
    assert [load.rows["orders"] for load in world.ledger.held()] == [20_000]


def test_a_full_disk_while_files_are_copied_leaves_a_package_that_the_next_run_finishes(world, monkeypatch):
    world.vendor.add("1", "2026-01-01T10:00:00Z")

    def full(_job: FilesystemLoadJob) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(FilesystemLoadJob, "run", full)
        with pytest.raises(TransientError, match="no space left to write the load"):
            world.load()
    assert world.ledger.loads() == []
    world.load()
    assert world.rows(ROWS) == [("1",)]
    assert [load.status for load in world.ledger.loads()] == ["superseded", "accepted"]


def test_a_package_that_cannot_be_finished_is_dropped_and_its_records_read_again(world, monkeypatch):
    assert run(world.home.root, KILL_POINTS["normalised, not copied"], 1, 2).returncode == 9
    copy, calls = FilesystemLoadJob.run, []

    def fails_once(job: FilesystemLoadJob) -> None:
        calls.append(job)
        if len(calls) == 1:
            raise RuntimeError("not readable")
        copy(job)

    monkeypatch.setattr(FilesystemLoadJob, "run", fails_once)
    world.vendor.add("1", "2026-01-01T10:00:00Z")
    assert world.load().tables == {"orders": (1, 0)}
    assert world.rows(ROWS) == [("1",)]
    assert [load.status for load in world.ledger.loads()] == ["accepted"]
