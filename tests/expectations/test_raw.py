"""The suite of a new load: good loads pass, and each fault is told in one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from expectations import RawLoad, ValidationReport
from expectations.validation import validate_raw

NOW = datetime(2026, 6, 30, 22, tzinfo=UTC)
Check = Callable[..., ValidationReport]


def orders(count: int, observed_at: str = "2026-06-30 22:00:00+00", first: int = 1) -> str:
    return f"""
        select range::varchar as order_id, timestamptz '2026-06-01' as updated_at,
            timestamptz '{observed_at}' as _observed_at
        from range({first}, {first + count})
    """


def streams(*rows: tuple[str, str, int, int, bool]) -> str:
    listed = ", ".join(str(row) for row in rows)
    return f"""
        select *
        from (values {listed}) as streams (stream, table_name, records_landed, records_quarantined, is_complete)
    """


def quarantine(count: int, column: str = "amount", reason: str = "not a number") -> str:
    return f"""
        select 'orders' as table_name, '{column}' as column_name, '{reason}' as reason from range({count})
        union all
        select 'orders', 'currency', 'unknown currency'
    """


@pytest.fixture
def load(tmp_path) -> Callable[..., RawLoad]:
    """Writes SELECTs, by table, as the files of a load of instance `shop`."""

    def write(kind: str = "file_drop", **tables: str | list[str]) -> RawLoad:
        files: dict[str, list[Path]] = {}
        for table, selects in tables.items():
            for number, select in enumerate([selects] if isinstance(selects, str) else selects):
                path = tmp_path / "day=2026-07-01" / f"{table}.{number}.parquet"
                path.parent.mkdir(exist_ok=True)
                duckdb.execute(f"copy ({select}) to '{path}' (format parquet)")
                files.setdefault(table, []).append(path)
        return RawLoad(
            instance="shop",
            kind=kind,
            load_id="1",
            files=files,
            median_rows={},
            keys={"orders": ("order_id", "updated_at")},
            now=NOW,
            max_quarantined_share=0.02,
            min_volume_share=0.2,
        )

    return write


@pytest.fixture
def check(tmp_path) -> Check:
    return lambda *loads: validate_raw(loads, tmp_path / "docs")


def said(report: ValidationReport) -> list[str]:
    return [failure.one_line for failure in report.failures]


def test_a_good_load_passes(load, check):
    good = load(orders=orders(98), _streams=streams(("orders.csv", "orders", 98, 2, True)), _quarantine=quarantine(1))
    report = check(replace(good, median_rows={"orders": 100.0}))
    assert report.success
    assert report.stage == "raw"
    assert {(result.suite, result.table_name) for result in report.results} == {("shop.orders", "file_drop.orders")}
    assert {result.check_name for result in report.results} == {
        "end_of_stream",
        "no_reading_from_the_future",
        "quarantined_share",
        "unique_keys",
        "volume",
    }


def test_too_much_in_quarantine_names_the_most_frequent_fault(load, check):
    bad = load(
        "shopify",
        orders=orders(840),
        _streams=streams(("orders", "orders", 840, 364, True)),
        _quarantine=quarantine(363),
    )
    assert said(check(bad)) == [
        "shop.orders: 30.2 % of 1,204 records quarantined (amount: not a number), at most 2 % may be"
    ]


def test_a_table_of_which_nothing_landed_is_judged_too(load, check):
    bad = load("shopify", _streams=streams(("orders", "orders", 0, 5, True)), _quarantine=quarantine(4))
    assert said(check(bad)) == [
        "shop.orders: 100.0 % of 5 records quarantined (amount: not a number), at most 2 % may be"
    ]


def test_the_share_is_of_each_table_alone(load, check):
    bad = load(
        "shopify",
        customers="select 1 as customer_id from range(1000)",
        orders=orders(90),
        _streams=streams(("customers", "customers", 1000, 0, True), ("orders", "orders", 90, 10, True)),
        _quarantine=quarantine(9),
    )
    [failure] = check(bad).failures
    assert failure.table_name == "shopify.orders"


def test_a_stream_that_was_not_read_to_its_end(load, check):
    bad = load(
        "hubspot",
        orders=orders(5),
        _streams=streams(("deals", "orders", 3, 0, True), ("deals_archived", "orders", 2, 0, False)),
    )
    assert said(check(bad)) == ["shop.orders: not read to its end: deals_archived, every stream must be"]


def test_a_load_without_its_streams(load, check):
    assert said(check(load("hubspot", orders=orders(5)))) == ["shop.orders: no stream was read, every stream must be"]


def test_a_table_that_no_stream_names_is_made_from_all_of_them(load, check):
    totals = "select 'orders' as entity"
    good = load(control_totals=totals, orders=orders(5), _streams=streams(("a.csv", "orders", 5, 0, True)))
    assert check(good).success
    bad = load(control_totals=totals, orders=orders(5), _streams=streams(("a.csv", "orders", 5, 0, False)))
    assert said(check(bad)) == [
        "shop.control_totals: not read to its end: a.csv, every stream must be",
        "shop.orders: not read to its end: a.csv, every stream must be",
    ]


def test_a_record_in_two_files(load, check):
    bad = load(
        orders=[orders(10), orders(10, first=9)],
        _streams=streams(("a.csv", "orders", 10, 0, True), ("b.csv", "orders", 10, 0, True)),
    )
    assert said(check(bad)) == [
        "shop.orders: 20 records with 18 different keys (order_id, updated_at), each key must be in one record"
    ]


def test_a_delivery_that_was_cut_off(load, check):
    small = load(orders=orders(19), _streams=streams(("a.csv", "orders", 19, 0, True)))
    assert check(replace(small, median_rows={"orders": 95.0})).success
    assert said(check(replace(small, median_rows={"orders": 1204.0}))) == [
        "shop.orders: 19 records landed, usual are 1,204, at least 20 % of that must be"
    ]


def test_a_small_load_of_an_api_is_no_fault(load, check):
    quiet = load("shopify", orders=orders(1), _streams=streams(("orders", "orders", 1, 0, True)))
    assert check(replace(quiet, median_rows={"orders": 500.0})).success


@pytest.mark.parametrize("column", ["_observed_at", "observed_at"])
def test_a_reading_from_the_future(load, check, column):
    readings = f"""
        select unnest([timestamptz '2026-06-30 21:00:00+00', timestamptz '2026-06-30 22:00:01+00']) as {column}
    """
    bad = load(post_readings=readings, _streams=streams(("a.csv", "post_readings", 2, 0, True)))
    [failure] = check(bad).failures
    assert failure.column_name == column
    assert failure.one_line == (
        f"shop.post_readings: 1 of 2 records, newest {column} 2026-06-30 22:00 UTC, "
        "none may be later than 2026-06-30 22:00 UTC"
    )


def test_loads_of_several_instances_are_told_apart(load, check):
    complete = streams(("orders", "orders", 5, 0, True))
    good = load("shopify", orders=orders(5), _streams=complete)
    other = replace(
        good,
        instance="other's {shop}",
        files={table: files for table, files in good.files.items() if table == "orders"},
    )
    report = check(good, other)
    assert said(report) == ["other's {shop}.orders: no stream was read, every stream must be"]


def test_nothing_to_check_is_a_success(check):
    assert check().results == ()
