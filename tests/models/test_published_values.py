"""The models against the estimates that Fader, Hardie and Lee published for CDNOW."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from pipelines.models import bg_nbd, gamma_gamma, pareto_nbd
from pipelines.models.backtest import backtest
from pipelines.models.customers import OrderDays, day_number, summarise
from pipelines.models.fitting import Fit, Histories
from pipelines.models.prediction import Models
from pipelines.models.season import Clock

Cdnow = tuple[Histories, np.ndarray]
END_OF_CALIBRATION = day_number(date(1997, 9, 30))
THIRTY_NINE_WEEKS = 273


@pytest.fixture(scope="module")
def bg_nbd_fit(cdnow: Cdnow) -> Fit:
    return bg_nbd.fit(cdnow[0].grouped()[0])


def test_bg_nbd_matches_the_paper(bg_nbd_fit: Fit) -> None:
    assert bg_nbd_fit.is_converged
    assert bg_nbd_fit.estimates == pytest.approx([0.2426, 4.4135, 0.7929, 2.4258], rel=1e-3)
    assert bg_nbd_fit.standard_errors == pytest.approx([0.01256, 0.3782, 0.1857, 0.7053], rel=2e-3)
    assert bg_nbd_fit.log_likelihood == pytest.approx(-9582.43, abs=0.05)
    assert bg_nbd_fit.customers_count == 2357


def test_grouping_equal_histories_changes_nothing(cdnow: Cdnow, bg_nbd_fit: Fit) -> None:
    groups, position = cdnow[0].grouped()
    assert len(groups.weight) == 1016
    assert groups.recency[position] == pytest.approx(cdnow[0].recency)
    assert bg_nbd.fit(cdnow[0]).estimates == pytest.approx(bg_nbd_fit.estimates, rel=1e-6)


def test_bg_nbd_forecasts_match_the_paper(cdnow: Cdnow, bg_nbd_fit: Fit) -> None:
    expected = bg_nbd.expected_orders(bg_nbd_fit.estimates, cdnow[0], 39.0)
    assert expected.sum() == pytest.approx(1653.42, abs=0.05)
    assert expected[0] == pytest.approx(1.2259, abs=1e-4)
    assert bg_nbd.probability_alive(bg_nbd_fit.estimates, cdnow[0])[0] == pytest.approx(0.7266, abs=1e-4)


def test_pareto_nbd_matches_the_paper(cdnow: Cdnow) -> None:
    fit = pareto_nbd.fit(cdnow[0].grouped()[0])
    assert fit.is_converged
    assert fit.estimates == pytest.approx([0.5533, 10.5776, 0.6062, 11.6679], rel=1e-3)
    assert fit.log_likelihood == pytest.approx(-9594.97, abs=0.05)


def test_gamma_gamma_matches_the_paper(cdnow: Cdnow) -> None:
    histories, mean_value = cdnow
    fit = gamma_gamma.fit(histories.frequency, mean_value)
    assert fit.is_converged
    assert fit.customers_count == 946
    assert fit.estimates == pytest.approx([6.2488, 3.7446, 15.4478], rel=1e-3)
    population_mean = gamma_gamma.expected_value(fit.estimates, np.zeros(1), np.full(1, np.nan))
    assert population_mean == pytest.approx([35.17], abs=0.01)
    assert gamma_gamma.correlation(histories.frequency, mean_value) == pytest.approx(0.114, abs=1e-3)


def test_customers_worth_nothing_do_not_reach_the_value_model(cdnow: Cdnow) -> None:
    histories, mean_value = cdnow
    free = np.concatenate([mean_value, np.zeros(50), np.full(50, np.nan)])
    frequency = np.concatenate([histories.frequency, np.full(100, 2.0)])
    fit = gamma_gamma.fit(frequency, free)
    assert fit.customers_count == 946
    assert fit.estimates == pytest.approx([6.2488, 3.7446, 15.4478], rel=1e-3)


def test_the_raw_transactions_lead_to_the_same_fit(cdnow_order_days: pa.Table) -> None:
    summary = summarise(OrderDays.of(cdnow_order_days), END_OF_CALIBRATION)
    weeks = Histories.of(summary.frequency, summary.recency, summary.age).scaled(7.0)
    fit = bg_nbd.fit(weeks.grouped()[0])
    assert len(summary.keys) == 2357
    assert fit.estimates == pytest.approx([0.2426, 4.4135, 0.7929, 2.4258], rel=2e-3)
    assert fit.log_likelihood == pytest.approx(-9582.43, abs=0.1)


def test_hold_out_of_cdnow(cdnow_order_days: pa.Table) -> None:
    order_days = OrderDays.of(cdnow_order_days)
    summary = summarise(order_days, END_OF_CALIBRATION)
    histories = Histories.of(summary.frequency, summary.recency, summary.age).grouped()[0]
    candidates = [Models(model.fit(histories), None, Clock.even()) for model in (bg_nbd, pareto_nbd)]
    scores = backtest(order_days, END_OF_CALIBRATION, THIRTY_NINE_WEEKS, candidates, seed=1)
    found = {(s.forecaster, s.target, s.metric): s.value for s in scores if s.decile == 0}
    assert found["bg_nbd", "orders", "actual_mean"] * len(summary.keys) == pytest.approx(1882)
    assert found["bg_nbd", "orders", "bias"] == pytest.approx(-0.121, abs=2e-3)
    assert found["bg_nbd", "orders", "mae"] == pytest.approx(0.785, abs=2e-3)
    assert found["bg_nbd", "orders", "rmse"] == pytest.approx(1.608, abs=2e-3)
    assert found["pareto_nbd", "orders", "bias"] == pytest.approx(-0.115, abs=2e-3)
    assert found["own_rate", "orders", "bias"] == pytest.approx(0.557, abs=5e-3)
    assert found["population_rate", "orders", "bias"] == pytest.approx(0.556, abs=5e-3)
    assert found["bg_nbd", "no_purchase", "auc"] == pytest.approx(0.757, abs=2e-3)
    assert found["bg_nbd", "no_purchase", "brier"] == pytest.approx(0.1612, abs=5e-4)
