"""A year of a grocer's real baskets through the normal job, as a file drop."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.homes import LiveHome

pytestmark = [pytest.mark.xdist_group("complete_journey"), pytest.mark.slow]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> LiveHome:
    folder: Path = tmp_path_factory.mktemp("journey") / "home"
    folder.mkdir()
    home = LiveHome(folder, sandbox_port=1)
    home.voxhouse("sample", "complete-journey")
    home.voxhouse("run")
    return home


def test_no_line_no_basket_no_household_and_no_cent_is_lost(home: LiveHome) -> None:
    assert home.one("select count(*) from fct_order_line") == 1_469_307
    assert home.one("select count(*) from fct_order") == 155_848
    assert home.one("select count(*) from dim_customer") == 2_469
    assert home.one("select sum(net_amount) from fct_order_line") == Decimal("4596039.58")
    assert home.one("select coalesce(sum(records_count), 0) from operations.quarantine") == 0


def test_baskets_without_value_are_told_apart_not_thrown_away(home: LiveHome) -> None:
    (row,) = home.rows(
        "select count(*) filter (not is_revenue_order) as others, min(net_amount) filter (is_revenue_order) as least,"
        " max(net_amount) filter (not is_revenue_order) as most from fct_order"
    )
    assert row["others"] > 0
    assert row["most"] <= 0 < row["least"]
    assert home.one("select count(*) from fct_order_line where quantity = 0") > 0


def test_its_days_are_those_of_its_shops(home: LiveHome) -> None:
    assert home.rows("select min(ordered_on)::varchar as first, max(ordered_on)::varchar as last from fct_order") == [
        {"first": "2017-01-01", "last": "2017-12-31"}
    ]


def test_revenue_ties_to_the_raw_bytes(home: LiveHome) -> None:
    (row,) = home.rows(
        "select sum(control_total) as control, max(abs(unexplained_difference)) as unexplained, count(*) as days"
        " from mart_revenue_reconciliation"
    )
    assert (row["control"], row["unexplained"], row["days"]) == (Decimal("4596039.58"), 0, 365)


def test_the_published_backtest_beats_its_baseline(home: LiveHome) -> None:
    scores = {
        (row["forecaster"], row["metric"]): row["value"]
        for row in home.rows(
            "select forecaster, metric, value from mart_lifetime_value_backtest"
            " where target = 'no_purchase' and decile = 0 and horizon_days = 90"
        )
    }
    assert scores["bg_nbd", "auc"] >= 0.87
    assert scores["bg_nbd", "brier"] <= scores["recency_rule", "brier"] * 1.02
