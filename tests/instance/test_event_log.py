"""The kept event log: the stock class's rows in few transactions, shared by processes, threads and readers."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
import sqlalchemy
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration.instance.event_log import KEPT_OPEN, KeptSqliteEventLogStorage
from tests.instance import events as make

ROOT = Path(__file__).resolve().parents[2]
RUN = "11111111-1111-1111-1111-111111111111"
TABLES = ("event_logs", "asset_keys", "asset_event_tags", "asset_check_executions")
OF_THE_ROW = {"id", "create_timestamp"}


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[KeptSqliteEventLogStorage]:
    storage = KeptSqliteEventLogStorage(str(tmp_path / "kept"))
    yield storage
    storage.dispose()


def _a_run(run_id: str) -> tuple[list[EventLogEntry], list[EventLogEntry]]:
    """What is planned in a batch, then everything that is written one by one."""
    batch = [make.planned_asset(run_id, n) for n in range(12)] + [make.planned_check(run_id, n) for n in range(20)]
    single = [make.started(run_id), make.said(run_id)]
    single += [make.materialized(run_id, n) for n in range(12)]
    single += [make.evaluated(run_id, n) for n in range(20)]
    single += [make.evaluated(run_id, 99)]  # planned nowhere
    single += [make.evaluated("", 3)]  # reported outside a run
    return batch, single


def _write(storage: SqliteEventLogStorage, batch: list[EventLogEntry], single: list[EventLogEntry]) -> None:
    storage.store_event_batch(batch)
    for event in single:
        storage.store_event(event)


def _rows(storage: SqliteEventLogStorage, shard: str) -> dict[str, list[dict[str, object]]]:
    with sqlite3.connect(storage.path_for_shard(shard)) as con:
        con.row_factory = sqlite3.Row
        return {
            table: [
                {name: row[name] for name in row.keys() if name not in OF_THE_ROW}  # noqa: SIM118
                for row in con.execute(f"select * from {table} order by id")
            ]
            for table in TABLES
        }


def test_the_rows_are_the_stock_class_s(tmp_path: Path, kept: KeptSqliteEventLogStorage) -> None:
    stock = SqliteEventLogStorage(str(tmp_path / "stock"))
    for run_id in (RUN, RUN.replace("1", "2")):  # the second updates the first one's rows
        events = _a_run(run_id)
        _write(stock, *events)
        _write(kept, *events)
        assert _rows(kept, run_id) == _rows(stock, run_id)
    assert _rows(kept, "") == _rows(stock, "")
    index = _rows(kept, "index")
    assert index == _rows(stock, "index")
    counts = {table: len(rows) for table, rows in index.items()}
    assert counts == {"event_logs": 2 * 67, "asset_keys": 12, "asset_event_tags": 24, "asset_check_executions": 44}


@pytest.fixture
def commits() -> Iterator[Counter[str]]:
    """Transactions that SQLite itself ended, by file."""
    counted: Counter[str] = Counter()
    connect = sqlite3.connect

    def traced(database: str, *args: object, **kwargs: object) -> sqlite3.Connection:
        connection = connect(database, *args, **kwargs)  # type: ignore[call-overload]
        name = Path(database).stem

        def count(statement: str) -> None:
            counted[name] += statement.upper().startswith("COMMIT")

        connection.set_trace_callback(count)
        return connection  # type: ignore[no-any-return]

    with patch("sqlite3.dbapi2.connect", traced):
        yield counted


def test_a_batch_is_one_commit_a_file_and_so_is_an_event(commits: Counter[str], tmp_path: Path) -> None:
    kept = KeptSqliteEventLogStorage(str(tmp_path))
    kept.store_event(make.said(RUN))
    commits.clear()
    kept.store_event_batch([make.planned_asset(RUN, n) for n in range(50)])
    assert commits == {RUN: 1, "index": 1}
    commits.clear()
    kept.store_event_batch([make.planned_check(RUN, n) for n in range(50)])
    assert commits == {RUN: 1, "index": 1}
    commits.clear()
    for number in range(50):
        kept.store_event(make.evaluated(RUN, number))
    assert commits == {RUN: 50, "index": 50}
    commits.clear()
    for number in range(10):
        kept.store_event(make.materialized(RUN, number))
        kept.store_event(make.said(RUN))
    assert commits == {RUN: 20, "index": 10}
    kept.dispose()


def test_the_stock_class_commits_thrice_a_check(commits: Counter[str], tmp_path: Path) -> None:
    stock = SqliteEventLogStorage(str(tmp_path))
    stock.store_event(make.said(RUN))
    commits.clear()
    stock.store_event_batch([make.planned_check(RUN, n) for n in range(10)])
    assert commits == {RUN: 10, "index": 20}


def test_a_batch_that_fails_leaves_nothing_behind(kept: KeptSqliteEventLogStorage) -> None:
    """Dagster then writes it event by event: what stayed would be there twice."""
    kept.store_event(make.said(RUN))
    before = _rows(kept, RUN), _rows(kept, "index")
    batch = [make.planned_asset(RUN, 1), make.planned_check(RUN, 2)]
    failing = patch.object(kept, "store_asset_check_event", side_effect=OSError("no space"))
    with failing, pytest.raises(OSError, match="no space"):
        kept.store_event_batch(batch)
    assert (_rows(kept, RUN), _rows(kept, "index")) == before
    kept.store_event_batch(batch)
    assert len(_rows(kept, RUN)["event_logs"]) == 3


_WRITER = """
import sys
from orchestration.instance.event_log import KeptSqliteEventLogStorage
from tests.instance import events as make
storage = KeptSqliteEventLogStorage(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for start in range(0, 120, 20):
    storage.store_event_batch([make.planned_check(sys.argv[2], n) for n in range(start, start + 20)])
    for number in range(start, start + 20):
        storage.store_event(make.evaluated(sys.argv[2], number))
storage.dispose()
"""


def test_two_processes_write_one_index(tmp_path: Path) -> None:
    runs = [RUN, RUN.replace("1", "2")]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(tmp_path / "kept"), run_id],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for run_id in runs
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.wait(120) for writer in writers] == [0, 0]
    kept = KeptSqliteEventLogStorage(str(tmp_path / "kept"))
    index = _rows(kept, "index")
    assert Counter(row["run_id"] for row in index["event_logs"]) == dict.fromkeys(runs, 240)
    assert {row["execution_status"] for row in index["asset_check_executions"]} == {"SUCCEEDED", "FAILED"}
    kept.dispose()


def test_a_file_that_another_writes_is_waited_for(kept: KeptSqliteEventLogStorage) -> None:
    kept.store_event(make.planned_asset(RUN, 1))
    other = sqlite3.connect(kept.path_for_shard("index"), check_same_thread=False, isolation_level=None)
    other.execute("begin immediate")
    release = threading.Timer(1.0, other.execute, ["rollback"])
    release.start()
    kept.store_event(make.planned_asset(RUN, 2))
    release.join()
    other.close()
    assert len(_rows(kept, "index")["event_logs"]) == 2


def _in_threads(works: list[Callable[[], object]]) -> list[BaseException]:
    failed: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return failed


def test_threads_write_and_read_more_runs_than_are_kept_open(kept: KeptSqliteEventLogStorage) -> None:
    runs = [RUN.replace("1", str(digit)) for digit in range(1, KEPT_OPEN + 3)]

    def work(run_id: str) -> None:
        for number in range(20):
            kept.store_event_batch([make.planned_check(run_id, number), make.said(run_id)])
            kept.store_event(make.evaluated(run_id, number))
            assert len(kept.get_records_for_run(run_id).records) == 3 * (number + 1)

    assert _in_threads([lambda run_id=run_id: work(run_id) for run_id in runs]) == []  # type: ignore[misc]
    assert len(kept._engines) <= KEPT_OPEN
    assert len(_rows(kept, "index")["event_logs"]) == 40 * len(runs)


def test_a_deleted_run_s_file_goes_and_its_connection_with_it(kept: KeptSqliteEventLogStorage) -> None:
    reader = KeptSqliteEventLogStorage(kept._base_dir)
    _write(kept, *_a_run(RUN))
    assert len(reader.get_records_for_run(RUN).records) == 67
    kept.delete_events(RUN)
    assert not list(Path(kept._base_dir).glob(f"{RUN}*"))
    assert RUN not in kept._engines
    assert reader.get_records_for_run(RUN).records == []
    assert not [fd for fd in Path("/proc/self/fd").iterdir() if f"{RUN}.db (deleted)" in os.path.realpath(fd)]
    assert not [row for row in _rows(kept, "index")["event_logs"] if row["run_id"] == RUN]
    reader.dispose()


@pytest.mark.parametrize("evicted", [False, True])
def test_a_file_removed_from_outside_is_made_anew(kept: KeptSqliteEventLogStorage, evicted: bool) -> None:
    kept.store_event(make.said(RUN))
    if evicted:
        for digit in range(2, 2 + KEPT_OPEN):
            kept.store_event(make.said(RUN.replace("1", str(digit))))
        assert RUN not in kept._engines
    for path in Path(kept._base_dir).glob(f"{RUN}*"):
        path.unlink()
    kept.store_event(make.planned_asset(RUN, 1))
    assert len(kept.get_records_for_run(RUN).records) == 1


def test_a_reader_sees_events_while_they_are_written(kept: KeptSqliteEventLogStorage) -> None:
    reader = KeptSqliteEventLogStorage(kept._base_dir)
    seen: list[str] = []
    kept.store_event(make.said(RUN))
    listener = lambda event, cursor: seen.append(event.dagster_event.message)  # noqa: E731
    reader.watch(RUN, None, listener)
    for number in range(5):
        kept.store_event_batch([make.planned_asset(RUN, number), make.planned_check(RUN, number)])
        kept.store_event(make.evaluated(RUN, number))
    deadline = time.monotonic() + 20
    while len(seen) < 16 and time.monotonic() < deadline:
        time.sleep(0.05)
    reader.end_watch(RUN, listener)
    assert len(seen) == 16
    reader.dispose()


def test_disposing_closes_every_file(tmp_path: Path) -> None:
    kept = KeptSqliteEventLogStorage(str(tmp_path))
    _write(kept, *_a_run(RUN))
    kept.dispose()
    assert not [fd for fd in Path("/proc/self/fd").iterdir() if str(tmp_path) in os.path.realpath(fd)]
    assert not list(tmp_path.glob("*-wal"))
    kept.store_event(make.said(RUN))  # an instance that is used again after all
    kept.dispose()


def test_a_power_cut_costs_the_last_events_and_not_the_file(kept: KeptSqliteEventLogStorage) -> None:
    with kept.index_connection() as connection:
        assert connection.execute(sqlalchemy.text("pragma synchronous")).scalar() == 1
        assert connection.execute(sqlalchemy.text("pragma journal_mode")).scalar() == "wal"
