"""Making a version: complete copies, in the folder of its kind; and reading the one in service, that and no more."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import duckdb
import pytest

from orchestration.publication import building
from orchestration.publication.building import build_version
from orchestration.publication.query import run_query
from orchestration.publication.versions import versions
from pipelines.errors import TerminalError
from tests.publication.kit import build, build_and_publish, id_of, warehouse


def test_finance_stands_in_a_file_of_its_own(tmp_path: Path) -> None:
    version = build_and_publish(tmp_path, warehouse(tmp_path / "w.duckdb", 1), 1)
    folder = tmp_path / "versions" / version
    with duckdb.connect(str(folder / "published.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select table_schema, table_name from information_schema.tables order by 1"
        ).fetchall()
    assert found == [("marts", "t_marts"), ("operations", "load")]
    with duckdb.connect(str(folder / "ledger.duckdb"), read_only=True) as connection:
        assert connection.execute("select table_schema from information_schema.tables").fetchall() == [("finance",)]


def test_a_reader_never_sees_an_error_nor_a_mixture(tmp_path: Path) -> None:
    file = tmp_path / "w.duckdb"
    build_and_publish(tmp_path, warehouse(file, 0), 0)
    seen: list[tuple[int, int]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.extend(run_query(tmp_path, "select m.figure, f.figure from t_marts m, t_finance f")[1])

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 8):
        build_and_publish(tmp_path, warehouse(file, number), number)
    done.set()
    reader.join()
    assert seen
    assert all(marts == finance for marts, finance in seen)


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
    build_and_publish(tmp_path, warehouse(tmp_path / "w.duckdb", 1), 1)
    with pytest.raises(TerminalError, match=message) as caught:
        run_query(tmp_path, sql)
    assert "\n" not in str(caught.value)


def test_each_kind_of_version_lies_in_a_folder_of_its_own(tmp_path: Path) -> None:
    file = warehouse(tmp_path / "w.duckdb", 1)
    regular, past = build(tmp_path, file, 1), build(tmp_path, file, 2, "2026-01-31")
    assert [path.name for path in (tmp_path / "versions").iterdir()] == [regular]
    assert [path.name for path in (tmp_path / "past").iterdir()] == [past]
    assert [(v.version_id, v.state) for v in versions(tmp_path)] == [(past, "past day"), (regular, "")]
    for version in (regular, past):
        with pytest.raises(TerminalError, match="this version exists already"):
            build_version(tmp_path, version, file, {})


def test_a_version_that_cannot_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = warehouse(tmp_path / "w.duckdb", 1)
    monkeypatch.setattr(building, "_check_copies", _torn)
    with pytest.raises(TerminalError, match="torn"):
        build(tmp_path, file, 1)
    assert versions(tmp_path) == []
    assert list((tmp_path / "staging").iterdir()) == []


def _torn(folder: Path, rows: object) -> None:
    raise TerminalError("torn", str(folder), "run again")


def test_what_is_no_version_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    names = ("20269999T000000Z-00000000", id_of(1) + "\n", id_of(1) + "-as-of-now", "notes")
    for name in names:
        (tmp_path / "versions" / name).mkdir()
    (tmp_path / "versions" / id_of(2)).write_text("a file")
    assert versions(tmp_path) == []
    assert sorted(os.listdir(tmp_path / "versions")) == sorted((*names, id_of(2)))
