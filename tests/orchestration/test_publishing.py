"""Versions: complete copies, atomic swaps, rollback, and no version lost while it is in service."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from orchestration import publishing
from orchestration.query import run_query
from pipelines.errors import TerminalError

START = datetime(2026, 6, 30, tzinfo=UTC)


def _warehouse(path: Path, value: int) -> Path:
    with duckdb.connect(str(path)) as connection:
        for schema in ("marts", "finance", "staging"):
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create or replace table {schema}.t_{schema} as select {value} as figure")
    return path


def _publish(serving: Path, warehouse: Path, number: int) -> str:
    version = publishing.new_version_id(f"{number:08d}", None, START + timedelta(minutes=number))
    publishing.build_version(serving, version, warehouse, {"load": pa.table({"load_id": ["1"]})})
    publishing.put_in_service(serving, version)
    return version


def test_finance_stands_in_a_file_of_its_own(tmp_path: Path) -> None:
    version = _publish(tmp_path, _warehouse(tmp_path / "w.duckdb", 1), 1)
    folder = tmp_path / "versions" / version
    with duckdb.connect(str(folder / "published.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select table_schema, table_name from information_schema.tables order by 1"
        ).fetchall()
    assert found == [("marts", "t_marts"), ("operations", "load")]
    with duckdb.connect(str(folder / "ledger.duckdb"), read_only=True) as connection:
        assert connection.execute("select table_schema from information_schema.tables").fetchall() == [("finance",)]


def test_rollback_brings_the_old_figure_back_at_the_next_query(tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    first = _publish(tmp_path, _warehouse(warehouse, 1), 1)
    _publish(tmp_path, _warehouse(warehouse, 2), 2)
    assert run_query(tmp_path, "select figure from t_marts") == (["figure"], [(2,)])
    assert publishing.previous_version(tmp_path) == first
    publishing.put_in_service(tmp_path, first)
    assert run_query(tmp_path, "select figure from t_marts")[1] == [(1,)]
    with pytest.raises(TerminalError, match="there is no older version"):
        publishing.previous_version(tmp_path)


def test_a_version_for_a_past_day_is_never_rolled_back_to(tmp_path: Path) -> None:
    warehouse = _warehouse(tmp_path / "w.duckdb", 1)
    first = _publish(tmp_path, warehouse, 1)
    past = publishing.new_version_id("abcdef01", "2026-01-31", START + timedelta(minutes=2))
    publishing.build_version(tmp_path, past, warehouse, {})
    _publish(tmp_path, warehouse, 3)
    assert publishing.previous_version(tmp_path) == first


def test_a_reader_never_sees_an_error_nor_a_mixture(tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    _publish(tmp_path, _warehouse(warehouse, 0), 0)
    seen: list[tuple[int, int]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.extend(run_query(tmp_path, "select m.figure, f.figure from t_marts m, t_finance f")[1])

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 8):
        _publish(tmp_path, _warehouse(warehouse, number), number)
    done.set()
    reader.join()
    assert seen
    assert all(marts == finance for marts, finance in seen)


def test_cleaning_keeps_the_newest_and_the_one_in_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "VERSIONS_KEPT", 2)
    monkeypatch.setattr(publishing, "KEPT_AT_LEAST_SECONDS", -1.0)
    warehouse = _warehouse(tmp_path / "w.duckdb", 1)
    made = [_publish(tmp_path, warehouse, number) for number in range(4)]
    publishing.put_in_service(tmp_path, made[0])
    assert publishing.clean(tmp_path) == [made[1]]
    assert {v.version_id for v in publishing.versions(tmp_path)} == {made[0], made[2], made[3]}


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select * from read_text('/etc/passwd')", "file system operations are disabled"),
        ("create table marts.x as select 1", "read-only"),
        ("attach '/tmp/x.duckdb'", "file system operations are disabled"),
        ("set memory_limit = '90GB'", "locked"),
        ("select * from nowhere", "nowhere does not exist"),
    ],
)
def test_a_query_reads_the_published_version_and_nothing_else(tmp_path: Path, sql: str, message: str) -> None:
    _publish(tmp_path, _warehouse(tmp_path / "w.duckdb", 1), 1)
    with pytest.raises(TerminalError, match=message) as caught:
        run_query(tmp_path, sql)
    assert "\n" not in str(caught.value)
