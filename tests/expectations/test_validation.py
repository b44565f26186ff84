"""What a validation leaves behind, and what it says when it cannot check."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from expectations import CheckResult, ValidationReport, validation
from expectations.validation import validate_marts, validate_staging

ROOT = Path(__file__).parents[2]


def run_python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return done.stdout


def test_importing_the_interface_loads_no_library():
    libraries = "{'great_expectations', 'duckdb', 'sqlalchemy'}"
    assert run_python(f"import sys, expectations.validation; print({libraries} & set(sys.modules))") == "set()\n"


def test_all_that_is_left_is_the_site_and_the_file_is_free(good_warehouse, tmp_path):
    home, work, docs = tmp_path / "home", tmp_path / "work", tmp_path / "docs"
    home.mkdir()
    work.mkdir()
    code = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
os.chdir({str(work)!r})
from pathlib import Path
from expectations.validation import validate_staging
assert validate_staging(Path({str(good_warehouse)!r}), Path({str(docs)!r})).success
"""
    said = run_python(code, HOME=str(home), TMPDIR=str(work))
    assert said == ""
    assert list(home.rglob("*")) == []
    assert list(work.rglob("*")) == []
    assert "intermediate.int_orders_priced" in (docs / "index.html").read_text(encoding="utf-8")


def test_the_file_can_be_written_right_after(good_warehouse, tmp_path):
    validate_staging(good_warehouse, tmp_path / "docs")
    with duckdb.connect(str(good_warehouse)) as con:
        con.execute("create table staging.proof as select 1; drop table staging.proof")


def test_the_site_shows_the_last_run_and_its_reasons(spoiled, tmp_path, monkeypatch):
    monkeypatch.setattr(validation, "MART_TABLES", ("marts.fct_order",))
    warehouse = spoiled("delete from marts.fct_order where order_key = '1'")
    for _ in range(2):
        validate_marts(warehouse, tmp_path / "docs", frozenset())
    assert (tmp_path / "docs" / "index.html").is_file()
    [page] = (tmp_path / "docs" / "validations").rglob("*.html")
    assert "2 rows of 3" in page.read_text(encoding="utf-8")
    [suite] = (tmp_path / "docs" / "expectations").rglob("*.html")
    assert "Every order is one row" in suite.read_text(encoding="utf-8")


def test_looking_at_the_site_is_not_told_to_the_vendor(good_warehouse, tmp_path, monkeypatch):
    monkeypatch.setattr(validation, "STAGING_TABLES", ("intermediate.int_messages_threaded",))
    validate_staging(good_warehouse, tmp_path / "docs")
    pages = list((tmp_path / "docs").rglob("*.html"))
    assert len(pages) == 3
    assert not [page for page in pages if "great-expectations-web-assets" in page.read_text(encoding="utf-8")]


def test_a_table_that_is_not_there_blocks(spoiled, tmp_path, monkeypatch):
    monkeypatch.setattr(validation, "STAGING_TABLES", ("intermediate.int_messages_threaded",))
    report = validate_staging(spoiled("drop table intermediate.int_messages_threaded"), tmp_path / "docs")
    assert [failure.one_line for failure in report.failures] == ["intermediate.int_messages_threaded: cannot be read"]


def test_a_check_that_the_database_refuses_blocks(spoiled, tmp_path, monkeypatch):
    monkeypatch.setattr(validation, "STAGING_TABLES", ("intermediate.int_fx_rates",))
    warehouse = spoiled("alter table intermediate.int_fx_rates rename units_per_reporting to units")
    [failure] = validate_staging(warehouse, tmp_path / "docs").failures
    assert failure.one_line.startswith("intermediate.int_fx_rates: could not be checked: ")
    assert "units_per_reporting" in failure.one_line
    assert "\n" not in failure.one_line


def test_an_empty_warehouse_without_sources_is_no_fault(spoiled, tmp_path, all_tables):
    emptied = [table for table in all_tables if table != "staging.stg_config__run"]
    report = validate_staging(spoiled("; ".join(f"delete from {table}" for table in emptied)), tmp_path / "docs")
    assert [result.one_line for result in report.results if not result.success] == []


@pytest.mark.parametrize(("severity", "blocks"), [("critical", True), ("warning", False), ("info", False)])
def test_only_what_is_critical_blocks(severity, blocks):
    failed = CheckResult("marts", "marts.x", "marts.x", "has_rows", None, False, severity, "0 rows", "some must be")
    report = ValidationReport("marts", (failed,))
    assert report.success is not blocks
    assert (failed in report.failures) is blocks
    assert failed.one_line == "marts.x: 0 rows, some must be"
