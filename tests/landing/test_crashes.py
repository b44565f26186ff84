"""Runs that are ended in the middle, and full disks: nothing is lost, counted twice or half."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from dlt.destinations.impl.filesystem.filesystem import FilesystemLoadJob

from pipelines.errors import TransientError

CHECKOUT = Path(__file__).parents[2]
MAPPING = """\
currency: EUR
files:
  - match: "*.csv"
    entities:
      - entity: order_lines
        columns: {order_id: no, line_id: line, quantity: units, gross_amount: price}
"""
LINES = "no,line,units,price\n1,1,1,10.00\n1,2,1,2.50\n"
SUM = "select count(*), sum(gross_amount)::double from landing.file_drop__order_lines"
SCRIPT = """
import os, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from dlt.destinations.impl.filesystem.filesystem import FilesystemClient
from dlt.pipeline.pipeline import Pipeline
from pipelines.brands import Brand, Brands
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.ledger import Ledger
from pipelines.loading import load_instance
{hook}
brands = Brands(brands=dict(aurora=Brand(name="Aurora", ownership="own", timezone="Europe/Paris")))
try:
    load_instance(Home(Path(sys.argv[1])), "shop", brands, datetime(2026, 6, 30, tzinfo=UTC), environment={{}})
except PipelineError as error:
    print(type(error).__name__, error)
"""
KILL_POINTS = {
    "extracted, not normalised": "Pipeline.normalize = lambda *_, **__: os._exit(9)",
    "normalised, not copied": "Pipeline.load = lambda *_, **__: os._exit(9)",
    "copied, no completion marker": "FilesystemClient.complete_load = lambda *_: os._exit(9)",
    "complete, not in the ledger": "Ledger.find = lambda *_: os._exit(9)",
}


def run(home: Path, hook: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SCRIPT.format(hook=hook), str(home)]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("hook", KILL_POINTS.values(), ids=KILL_POINTS.keys())
def test_a_killed_run_changes_nothing_and_the_next_one_brings_all_once(world, hook):
    folder = world.drop(MAPPING, sales_csv=LINES)
    world.load()
    (folder / "more.csv").write_text(LINES.replace("\n1,", "\n2,"))
    assert run(world.home.root, hook).returncode == 9
    assert world.query(SUM) == [(2, 12.5)]
    report = world.load()
    assert report.tables["order_lines"] == (2, 0)
    assert world.query(SUM) == [(4, 25.0)]
    assert world.ledger.held() == []
    assert world.load().load_id is None


def test_files_of_a_load_without_marker_are_never_read(world):
    world.drop(MAPPING, sales_csv=LINES)
    assert run(world.home.root, KILL_POINTS["copied, no completion marker"]).returncode == 9
    assert list(world.home.landing.glob("shop/order_lines/*/*.parquet"))
    assert world.ledger.loads() == []
    assert world.query(SUM) == [(0, None)]


def test_a_full_disk_is_told_in_one_line_and_the_next_run_recovers(world):
    rows = "".join(f"{n},1,1,{n * 7919 % 100003}.{n * 31 % 97:02}\n" for n in range(60_000))
    world.drop(MAPPING, sales_csv="no,line,units,price\n" + rows)
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))"
    told = run(world.home.root, limit)
    assert told.stdout == (
        "TransientError shop: no space left to write the load; free disk space and run again; nothing of it counts\n"
    )
    assert told.stderr == ""
    assert world.ledger.loads() == []
    assert world.load().tables["order_lines"] == (60_000, 0)
    assert world.query(SUM)[0][0] == 60_000


def test_a_full_disk_while_files_are_copied_leaves_a_package_that_the_next_run_finishes(world, monkeypatch):
    world.drop(MAPPING, sales_csv=LINES)

    def full(_job: FilesystemLoadJob) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(FilesystemLoadJob, "run", full)
        with pytest.raises(TransientError, match="no space left to write the load"):
            world.load()
    assert world.ledger.loads() == []
    world.load()
    assert world.query(SUM) == [(2, 12.5)]
    assert [load.status for load in world.ledger.loads()] == ["superseded", "accepted"]


def test_a_package_that_cannot_be_finished_is_dropped_and_its_records_read_again(world, monkeypatch):
    world.drop(MAPPING, sales_csv=LINES)
    assert run(world.home.root, KILL_POINTS["normalised, not copied"]).returncode == 9
    copy, calls = FilesystemLoadJob.run, []

    def fails_once(job: FilesystemLoadJob) -> None:
        calls.append(job)
        if len(calls) == 1:
            raise RuntimeError("not readable")
        copy(job)

    monkeypatch.setattr(FilesystemLoadJob, "run", fails_once)
    assert world.load().tables["order_lines"] == (2, 0)
    assert world.query(SUM) == [(2, 12.5)]
    assert [load.status for load in world.ledger.loads()] == ["accepted"]
