"""Calibrate on what was known at a cut-off, and judge against what came after it, beside naive baselines.

Value is net revenue less what was taken back, of whatever order: by how much a customer's net revenue to date grew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.models import judging
from pipelines.models.customers import OrderDays, Summary, summarise, totals_by_customer
from pipelines.models.fitting import Floats
from pipelines.models.prediction import Models, expected_orders, forecast_value, silence_probability

_RECENCY_BINS = 10


@dataclass(frozen=True, slots=True)
class Score:
    """One figure of a backtest."""

    forecaster: str
    target: str
    metric: str
    decile: int
    customers_count: int
    value: float


@dataclass(frozen=True, slots=True)
class _HoldOut:
    """What the customers known at the cut-off did in the `days` after it."""

    summary: Summary
    days: int
    orders: Floats
    value: Floats

    @property
    def is_silent(self) -> Floats:
        return np.asarray(self.orders == 0, dtype=np.float64)


def backtest(
    order_days: OrderDays, cut_off: int, horizon_days: int, candidates: list[Models], seed: int
) -> list[Score]:
    """Scores of the candidates, all fitted on days up to `cut_off`, and of the baselines. Money is not discounted."""
    hold_out = _hold_out(order_days, cut_off, horizon_days)
    scores: list[Score] = []
    for models in candidates:
        scores.extend(_score_models(models, hold_out, seed))
    for forecaster, predicted in _order_baselines(hold_out).items():
        scores.extend(_scores(forecaster, "orders", predicted, hold_out.orders))
    scores.extend(_scores("own_rate", "value", _spend_rate(hold_out), hold_out.value))
    earlier = cut_off - horizon_days
    if earlier > int(hold_out.summary.first_day.min()):
        rule = _recency_rule(_hold_out(order_days, earlier, horizon_days), hold_out.summary)
        scores.extend(_scores("recency_rule", "no_purchase", rule, hold_out.is_silent))
    return scores


def _hold_out(order_days: OrderDays, cut_off: int, horizon_days: int) -> _HoldOut:
    summary = summarise(order_days, cut_off)
    later = order_days.between(cut_off + 1, cut_off + horizon_days)
    orders, value = totals_by_customer(later, summary.keys)
    return _HoldOut(summary, horizon_days, orders, value)


def _scores(forecaster: str, target: str, predicted: Floats, actual: Floats) -> Iterator[Score]:
    metrics = judging.PROBABILITY_METRICS if target == "no_purchase" else judging.AMOUNT_METRICS
    for metric, decile, count, value in judging.judge(metrics, predicted, actual):
        yield Score(forecaster, target, metric, decile, count, value)


def _score_models(models: Models, hold_out: _HoldOut, seed: int) -> Iterator[Score]:
    name, summary, days = models.purchases.model_name, hold_out.summary, hold_out.days
    yield from _scores(name, "orders", expected_orders(models, summary, days), hold_out.orders)
    yield from _scores(name, "no_purchase", silence_probability(models, summary, days), hold_out.is_silent)
    if models.value is None:
        return
    forecast = forecast_value(models, summary, days, 0.0, seed)
    yield from _scores(name, "value", forecast.revenue, hold_out.value)
    is_inside = (forecast.low <= hold_out.value) & (hold_out.value <= forecast.high)
    coverage = {"interval_coverage": lambda _predicted, inside: float(inside.mean())}
    for metric, decile, count, value in judging.judge(coverage, forecast.revenue, is_inside.astype(np.float64)):
        yield Score(name, "value", metric, decile, count, value)


def _order_baselines(hold_out: _HoldOut) -> dict[str, Floats]:
    """Orders that a clerk would expect. The window is as long as the oldest customer has been known."""
    summary, days = hold_out.summary, hold_out.days
    age = np.maximum(summary.age, 1.0)
    return {
        "own_rate": summary.frequency / age * days,
        "repeat_count": summary.frequency / age.max() * days,
        "population_rate": np.full(len(age), summary.frequency.sum() / age.sum() * days),
    }


def _spend_rate(hold_out: _HoldOut) -> Floats:
    """Each customer's repeat spend goes on at its past rate, less the share taken back of all revenue so far."""
    summary = hold_out.summary
    age = np.maximum(summary.age, 1.0)
    kept = 1 - float(summary.seen.taken_back.value.sum()) / max(float(summary.seen.value.sum()), 1e-9)
    return summary.frequency * np.nan_to_num(summary.mean_value) * kept / age * hold_out.days


def _recency_rule(earlier: _HoldOut, now: Summary) -> Floats:
    """Share of silent customers one horizon earlier, by days since the last order: a rule that needs no model."""
    silence_then = earlier.summary.as_of - earlier.summary.last_day
    edges = np.unique(np.quantile(silence_then, np.linspace(0, 1, _RECENCY_BINS + 1)[1:-1]))
    then, today = (np.searchsorted(edges, days) for days in (silence_then, now.as_of - now.last_day))
    customers = np.bincount(then, minlength=len(edges) + 1)
    silent = np.bincount(then, weights=earlier.is_silent, minlength=len(edges) + 1)
    share = np.divide(silent, customers, out=np.full(len(customers), earlier.is_silent.mean()), where=customers > 0)
    return np.asarray(share[today], dtype=np.float64)
