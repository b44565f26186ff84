"""Runs killed with -9 wherever they are: the same marts as without, no run left at work, nothing left behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg
import pytest

from tests.homes import LiveHome, make_home
from tests.marts import Marts, marts_of

pytestmark = [pytest.mark.xdist_group("kills"), pytest.mark.slow]

SEED = 13
DAYS = 3
START_SECONDS = 3.0
"""Before this the process imports, and no run has been made."""


@dataclass(frozen=True)
class Point:
    """A moment of a run: so many lines of progress, and so many seconds after the last of them or the start."""

    job: str
    lines: int
    seconds: float


def _points() -> list[Point]:
    """20 of them: 9 of land, three on each of three days, 11 of build, among them models and publication."""
    chance = random.Random(SEED)
    land = [Point("land", lines, chance.uniform(0.0, 0.8)) for lines in (1, 2, 3) * DAYS]
    early = [Point("build", 0, START_SECONDS + chance.uniform(0.5, 12.0)) for _ in range(3)]
    late = [Point("build", lines, chance.uniform(0.0, most)) for lines, most in BUILD_LINES]
    return [*land, *early, *late]


BUILD_LINES = ((1, 1.5), (1, 2.5), (2, 0.2), (2, 0.6), (3, 4.0), (3, 9.0), (4, 1.0), (5, 0.5))
"""After staging, its checks, the models, the marts and their checks; the last kills fall into publication."""


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveHome, LiveHome]]:
    folder = tmp_path_factory.mktemp("kills")
    homes = make_home(folder / "a" / "killed"), make_home(folder / "b" / "calm")
    yield homes
    for home in homes:
        home.voxhouse("stop")


def _start(home: LiveHome, job: str) -> subprocess.Popen[str]:
    code = f"from orchestration.commands.runs import run_job; import sys; sys.exit(len(run_job({job!r}).failed))"
    return subprocess.Popen(
        [sys.executable, "-c", code], env={**home.environment, "VOXHOUSE_PROGRESS": "1"}, cwd=home.path,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def _finish(home: LiveHome, *jobs: str) -> None:
    for job in jobs:
        process = _start(home, job)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said[-2000:]


def _kill(home: LiveHome, point: Point) -> None:
    """Start a run and kill it and its children at a point; a point that comes after its end is moved."""
    while not _is_killed(home, point):
        point = replace(point, seconds=point.seconds / 2)


def _is_killed(home: LiveHome, point: Point) -> bool:
    process = _start(home, point.job)
    assert process.stderr is not None
    told = threading.Semaphore(0)

    def read(lines: Iterator[str]) -> None:
        for _ in lines:
            told.release()
        for _ in range(point.lines):
            told.release()

    threading.Thread(target=read, args=(process.stderr,), daemon=True).start()
    for _ in range(point.lines):
        assert told.acquire(timeout=300)
    time.sleep(point.seconds)
    was_at_work = process.poll() is None
    if was_at_work:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return was_at_work


def _left_behind(home: LiveHome) -> list[str]:
    """Whatever only a run at work may have: drafts, scratch folders, dbt's folders, holders of locks."""
    folders = ("serving/staging", "pii/scratch")
    found = [path for folder in folders for path in (home.path / folder).glob("*")]
    found += [
        *(home.path / "dbt" / "target").glob("build_*"),
        *(home.path / "run").glob("*.holder"),
        *home.path.glob("serving/.current*"),
        *home.path.rglob("*.draft"),
    ]
    return sorted(str(path.relative_to(home.path)) for path in found)


def _statuses(home: LiveHome) -> Counter[dg.DagsterRunStatus]:
    with dg.DagsterInstance.from_config(str(home.path / "dagster")) as instance:
        return Counter(run.status for run in instance.get_runs())


def test_runs_killed_at_twenty_points_change_nothing_and_leave_nothing(homes: tuple[LiveHome, LiveHome]) -> None:
    killed, calm = homes
    points = _points()
    for day in range(DAYS):
        for home in homes:
            home.sandbox("clock", {"advance_days": 1})
        for point in points[3 * day : 3 * day + 3]:
            _kill(killed, point)
        for home in homes:
            _finish(home, "land")
    for point in points[3 * DAYS :]:
        _kill(killed, point)
    _finish(killed, "build", "maintenance")
    _finish(calm, "build")
    left, expected = marts_of(killed), marts_of(calm)
    assert left.keys() == expected.keys()
    assert [name for name in expected if left[name] != expected[name]] == []
    assert set(_statuses(killed)) == {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE}
    assert _statuses(killed)[dg.DagsterRunStatus.FAILURE] == len(points) == 20
    assert _left_behind(killed) == []
    _no_version_in_part(killed.path / "serving", left)


def _no_version_in_part(serving: Path, marts: Marts) -> None:
    assert marts
    for version in (serving / "versions").iterdir():
        assert sorted(path.name for path in version.iterdir()) == ["ledger.duckdb", "published.duckdb"]
