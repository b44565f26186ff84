"""Tidying a home: exactly what is too old goes, and nothing that is at work, needed or outside."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration import housekeeping
from orchestration.config import Settings
from orchestration.housekeeping import LOG_BYTES, tidy

NOW = datetime(2026, 5, 1, 4, tzinfo=UTC)
STRAY = "0123abcd-0000-4000-8000-00000000000"
SUCCESS, FAILURE, CANCELED = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED


@dg.asset
def table() -> None:
    """An asset."""


@dg.asset_check(asset=table)
def is_fine() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


JOBS = dg.Definitions(
    assets=[table],
    asset_checks=[is_fine],
    jobs=[dg.define_asset_job(name, selection="*") for name in ("land", "build")],
)


@pytest.fixture
def instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(settings.home / "dagster")) as instance:
        yield instance


def database(settings: Settings, name: str = "history/runs.db") -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(settings.home / "dagster" / name, isolation_level=None))


def set_age(settings: Settings, run_id: str, days: float, ended_days_ago: float | None = None) -> None:
    """Make a run one of the past, for Dagster and on disk."""
    began = NOW - timedelta(days=days)
    ended = (began if ended_days_ago is None else NOW - timedelta(days=ended_days_ago)).timestamp()
    stamp = f"{began:%Y-%m-%d %H:%M:%S}"
    with database(settings) as runs:
        columns = "create_timestamp = ?, update_timestamp = ?, start_time = ?, end_time = ?"
        values = [f"{stamp}.000000", f"{stamp}.000000", began.timestamp(), ended, run_id]
        runs.execute(f"update runs set {columns} where run_id = ?", values)
    with database(settings, "history/runs/index.db") as index:
        index.execute("update asset_check_executions set create_timestamp = ? where run_id = ?", [stamp, run_id])


def make_run(
    settings: Settings,
    instance: dg.DagsterInstance,
    job: str,
    status: dg.DagsterRunStatus,
    days: float,
    ended_days_ago: float | None = None,
    day: str = "",
) -> str:
    tags = {"dagster/partition": day} if day else None
    run = instance.create_run_for_job(JOBS.resolve_job_def(job), status=status, tags=tags)
    set_age(settings, run.run_id, days, ended_days_ago)
    return run.run_id


def make(path: Path, days: float, content: str = "x") -> Path:
    """A file that was written so many days ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    for each in (path, path.parent):
        set_mtime(each, days)
    return path


def set_mtime(path: Path, days: float) -> None:
    moment = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (moment, moment))


def test_old_runs_go_but_the_newest_and_each_jobs_last(settings: Settings, instance: dg.DagsterInstance) -> None:
    def run(job: str, status: dg.DagsterRunStatus, days: float, ended_days_ago: float | None = None) -> str:
        return make_run(settings, instance, job, status, days, ended_days_ago)

    gone = {
        run("land", SUCCESS, 17),
        run("land", FAILURE, 19),
        run("build", SUCCESS, 31),
        run("build", CANCELED, 33),
        run("build", FAILURE, 34),
        run("build", SUCCESS, 41, ended_days_ago=7.1),
        run("land", SUCCESS, 42, ended_days_ago=2.1),
    }
    kept = {
        *(run("land", SUCCESS, 15 + number / 1000) for number in range(49)),
        run("land", SUCCESS, 16),
        run("land", FAILURE, 18),
        run("build", SUCCESS, 30),
        run("build", FAILURE, 32),
        run("build", SUCCESS, 40, ended_days_ago=6.9),
        run("land", SUCCESS, 43, ended_days_ago=1.9),
        run("land", FAILURE, 44, ended_days_ago=13.9),
        run("build", dg.DagsterRunStatus.STARTED, 100),
        run("land", dg.DagsterRunStatus.NOT_STARTED, 101),
    }
    assert set(instance.get_run_ids()) == kept | gone
    tidied = tidy(settings, instance, NOW)
    assert set(instance.get_run_ids()) == kept
    assert (tidied.runs, tidied.left) == (len(gone), ())
    assert tidy(settings, instance, NOW).runs == 0


