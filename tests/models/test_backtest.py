"""Metrics by hand, no knowledge of the future, and the figures that real shops give."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from pipelines.models import judging
from pipelines.models.customers import OrderDays, day_number
from pipelines.models.lifetime_value import scores_at

PREDICTED = np.array([0.9, 0.6, 0.6, 0.1])
ACTUAL = np.array([1.0, 1.0, 0.0, 0.0])


def test_metrics_by_hand() -> None:
    assert judging.bias(PREDICTED, ACTUAL) == pytest.approx(0.1)
    assert judging.mae(PREDICTED, ACTUAL) == pytest.approx(0.3)
    assert judging.rmse(PREDICTED, ACTUAL) == pytest.approx(np.sqrt(0.54 / 4))
    assert judging.brier(PREDICTED, ACTUAL) == pytest.approx(0.54 / 4)
    assert judging.auc(PREDICTED, ACTUAL) == pytest.approx(3.5 / 4)


def test_metrics_without_events_are_unknown() -> None:
    assert np.isnan(judging.bias(PREDICTED, np.zeros(4)))
    assert np.isnan(judging.auc(PREDICTED, np.ones(4)))


def test_deciles_hold_a_tenth_each_from_the_highest() -> None:
    groups = judging.deciles(np.arange(25.0))
    assert groups[-1] == 1
    assert groups[0] == 10
    assert np.bincount(groups, minlength=11)[1:].tolist() == [3, 2, 3, 2, 3, 2, 3, 2, 3, 2]


def _all_customers(order_days: OrderDays, cut_off: date, horizon_days: int) -> dict[tuple[str, str, str], float]:
    scores = scores_at(order_days, day_number(cut_off), horizon_days)
    return {(s.forecaster, s.target, s.metric): s.value for s in scores if s.decile == 0}


def test_forecasts_do_not_see_the_hold_out(cdnow_order_days: pa.Table) -> None:
    cut_off = date(1997, 9, 30)
    order_days = OrderDays.of(cdnow_order_days)
    full = _all_customers(order_days, cut_off, 90)
    blind = _all_customers(order_days.until(day_number(cut_off)), cut_off, 90)
    forecasts = [key for key in full if key[2] == "predicted_mean"]
    assert len(forecasts) >= 10
    assert {key: blind[key] for key in forecasts} == {key: full[key] for key in forecasts}
    assert blind["bg_nbd", "orders", "actual_mean"] == 0


def test_too_early_a_cut_off_gives_no_scores(cdnow_order_days: pa.Table) -> None:
    assert not scores_at(OrderDays.of(cdnow_order_days), day_number(date(1997, 2, 1)), 90)


def test_the_complete_journey_is_foreseen(complete_journey: OrderDays) -> None:
    """2,469 households, cut-off 2017-11-30, 28 days: the levels that the project holds itself to."""
    found = _all_customers(complete_journey, date(2017, 11, 30), 28)
    assert found["bg_nbd", "no_purchase", "auc"] >= 0.87
    assert found["bg_nbd", "no_purchase", "brier"] <= 0.103
    assert found["bg_nbd", "no_purchase", "brier"] < found["recency_rule", "no_purchase", "brier"]
    assert abs(found["bg_nbd", "value", "bias"]) < 0.10
    assert 0.7 <= found["bg_nbd", "value", "interval_coverage"] <= 0.9
