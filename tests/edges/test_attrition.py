"""Who was lost, who could have been, and whom an order acquires: each case in a brand of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest

from orchestration.config import Settings
from tests.edges.world import World

NOW = datetime(2026, 7, 1, 1, 30, tzinfo=UTC)
"""In New York it is the evening of 30 June."""
Rows = list[tuple[Any, ...]]


def _shop(world: World, brand: str, orders: dict[str, list[str]], refunded: dict[str, str] | None = None) -> None:
    """One shop; orders are ids `<customer> <n>` on days, `refunded` has days of whole refunds by order."""
    dated = {
        f"{customer} {n}": datetime.fromisoformat(f"{day}T12:00+00:00")
        for customer, days in orders.items()
        for n, day in enumerate(days)
    }
    shop = world.source("shopify", brand)
    usual = {"is_test": False, "currency": "EUR", "is_tax_included": False, "gross_amount": 50}
    customers = [
        {"customer_id": customer, "created_at": dated[f"{customer} 0"], "updated_at": NOW, "country_code": customer}
        for customer in orders
    ]
    rows = [
        {"order_id": id_, "customer_id": id_.split()[0], "ordered_at": at, "updated_at": at, **usual}
        for id_, at in dated.items()
    ]
    given = {order: datetime.fromisoformat(f"{day}T12:00+00:00") for order, day in (refunded or {}).items()}
    refunds = [
        {"refund_id": id_, "order_id": id_, "refund_kind": "line", "line_id": "1", "refunded_at": at, "updated_at": at,
         "currency": "EUR", "amount": 50}
        for id_, at in given.items()
    ]  # fmt: skip
    world.land(shop, customers=customers, orders=rows, **({"refunds": refunds} if refunds else {}))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    world = World(replace(Settings.from_environment({}), home=tmp_path_factory.mktemp("attrition")), NOW)
    old = {
        "founder": ["2024-06-01"],
        "gone": ["2025-03-10"],
        "saved": ["2025-03-20", "2026-03-15"],
        "safe": ["2026-02-01"],
    }
    _shop(world, world.brand("old"), old)
    _shop(world, world.brand("young"), {"first": ["2025-09-01"], "second": ["2026-01-10"]})
    steady = ["2026-01-01", "2026-01-11", "2026-01-21", "2026-01-31"]
    slow = ["2025-11-01", "2025-12-01", "2026-01-02"]
    gaps = {"stops": steady, "goes_on": [*steady, "2026-02-28", "2026-03-20"], "slow": slow}
    _shop(world, world.brand("gaps"), gaps)
    returned = {"again": ["2026-01-10", "2026-05-03"], "never": ["2026-01-11"], "kept": ["2026-01-12"]}
    _shop(world, world.brand("returned"), returned, {"again 0": "2026-06-05", "never 0": "2026-02-01"})
    days = {"a": ["2026-05-10"], "b": ["2026-06-30"]}
    _shop(world, world.brand("new_york", timezone="America/New_York"), days)
    _shop(world, world.brand("paris"), days)
    return world.build()


def _attrition(
    built: duckdb.DuckDBPyConnection, brand: str, columns: str, definition: str = "no_order_in_period"
) -> dict[date, Rows]:
    """Columns of all customers, by month."""
    rows = built.execute(
        f"select month, {columns} from mart_attrition_monthly where brand_id = ? and definition = ?"
        " and segment_type = 'all' order by month",
        [brand, definition],
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


def test_a_rate_is_unknown_until_the_history_is_longer_than_the_silence(built: duckdb.DuckDBPyConnection) -> None:
    columns = "customers_at_start, customers_lost, attrition_rate, attrition_rate_low, attrition_rate_high"
    young = _attrition(built, "young", columns)
    assert len(young) == 10
    assert {row[1:] for row in young.values()} == {(0, None, None, None)}
    old = _attrition(built, "old", "customers_lost, attrition_rate, is_loss_visible")
    assert old[date(2025, 5, 1)] == (0, None, False)
    assert old[date(2025, 6, 1)] == (1, pytest.approx(1 / 3), True)


def test_beside_the_rate_stands_who_could_lapse(built: duckdb.DuckDBPyConnection) -> None:
    columns = "customers_at_start, customers_lost, attrition_rate, customers_at_risk, attrition_rate_at_risk"
    old = _attrition(built, "old", columns)
    assert old[date(2026, 3, 1)] == (3, 1, pytest.approx(1 / 3), 2, 0.5)
    assert old[date(2026, 4, 1)] == (2, 0, 0.0, 0, None)


def test_who_could_lapse_by_the_own_gap_is_told_by_the_own_gap(built: duckdb.DuckDBPyConnection) -> None:
    columns = "customers_at_start, customers_lost, customers_at_risk, attrition_rate_at_risk"
    gaps = _attrition(built, "gaps", columns, "silence_over_own_gap")
    # 3 x 10 days end after 28 February and before 31 March, 3 x 31 days of who is slow in April.
    assert gaps[date(2026, 2, 1)] == (3, 0, 0, None)
    assert gaps[date(2026, 3, 1)] == (3, 1, 2, 0.5)
    assert gaps[date(2026, 4, 1)] == (2, 2, 2, 1.0)


def test_a_segment_has_its_own_who_could_lapse(built: duckdb.DuckDBPyConnection) -> None:
    assert built.execute(
        "select segment, customers_at_start, customers_lost, customers_at_risk, attrition_rate_at_risk"
        " from mart_attrition_monthly where brand_id = 'old' and definition = 'no_order_in_period'"
        " and segment_type = 'country' and month = date '2026-03-01' order by segment"
    ).fetchall() == [
        ("FOUNDER", 0, 0, 0, None),
        ("GONE", 1, 1, 1, 1.0),
        ("SAFE", 1, 0, 0, None),
        ("SAVED", 1, 0, 1, 0.0),
    ]


def test_a_month_that_has_not_begun_for_the_brand_has_no_row(built: duckdb.DuckDBPyConnection) -> None:
    for mart, where in (("mart_attrition_monthly", "segment_type = 'all'"), ("mart_retention_cohort", "true")):
        newest = dict(
            built.execute(
                f"select brand_id, max(month) from {mart} where brand_id in ('new_york', 'paris') and {where}"
                " group by brand_id"
            ).fetchall()
        )
        assert newest == {"new_york": date(2026, 6, 1), "paris": date(2026, 7, 1)}


def test_the_month_that_is_not_over_where_the_brand_is_stays_incomplete(built: duckdb.DuckDBPyConnection) -> None:
    found = built.execute(
        "select brand_id, is_complete, customers_count from mart_retention_cohort"
        " where brand_id in ('new_york', 'paris') and month = date '2026-06-01' order by 1, acquisition_month"
    ).fetchall()
    assert found == [("new_york", False, 1), ("new_york", False, 1), ("paris", True, 1), ("paris", True, 1)]


def test_an_order_refunded_whole_acquires_nobody(built: duckdb.DuckDBPyConnection) -> None:
    assert built.execute(
        "select country_code, acquisition_month, first_order_on, party_class from dim_customer"
        " where brand_id = 'returned' order by 1"
    ).fetchall() == [
        ("AGAIN", date(2026, 5, 1), date(2026, 1, 10), "customer"),
        ("KEPT", date(2026, 1, 1), date(2026, 1, 12), "customer"),
        ("NEVER", None, date(2026, 1, 11), "customer"),
    ]
    assert built.execute(
        "select acquisition_month, age_months, customers_count, active_customers_count, net_revenue::int,"
        " cumulative_net_revenue::int from mart_retention_cohort where brand_id = 'returned' and is_complete"
        " and (acquisition_month > '2026-01-01' or age_months < 2) order by 1, 2"
    ).fetchall() == [
        (date(2026, 1, 1), 0, 1, 1, 50, 50),
        (date(2026, 1, 1), 1, 1, 0, 0, 50),
        (date(2026, 5, 1), 0, 1, 1, 100, 100),
        (date(2026, 5, 1), 1, 1, 0, -50, 50),
    ]