def test_a_run_goes_with_its_events_check_results_and_compute_logs(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "NEWEST_RUNS_KEPT", 1)
    job = JOBS.resolve_job_def("land")
    old, last, build = (
        each.execute_in_process(instance=instance).run_id for each in (job, job, JOBS.resolve_job_def("build"))
    )
    for run_id, days in ((old, 30), (last, 29), (build, 28)):
        set_age(settings, run_id, days)
        make(settings.home / "dagster" / "storage" / run_id / "compute_logs" / "table.err", days)
    tidied = tidy(settings, instance, NOW)
    assert (tidied.runs, tidied.compute_logs, tidied.left) == (1, 1, ())
    folder = settings.home / "dagster"
    shards = {path.name.partition(".")[0] for path in (folder / "history" / "runs").iterdir()}
    assert old not in shards
    assert {last, build} <= shards
    assert {path.name for path in (folder / "storage").iterdir()} == {last, build}
    with database(settings, "history/runs/index.db") as index:
        runs = "select distinct run_id from {} where run_id <> ''"
        assert {row[0] for row in index.execute(runs.format("event_logs"))} == {last, build}
        assert {row[0] for row in index.execute(runs.format("asset_check_executions"))} == {last, build}
    record = instance.get_latest_materialization_event(dg.AssetKey("table"))
    assert record is not None
    assert record.run_id == build


def test_the_newest_result_of_a_check_stays_whatever_its_age(settings: Settings, instance: dg.DagsterInstance) -> None:
    run_id = JOBS.resolve_job_def("land").execute_in_process(instance=instance).run_id
    set_age(settings, run_id, 400)
    instance.delete_run(run_id)
    tidy(settings, instance, NOW)
    with database(settings, "history/runs/index.db") as index:
        assert index.execute("select run_id from asset_check_executions").fetchall() == [(run_id,)]


def test_what_a_killed_tidying_left_goes_and_outputs_stay(settings: Settings, instance: dg.DagsterInstance) -> None:
    folder = settings.home / "dagster"
    make(folder / "history" / "runs" / f"{STRAY}1.db", 15)
    make(folder / "storage" / f"{STRAY}2" / "x.err", 15)
    kept = [
        make(folder / "history" / "runs" / f"{STRAY}3.db", 13),
        make(folder / "history" / "runs" / ".db", 100),
        make(folder / "storage" / f"{STRAY}4" / "x.err", 13),
        make(folder / "storage" / "table", 100),
    ]
    assert tidy(settings, instance, NOW).compute_logs == 1
    assert all(path.exists() for path in kept)
    assert not list(folder.rglob(f"{STRAY}[12]*"))


def test_logs_that_are_old_or_large_make_room(settings: Settings, instance: dg.DagsterInstance) -> None:
    logs = settings.home / "logs"
    make(logs / "old.log", 31, "old")
    make(logs / "old.log.1", 60, "older")
    make(logs / "dbt" / "dbt.log", 31, "dbt")
    make(logs / "dbt" / "dbt.log.2", 300, "dbt's own")
    make(logs / "empty.log", 100, "")
    make(logs / "young.log", 29, "young")
    make(logs / "alerts.log", 31, "told")
    set_mtime(logs, 0)
    with (logs / "server.log").open("ab") as server:
        server.write(b"first" + b"x" * LOG_BYTES)
        server.flush()
        assert tidy(settings, instance, NOW).logs == 4
        server.write(b"next")
    sizes = {str(path.relative_to(logs)): path.stat().st_size for path in logs.rglob("*") if path.is_file()}
    assert sizes == {
        "old.log": 0,
        "old.log.1": 3,
        "dbt/dbt.log": 0,
        "dbt/dbt.log.1": 3,
        "dbt/dbt.log.2": 9,
        "empty.log": 0,
        "young.log": 5,
        "alerts.log.1": 4,
        "server.log": 4,
        "server.log.1": LOG_BYTES,
    }
    assert (logs / "server.log.1").stat().st_mode & 0o777 == 0o600
    assert tidy(settings, instance, NOW).logs == 0


