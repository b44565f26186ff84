"""The seasonal clock: it is the calendar when it must be, and finds the pace of the year when there is one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from pipelines.models import fits, season
from pipelines.models.customers import OrderDays, Summary, summarise
from pipelines.models.fitting import Fit
from pipelines.models.prediction import Models, expected_orders, silence_probability
from pipelines.models.season import Clock

FIRST_DAY = 20_089
"""2025-01-01."""
DAYS = 730
HORIZON = 90


def _shop(strength: float) -> OrderDays:
    """3,000 customers over two years and a quarter; December sells `1 + strength` times as much, for all of them."""
    generator = np.random.default_rng(4)
    day = np.arange(FIRST_DAY, FIRST_DAY + DAYS + HORIZON)
    pace = 1 + strength * (season.month_of(day) == 11)
    start = generator.integers(0, DAYS, 3_000)
    end = start + generator.exponential(700, 3_000)
    rate = 0.02 * np.exp(generator.normal(0, 0.8, 3_000))
    offset = np.arange(len(day))
    is_open = (offset > start[:, np.newaxis]) & (offset < end[:, np.newaxis])
    customer, later = np.nonzero(generator.random(is_open.shape) < rate[:, np.newaxis] * pace * is_open)
    keys = np.concatenate([np.arange(3_000), customer]).astype(str)
    days = pa.array(np.concatenate([start, later]) + FIRST_DAY, pa.int32()).cast(pa.date32())
    return OrderDays.of(pa.table({"customer_key": keys, "ordered_on": days, "net_revenue": np.ones(len(keys))}))


def _fit(order_days: OrderDays, as_of: int) -> tuple[Summary, Clock, Fit]:
    summary = summarise(order_days, as_of)
    models = fits.fit_brand(summary).models
    assert models is not None
    return summary, models.clock, models.purchases


def test_elapsed_counts_days_on_the_even_clock() -> None:
    elapsed = Clock.even().elapsed(np.array([10, 20]), np.array([20.0, 20.5]))
    assert elapsed.tolist() == [10, 0.5]


def test_elapsed_runs_at_the_pace_of_the_month() -> None:
    months = np.ones(12)
    months[0] = 2.0
    assert Clock(months).elapsed(FIRST_DAY, FIRST_DAY + 31) == pytest.approx(30 * 2 + 1)


def test_less_than_a_year_leaves_the_calendar() -> None:
    _, clock, fit = _fit(_shop(1.5), FIRST_DAY + 300)
    assert clock.is_even
    assert fit.is_converged


def test_a_strong_december_is_found_and_expected_to_end() -> None:
    order_days = _shop(1.5)
    as_of = FIRST_DAY + DAYS - 1
    summary, clock, fit = _fit(order_days, as_of)
    others = np.delete(clock.months, 11)
    assert clock.months[11] / others.mean() == pytest.approx(2.5, rel=0.15)
    assert others == pytest.approx(np.full(11, others.mean()), rel=0.15)
    actual = len(order_days.between(as_of + 1, as_of + HORIZON).day)
    new = len(summarise(order_days, as_of + HORIZON).keys) - len(summary.keys)
    assert new == 0
    assert expected_orders(Models(fit, None, clock), summary, HORIZON).sum() == pytest.approx(actual, rel=0.10)


def test_an_even_year_stays_nearly_even() -> None:
    _, clock, _ = _fit(_shop(0.0), FIRST_DAY + DAYS - 1)
    assert clock.months == pytest.approx(np.ones(12), rel=0.15)


def test_silence_is_less_likely_before_a_strong_month() -> None:
    summary, clock, fit = _fit(_shop(1.5), FIRST_DAY + DAYS - 32)
    before_december = silence_probability(Models(fit, None, clock), summary, 31)
    without_season = silence_probability(Models(fit, None, Clock.even()), summary, 31)
    assert np.mean(before_december < without_season) > 0.95
