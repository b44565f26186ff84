"""What fitted models expect of each customer: orders, value after refunds with its interval, and silence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from pipelines.models import bg_nbd, gamma_gamma, pareto_nbd
from pipelines.models.customers import Summary
from pipelines.models.fitting import Fit, Floats, Histories
from pipelines.models.refunds import Kept
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
    kept: Kept = field(default_factory=Kept.everything)

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
    """By how much the customer's net revenue to date will grow: orders less what is taken back, both in the horizon.

    Below 0 where more is expected to be taken back of orders up to as_of than new ones bring.
    """
    discounted: Floats
    """The same, each month discounted to as_of; what is taken back of a new order like that order."""
    low: Floats
    high: Floats
    """The interval of `discounted`, widened to hold it where a long tail lifts it out."""


def alive_probability(models: Models, summary: Summary) -> Floats:
    """P(alive) at as_of."""
    return models.process.probability_alive(models.purchases.estimates, models.clock.histories(summary))


def is_possible(models: Models, summary: Summary) -> bool:
    """Whether what the purchase model expects of each customer is a number; a fit at its limit can say nothing."""
    horizon_days = float(summary.age.max())
    expected = (expected_orders(models, summary, horizon_days), silence_probability(models, summary, horizon_days))
    return all(bool(np.isfinite(values).all() and (values >= 0).all()) for values in expected)


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
    ends = np.minimum(np.arange(1, np.ceil(horizon_days / MONTH_DAYS) + 1) * MONTH_DAYS, horizon_days)
    monthly = _expected_orders_by_month(models, summary, ends)
    orders = monthly.sum(axis=0)
    if models.value is None:
        unknown = np.full(len(orders), np.nan)
        return ValueForecast(orders, unknown, unknown, unknown, unknown)
    order_value = gamma_gamma.expected_value(models.value.estimates, summary.frequency, summary.mean_value)
    middles = ends - np.diff(ends, prepend=0.0) / 2
    kept_orders = monthly * models.kept.after(horizon_days - middles)[:, np.newaxis]
    refunds = np.diff(models.kept.expected_refunds(summary.seen, summary.as_of, ends), axis=0, prepend=0.0)
    monthly_rate = (1 + discount_rate_year) ** (1 / 12) - 1
    factors = (1 + monthly_rate) ** -np.arange(1.0, len(ends) + 1)[:, np.newaxis]
    kept, discounted_kept = kept_orders.sum(axis=0), np.sum(factors * kept_orders, axis=0)
    discounted_refunds = np.sum(factors * refunds, axis=0)
    bounds = _interval(models, models.value, summary, _ratio(kept, orders), horizon_days, seed)
    low, high = bounds * _ratio(discounted_kept, kept) - discounted_refunds
    discounted = discounted_kept * order_value - discounted_refunds
    revenue = kept * order_value - refunds.sum(axis=0)
    return ValueForecast(orders, revenue, discounted, np.minimum(low, discounted), np.maximum(high, discounted))


def _ratio(part: Floats, whole: Floats) -> Floats:
    """`part / whole`, 1 where there is nothing to divide."""
    return np.divide(part, whole, out=np.ones_like(whole), where=whole > 0)


def _expected_orders_by_month(models: Models, summary: Summary, ends: Floats) -> Floats:
    """Expected orders between the `ends` (days after as_of), shape (ends, customers)."""
    groups, position = models.clock.histories(summary).grouped()
    times = [models.time(summary.as_of, end) for end in ends]
    cumulative = [models.process.expected_orders(models.purchases.estimates, groups, time) for time in times]
    return np.diff(np.stack(cumulative), axis=0, prepend=0.0)[:, position]


def _interval(models: Models, value: Fit, summary: Summary, kept: Floats, horizon_days: float, seed: int) -> Floats:
    """Bounds, shape (2, customers), of the undiscounted value of new orders.

    Parameters are drawn, then each future is played out under each draw. An order is taken back whole or not at all,
    which spreads the same expectation the widest.
    """
    generator = np.random.Generator(np.random.SFC64(seed))
    purchase_draws = models.purchases.draws(generator, _DRAWS)
    value_draws = value.draws(generator, _DRAWS)
    time = models.time(summary.as_of, horizon_days)
    histories = models.clock.histories(summary)
    bounds = np.empty((2, len(summary.keys)))
    for start in range(0, len(summary.keys), _BATCH):
        part = slice(start, start + _BATCH)
        batch = Histories.of(histories.frequency[part], histories.recency[part], histories.age[part])
        orders = models.process.simulate_orders(generator, purchase_draws, batch, time)
        lasting = generator.binomial(orders.astype(np.int64), kept[part]).astype(np.float64)
        bounds[:, part] = _central_interval(
            gamma_gamma.simulate_value(generator, value_draws, batch.frequency, summary.mean_value[part], lasting)
        )
    return bounds


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
