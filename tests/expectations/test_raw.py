"""The suite of a new load: good loads pass, and each fault is told in one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
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


def streams(*rows: tuple[str, int, int]) -> str:
    listed = ", ".join(str(row) for row in rows)
    return f"select * from (values {listed}) as streams (table_name, records_landed, records_quarantined)"


def quarantine(count: int, column: str = "amount", reason: str = "not a number") -> str:
    return f"""
        select 'orders' as table_name, '{column}' as column_name, '{reason}' as reason from range({count})
        union all
        select 'orders', 'currency', 'unknown currency'
    """


@pytest.fixture
def load(tmp_path) -> Callable[..., RawLoad]:
    """Writes SELECTs, by table, as the files of a load of instance `shop`."""

    def write(is_delivery: bool = True, **tables: str | list[str]) -> RawLoad:
        files: dict[str, list[Path]] = {}
        for table, selects in tables.items():
            for number, select in enumerate([selects] if isinstance(selects, str) else selects):
                path = tmp_path / "day=2026-07-01" / f"{table}.{number}.parquet"
                path.parent.mkdir(exist_ok=True)
                duckdb.execute(f"copy ({select}) to '{path}' (format parquet)")
                files.setdefault(table, []).append(path)
        return RawLoad(
            instance="shop",
            kind="file_drop" if is_delivery else "shopify",
            load_id="1",
            files=files,
            median_rows={},
            keys={"orders": ("order_id", "updated_at")},
            versions={"orders": ("updated_at",)},
            past_records={},
            is_delivery=is_delivery,
            ends=(),
            now=NOW,
            max_quarantined_share=0.02,
            min_quarantined=3,
            min_volume_share=0.2,
        )

    return write


@pytest.fixture
def check(tmp_path) -> Check:
    return lambda *loads: validate_raw(loads, tmp_path / "docs")


def said(report: ValidationReport) -> list[str]:
    return [failure.one_line for failure in report.failures]


def test_a_good_load_passes(load, check):
    good = load(orders=orders(98), _streams=streams(("orders", 98, 2)), _quarantine=quarantine(1))
    report = check(replace(good, median_rows={"orders": 100.0}))
    assert report.success
    assert report.stage == "raw"
    assert {(result.suite, result.table_name) for result in report.results} == {("shop.orders", "file_drop.orders")}
    assert {result.check_name for result in report.results} == {
        "changed_by_now",
        "no_reading_from_the_future",
        "quarantined_share",
        "unique_keys",
        "volume",
    }


def test_too_much_in_quarantine_names_the_most_frequent_fault(load, check):
    bad = load(
        False,
        orders=orders(840),
        _streams=streams(("orders", 840, 364)),
        _quarantine=quarantine(363),
    )
    assert said(check(bad)) == [
        (
            "shop.orders: 364 of 1,204 records quarantined, 30.2 % of the newest 1204 (amount: not a number), "
            "at most 2 % may be, or 3 in all"
        )
    ]


def test_a_table_of_which_nothing_landed_is_judged_too(load, check):
    bad = load(False, _streams=streams(("orders", 0, 5)), _quarantine=quarantine(4))
    assert said(check(bad)) == [
        (
            "shop.orders: 5 of 5 records quarantined, 100.0 % of the newest 5 (amount: not a number), "
            "at most 2 % may be, or 3 in all"
        )
    ]


def test_the_share_is_of_each_table_alone(load, check):
    bad = load(
        False,
        customers="select 1 as customer_id from range(1000)",
        orders=orders(90),
        _streams=streams(("customers", 1000, 0), ("orders", 90, 10)),
        _quarantine=quarantine(9),
    )
    [failure] = check(bad).failures
    assert failure.table_name == "shopify.orders"


def test_single_bad_records_never_hold_a_load_back_however_small_it_is(load, check):
    few = load(False, orders=orders(1), _streams=streams(("orders", 1, 3)), _quarantine=quarantine(2))
    assert check(few).success
    more = load(False, orders=orders(1), _streams=streams(("orders", 1, 4)), _quarantine=quarantine(3))
    assert said(check(more)) == [
        (
            "shop.orders: 4 of 5 records quarantined, 80.0 % of the newest 5 (amount: not a number), "
            "at most 2 % may be, or 3 in all"
        )
    ]


def test_a_small_load_is_judged_together_with_those_before_it(load, check):
    bad = load(False, orders=orders(40), _streams=streams(("orders", 40, 4)), _quarantine=quarantine(3))
    assert check(replace(bad, past_records={"orders": (456, 0)})).success
    assert check(replace(bad, past_records={"orders": (450, 6)})).success
    assert said(check(replace(bad, past_records={"orders": (449, 7)}))) == [
        (
            "shop.orders: 4 of 44 records quarantined, 2.2 % of the newest 500 (amount: not a number), "
            "at most 2 % may be, or 3 in all"
        )
    ]


def test_a_shop_that_is_broken_little_by_little_is_held_back_and_a_good_load_after_it_is_not(load, check):
    bad = load(False, orders=orders(1), _streams=streams(("orders", 1, 2)), _quarantine=quarantine(1))
    assert check(replace(bad, past_records={"orders": (96, 1)})).success
    assert not check(replace(bad, past_records={"orders": (96, 2)})).success
    good = load(False, orders=orders(1), _streams=streams(("orders", 1, 0)))
    assert check(replace(good, past_records={"orders": (4, 96)})).success


def test_a_record_changed_after_now_is_told_and_blocks_nothing(load, check):
    later = orders(2).replace("'2026-06-01'", "'2099-06-01'")
    report = check(load(False, orders=later, _streams=streams(("orders", 2, 0))))
    assert report.success
    [warning] = [result for result in report.results if not result.success]
    assert (warning.severity, warning.one_line) == (
        "warning",
        "shop.orders: 2 of 2 records have a later updated_at, none should be later than 2026-06-30 22:00 UTC",
    )


def test_a_record_in_two_files(load, check):
    bad = load(
        orders=[orders(10), orders(10, first=9)],
        _streams=streams(("orders", 10, 0), ("orders", 10, 0)),
    )
    assert said(check(bad)) == [
        "shop.orders: 20 records with 18 different keys (order_id, updated_at), each key must be in one record"
    ]


def test_a_delivery_that_was_cut_off(load, check):
    small = load(orders=orders(19), _streams=streams(("orders", 19, 0)))
    assert check(replace(small, median_rows={"orders": 95.0})).success
    assert said(check(replace(small, median_rows={"orders": 1204.0}))) == [
        "shop.orders: 19 records landed, usual are 1,204, at least 20 % of that must be"
    ]


def test_a_small_load_of_an_api_is_no_fault(load, check):
    quiet = load(False, orders=orders(1), _streams=streams(("orders", 1, 0)))
    assert check(replace(quiet, median_rows={"orders": 500.0})).success


@pytest.mark.parametrize("column", ["_observed_at", "observed_at"])
def test_a_reading_from_the_future(load, check, column):
    readings = f"""
        select unnest([timestamptz '2026-06-30 21:00:00+00', timestamptz '2026-06-30 22:00:01+00']) as {column}
    """
    bad = load(post_readings=readings, _streams=streams(("post_readings", 2, 0)))
    [failure] = check(bad).failures
    assert failure.column_name == column
    assert failure.one_line == (
        f"shop.post_readings: 1 of 2 records, newest {column} 2026-06-30 22:00 UTC, "
        "none may be later than 2026-06-30 22:00 UTC"
    )


def test_what_ends_within_a_week_is_told_once_and_blocks_nothing(load, check):
    good = load(False, customers="select 1 as id", orders=orders(5), _streams=streams(("orders", 5, 0)))
    ends = (("credential", NOW + timedelta(days=7)), ("API version v24.0", NOW + timedelta(days=8)))
    report = check(replace(good, ends=ends))
    assert report.success
    assert [result.one_line for result in report.results if not result.success] == [
        "shop.customers: credential ends on 2026-07-07, it should last for more than 7 days"
    ]


def test_loads_of_several_instances_are_told_apart(load, check):
    good = load(False, orders=orders(5), _streams=streams(("orders", 5, 0)))
    other = replace(good, instance="other's {shop}", now=NOW - timedelta(days=1))
    assert said(check(good, other)) == [
        (
            "other's {shop}.orders: 5 of 5 records, newest _observed_at 2026-06-30 22:00 UTC, "
            "none may be later than 2026-06-29 22:00 UTC"
        )
    ]


def test_nothing_to_check_is_a_success(check):
    assert check().results == ()
