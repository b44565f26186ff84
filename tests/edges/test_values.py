"""What customers are expected to bring: on the base of what they brought, and empty only where nothing can be said."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from expectations.validation import validate_marts
from orchestration.config import Settings
from orchestration.fitting import fit_and_land
from orchestration.warehouse import Warehouse
from tests.edges.world import World

NOW = datetime(2026, 6, 30, 20, tzinfo=UTC)
CUSTOMERS, SHARE = 160, 0.2
CUT_OFF = date(2025, 6, 30)
FIRST = datetime(2024, 9, 1, 12, tzinfo=UTC)
Row = dict[str, Any]


def _order(customer: str, number: int, at: datetime, amount: int) -> Row:
    return {
        "order_id": f"{customer}-{number}",
        "customer_id": customer,
        "ordered_at": at,
        "updated_at": at,
        "is_test": False,
        "currency": "EUR",
        "is_tax_included": False,
        "gross_amount": amount,
    }


def _refund(order: Row) -> Row:
    at = order["ordered_at"] + timedelta(days=15)
    said = {"refund_kind": "line", "line_id": "1", "currency": "EUR", "amount": order["gross_amount"]}
    return {"refund_id": order["order_id"], "order_id": order["order_id"], "refunded_at": at, "updated_at": at, **said}


def _bought() -> list[Row]:
    """Orders at random gaps from the first two months on; some customers leave after each."""
    generator = np.random.default_rng(3)
    orders: list[Row] = []
    for n in range(CUSTOMERS):
        at, gap, number = FIRST + timedelta(days=n % 60), float(generator.gamma(3, 20)), 0
        while at < NOW:
            orders.append(_order(f"c{n}", number, at, int(generator.integers(20, 80))))
            at, number = at + timedelta(days=2 + int(generator.exponential(gap))), number + 1
            if generator.random() < 0.07:
                break
    return orders


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    settings = replace(Settings.from_environment({}), home=tmp_path_factory.mktemp("values"))
    world, generator = World(settings, NOW), np.random.default_rng(4)
    bought = _bought()
    refunds = [refund for refund in map(_refund, bought) if generator.random() < SHARE and refund["refunded_at"] < NOW]
    once = [_order(f"o{n}", 0, FIRST + timedelta(days=n), 50) for n in range(40)]
    for brand, orders, given in (("returning", bought, {"refunds": refunds}), ("once", once, {})):
        shop = world.source("shopify", world.brand(brand))
        customers = {row["customer_id"]: row for row in reversed(orders)}.values()
        accounts = [
            {"customer_id": row["customer_id"], "created_at": row["ordered_at"], "updated_at": NOW} for row in customers
        ]
        world.land(shop, customers=accounts, orders=orders, **given)
    world.build().close()
    warehouse = Warehouse.of(settings, None)
    fit_and_land(warehouse)
    world.build().close()
    return warehouse


@pytest.fixture(scope="module")
def built(home: Warehouse) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(home.file), read_only=True)
    connection.execute("set timezone = 'UTC'; set search_path = 'marts,finance,intermediate'")
    return connection


def test_the_backtest_judges_by_how_the_customers_value_grew_in_the_books(built: duckdb.DuckDBPyConnection) -> None:
    then, now = (
        built.execute(
            "select sum(historic_net_revenue)::double, count(*) from mart_customer_lifetime_value"
            " where brand_id = 'returning' and as_of = ? and first_order_on <= ?",
            [day, CUT_OFF],
        ).fetchall()[0]
        for day in (CUT_OFF, date(2026, 6, 30))
    )
    scores = dict(
        built.execute(
            "select metric, value from mart_lifetime_value_backtest where brand_id = 'returning' and cut_off = ?"
            " and forecaster = 'bg_nbd' and target = 'value' and decile = 0",
            [CUT_OFF],
        ).fetchall()
    )
    assert then[1] == now[1] == CUSTOMERS
    assert scores["actual_mean"] * CUSTOMERS == pytest.approx(now[0] - then[0], abs=0.01)
    assert scores["bias"] == pytest.approx(0, abs=0.15)


def test_the_share_that_goes_back_is_learned_and_said(built: duckdb.DuckDBPyConnection) -> None:
    rows = built.execute(
        "select parameter, estimate, orders_count, step, reason, is_eligible from mart_lifetime_value_model"
        " where brand_id = 'returning' and is_current and model_name = 'refunds' order by parameter desc"
    ).fetchall()
    days, old = built.execute(
        "select count(*), sum(taken) / sum(sold) from (select customer_key, ordered_on, sum(net_revenue) as sold,"
        " sum(refunded_amount_reporting) as taken from fct_order where brand_id = 'returning' group by all)"
        " where ordered_on < date '2026-06-15'"
    ).fetchall()[0]
    (share, longest) = rows
    assert [row[0] for row in rows] == ["share", "longest_delay_days"]
    assert share[1] == pytest.approx(float(old), abs=0.005)
    assert share[2:] == (share[2], "own", None, True)
    assert days < share[2] == longest[2]
    assert longest[1] > 365


def test_a_brand_that_no_model_fits_has_its_history_and_the_reason(built: duckdb.DuckDBPyConnection) -> None:
    assert built.execute(
        "select count(*), sum(historic_net_revenue)::int, count(predicted_value), count(expected_orders),"
        " count(lifetime_value) from mart_customer_lifetime_value where brand_id = 'once' and is_current"
    ).fetchall() == [(40, 2_000, 0, 0, 0)]
    assert built.execute(
        "select model_name, parameter, estimate, step, is_eligible, reason from mart_lifetime_value_model"
        " where brand_id = 'once'"
    ).fetchall() == [("bg_nbd", "none", None, "not_eligible", False, "0 customers with a second order, 100 are needed")]
    predicted = "count(*) = count(predicted_value) and count(*) = count(expected_orders)"
    assert built.execute(
        f"select {predicted} from mart_customer_lifetime_value where brand_id = 'returning' and is_current"
    ).fetchall() == [(True,)]


def test_nothing_about_values_holds_publication_back(home: Warehouse, tmp_path: Path) -> None:
    copy = shutil.copy(home.file, tmp_path)
    report = validate_marts(Path(copy), tmp_path, frozenset())
    value = "finance.mart_customer_lifetime_value", "finance.mart_lifetime_value_"
    assert [failure.one_line for failure in report.failures if failure.table_name.startswith(value)] == []