def test_past_days_that_are_old_or_of_killed_runs_go(settings: Settings, instance: dg.DagsterInstance) -> None:
    warehouse = settings.warehouse_folder
    make(warehouse / "as_of_2026-01-01" / "warehouse.duckdb", 8)
    make(warehouse / "as_of_2026-01-02" / "warehouse.duckdb", 6)
    make(warehouse / "as_of_2026-01-03" / "warehouse.duckdb.wal", 1)
    make(warehouse / "as_of_2026-01-04" / "warehouse.duckdb.wal", 8)
    make(warehouse / "as_of_2026-01-05" / "docs" / "page.html", 6)
    set_mtime(warehouse / "as_of_2026-01-05", 9)
    make(warehouse / "check_results" / "raw.json", 100)
    make(warehouse / "as_of_notes" / "x", 100)
    make(warehouse / "warehouse.duckdb", 100)
    make_run(settings, instance, "build", dg.DagsterRunStatus.STARTED, 0, day="2026-01-04")
    make_run(settings, instance, "build", dg.DagsterRunStatus.STARTED, 0)
    make_run(settings, instance, "build", FAILURE, 0, day="2026-01-03")
    assert tidy(settings, instance, NOW).past_days == 2
    names = {path.name for path in warehouse.iterdir()}
    assert names == {
        "as_of_2026-01-02",
        "as_of_2026-01-04",
        "as_of_2026-01-05",
        "as_of_notes",
        "check_results",
        "warehouse.duckdb",
    }


def test_dbt_folders_of_runs_that_are_over_go(settings: Settings, instance: dg.DagsterInstance) -> None:
    at_work = make_run(settings, instance, "build", dg.DagsterRunStatus.STARTED, 0)
    over = make_run(settings, instance, "build", FAILURE, 0)
    target = settings.dbt_target
    kept = [
        make(target / f"build_marts-{at_work[:7]}-0a1b2c3" / "dbt.log", 3),
        make(target / "0a1b2c3" / "dbt.log", 0.9),
        make(target / "compiled" / "x.sql", 100),
        make(target / "manifest.json", 100),
    ]
    gone = [
        make(target / f"build_marts-{over[:7]}-0a1b2c3" / "dbt.log", 0),
        make(target / "build_marts-fffffff-0a1b2c3" / "dbt.log", 0),
        make(target / "0a1b2c4" / "dbt.log", 1.1),
    ]
    assert tidy(settings, instance, NOW).dbt_targets == 3
    assert [path.exists() for path in (*kept, *gone)] == [True] * 4 + [False] * 3


