"""What a fitted pair of models expects of each customer: orders, value with its interval, and silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pipelines.models import bg_nbd, gamma_gamma, pareto_nbd
from pipelines.models.customers import Summary
from pipelines.models.fitting import Fit, Floats, Histories
from pipelines.models.season import Clock

MONTH_DAYS = 30.4375
INTERVAL = 0.80
_DRAWS = 200
_BATCH = 2_000
"""Customers simulated at once: bounds memory at about 20 MB."""


class PurchaseModel(Protocol):
    """What `bg_nbd` and `pareto_nbd` have in common."""

    def probability_alive(self, parameters: Floats, h: Histories) -> Floats:
        """P(alive) at the end of observation."""

    def expected_orders(self, parameters: Floats, h: Histories, time: Floats | float) -> Floats:
        """E[purchases] in the `time` after it."""

    def probability_of_purchase(self, parameters: Floats, h: Histories, time: float) -> Floats:
        """P(at least one purchase) in the `time` after it."""

    def simulate_orders(self, generator: np.random.Generator, parameters: Floats, h: Histories, time: float) -> Floats:
        """Numbers of purchases in the `time` after it, shape (draws, customers)."""


PURCHASE_MODELS: dict[str, PurchaseModel] = {bg_nbd.NAME: bg_nbd, pareto_nbd.NAME: pareto_nbd}


@dataclass(frozen=True, slots=True)
class Models:
    """All that is fitted at one as_of for one brand; no value model when spend did not allow one."""

    purchases: Fit
    value: Fit | None
    clock: Clock

    @property
    def process(self) -> PurchaseModel:
        """The model that `purchases` is a fit of."""
        return PURCHASE_MODELS[self.purchases.model_name]

    def time(self, as_of: int, horizon_days: float) -> float:
        """The horizon's length on the clock."""
        return float(self.clock.elapsed(as_of, as_of + horizon_days))


@dataclass(frozen=True, slots=True)
class ValueForecast:
    """Per customer, over one horizon; money is NaN without a value model."""

    orders: Floats
    revenue: Floats
    """Expected net revenue."""
    discounted: Floats
    """Expected net revenue, each month discounted to as_of."""
    low: Floats
    high: Floats
    """The interval of the discounted net revenue, widened to hold its expectation where a long tail lifts that out."""


def alive_probability(models: Models, summary: Summary) -> Floats:
    """P(alive) at as_of."""
    return models.process.probability_alive(models.purchases.estimates, models.clock.histories(summary))


def silence_probability(models: Models, summary: Summary, horizon_days: float) -> Floats:
    """P(no purchase in the horizon)."""
    time = models.time(summary.as_of, horizon_days)
    histories = models.clock.histories(summary)
    return 1 - models.process.probability_of_purchase(models.purchases.estimates, histories, time)


def expected_orders(models: Models, summary: Summary, horizon_days: float) -> Floats:
    """Expected days with an order in the horizon."""
    time = models.time(summary.as_of, horizon_days)
    return models.process.expected_orders(models.purchases.estimates, models.clock.histories(summary), time)


def forecast_value(
    models: Models, summary: Summary, horizon_days: float, discount_rate_year: float, seed: int
) -> ValueForecast:
    """Expected orders and value by months of 30.4375 days, and the predictive interval of the value."""
    histories = models.clock.histories(summary)
    monthly = _expected_orders_by_month(models, histories, summary.as_of, horizon_days)
    orders = monthly.sum(axis=0)
    if models.value is None:
        unknown = np.full(len(orders), np.nan)
        return ValueForecast(orders, unknown, unknown, unknown, unknown)
    monthly_rate = (1 + discount_rate_year) ** (1 / 12) - 1
    factors = (1 + monthly_rate) ** -np.arange(1.0, len(monthly) + 1)
    discounted_orders = np.sum(factors[:, np.newaxis] * monthly, axis=0)
    value = gamma_gamma.expected_value(models.value.estimates, summary.frequency, summary.mean_value)
    low, high = _interval(models, models.value, summary, models.time(summary.as_of, horizon_days), seed)
    discount = np.divide(discounted_orders, orders, out=np.ones_like(orders), where=orders > 0)
    discounted = discounted_orders * value
    low, high = np.minimum(low * discount, discounted), np.maximum(high * discount, discounted)
    return ValueForecast(orders, orders * value, discounted, low, high)


def _expected_orders_by_month(models: Models, histories: Histories, as_of: int, horizon_days: float) -> Floats:
    """Expected orders, shape (months, customers); the last month may be a part of one."""
    groups, position = histories.grouped()
    ends = np.minimum(np.arange(1, np.ceil(horizon_days / MONTH_DAYS) + 1) * MONTH_DAYS, horizon_days)
    estimates = models.purchases.estimates
    cumulative = [models.process.expected_orders(estimates, groups, models.time(as_of, end)) for end in ends]
    return np.diff(np.stack(cumulative), axis=0, prepend=0.0)[:, position]


def _interval(models: Models, value: Fit, summary: Summary, time: float, seed: int) -> tuple[Floats, Floats]:
    """Bounds of the undiscounted value: parameters are drawn, then each future is played out under each draw."""
    generator = np.random.Generator(np.random.SFC64(seed))
    purchase_draws = models.purchases.draws(generator, _DRAWS)
    value_draws = value.draws(generator, _DRAWS)
    histories = models.clock.histories(summary)
    bounds = np.empty((2, len(summary.keys)))
    for start in range(0, len(summary.keys), _BATCH):
        part = slice(start, start + _BATCH)
        batch = Histories.of(histories.frequency[part], histories.recency[part], histories.age[part])
        orders = models.process.simulate_orders(generator, purchase_draws, batch, time)
        bounds[:, part] = _central_interval(
            gamma_gamma.simulate_value(generator, value_draws, batch.frequency, summary.mean_value[part], orders)
        )
    return bounds[0], bounds[1]


def _central_interval(outcomes: Floats) -> Floats:
    """Bounds that hold 80 % of the outcomes (axis 0), a tenth left out on either side.

    Where a tenth or more of the outcomes is zero, nothing can be left out below; the fifth is then left out above.
    Otherwise the interval of a customer who may well not return would hold 90 %.
    """
    outside = (1 - INTERVAL) / 2
    ordered = np.sort(outcomes, axis=0)
    last = len(ordered) - 1
    low, high, high_from_zero = (ordered[round(last * share)] for share in (outside, 1 - outside, INTERVAL))
    return np.stack([low, np.where(low > 0, high, high_from_zero)])