def test_nothing_behind_a_symlink_is_touched(settings: Settings, instance: dg.DagsterInstance, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    kept = [
        make(outside / name, 100)
        for name in ("as_of_2026-01-01/x", "storage/x.err", "x.log", "logs/y.log", "dbt/z/dbt.log", "inner/x")
    ]
    links = {
        settings.home / "dagster" / "storage" / f"{STRAY}1": outside / "storage",
        settings.home / "logs" / "x.log": outside / "x.log",
        settings.home / "logs" / "more": outside / "logs",
        settings.dbt_target / "build_marts-fffffff-0a1b2c3": outside / "dbt" / "z",
        settings.warehouse_folder / "as_of_2026-01-01": outside / "as_of_2026-01-01",
    }
    for link, end in links.items():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(end)
        moment = (NOW - timedelta(days=100)).timestamp()
        os.utime(link, (moment, moment), follow_symlinks=False)
    folder = make(settings.warehouse_folder / "as_of_2026-01-02" / "x", 100).parent
    (folder / "link").symlink_to(outside / "inner")
    os.utime(folder / "link", (0, 0), follow_symlinks=False)
    set_mtime(folder, 100)
    tidied = tidy(settings, instance, NOW)
    assert not folder.exists()
    assert all(path.read_text() == "x" for path in kept)
    assert all(link.is_symlink() for link in links)
    assert "warehouse/as_of_2026-01-01: a symlink, or behind one" in tidied.left
    assert len(tidied.left) == 3


def test_folders_that_are_links_are_left_and_told(
    settings: Settings, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    kept = make(tmp_path / "disk" / "as_of_2026-01-01" / "x", 100)
    settings.warehouse_folder.rmdir()
    settings.warehouse_folder.symlink_to(tmp_path / "disk")
    tidied = tidy(settings, instance, NOW)
    assert kept.exists()
    assert tidied.left == ("warehouse: a symlink, or behind one",)


def fill_and_free(settings: Settings, name: str, rows: int, freed: int) -> Path:
    """Give a database pages that are free."""
    with database(settings, name) as connection:
        connection.execute("create table filling (number integer primary key, text)")
        numbers = "with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)"
        connection.execute(f"{numbers} insert into filling select i, hex(randomblob(1000)) from n", [rows])
        connection.execute("delete from filling where number <= ?", [freed])
        connection.execute("pragma wal_checkpoint(truncate)")
    return settings.home / "dagster" / name


def test_databases_shrink_when_a_quarter_is_free(settings: Settings, instance: dg.DagsterInstance) -> None:
    assert instance.schedule_storage
    run_id = make_run(settings, instance, "land", SUCCESS, 0)
    runs = fill_and_free(settings, "history/runs.db", 2000, 1000)
    index = fill_and_free(settings, "history/runs/index.db", 2000, 300)
    schedules = fill_and_free(settings, "schedules/schedules.db", 2000, 2000)
    before = [path.stat().st_size for path in (runs, index, schedules)]
    assert tidy(settings, instance, NOW).databases == 2
    after = [path.stat().st_size for path in (runs, index, schedules)]
    assert after[0] < 0.6 * before[0]
    assert after[1] == before[1]
    assert after[2] < 0.2 * before[2]
    assert instance.get_run_ids() == [run_id]


def test_a_database_that_is_busy_or_takes_too_long_is_left_and_told(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "BUSY_SECONDS", 0.1)
    path = fill_and_free(settings, "history/runs.db", 2000, 1000)
    size = path.stat().st_size
    with database(settings) as writer:
        writer.execute("begin immediate")
        tidied = tidy(settings, instance, NOW)
        writer.execute("rollback")
    assert (tidied.databases, tidied.left) == (0, ("dagster/history/runs.db: database is locked",))
    monkeypatch.setattr(housekeeping, "_DATABASES", {"dagster/history/runs.db": -1.0})
    assert tidy(settings, instance, NOW).left == ("dagster/history/runs.db: takes too long",)
    assert path.stat().st_size == size
    with database(settings) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]


def test_runs_that_cannot_be_removed_as_dagster_is_busy_stay(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "NEWEST_RUNS_KEPT", 0)
    runs = {make_run(settings, instance, "land", SUCCESS, days) for days in (20, 21, 22)}
    with database(settings) as writer:
        writer.execute("begin immediate")
        tidied = tidy(settings, instance, NOW)
        writer.execute("rollback")
    assert (tidied.runs, tidied.left) == (0, ("dagster/history: busy: the other old runs stay for now",))
    assert set(instance.get_run_ids()) == runs


def test_writers_wait_no_longer_than_they_can(settings: Settings, instance: dg.DagsterInstance) -> None:
    fill_and_free(settings, "history/runs.db", 20_000, 10_000)
    ended, waits = threading.Event(), []

    def write() -> None:
        with closing(sqlite3.connect(settings.home / "dagster" / "history" / "runs.db", isolation_level=None)) as runs:
            while not ended.is_set():
                began = time.monotonic()
                runs.execute("insert into filling (text) values ('x')")
                waits.append(time.monotonic() - began)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        tidied = tidy(settings, instance, NOW)
    finally:
        ended.set()
        writer.join()
    assert max(waits) < 5
    with database(settings) as runs:
        assert runs.execute("select count(*) from filling where text = 'x'").fetchone() == (len(waits),)
    assert tidied.databases == 1 or tidied.left
