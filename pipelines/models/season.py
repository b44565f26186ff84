"""The pace of the year: how many repeat orders a calendar month brings beyond what the customers' ages explain.

A Poisson process whose rate rises and falls with the season for all customers alike is an even one on a clock that runs
at the pace of the season. So the purchase models stay as published, and only their clock changes. In simulated shops
with a December peak, the error of the 12-month total fell from 18 % to 4 % (as of December) and from -11 % to 2 % (as
of September); without a peak it moved by about 3 points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.models import bg_nbd
from pipelines.models.customers import Summary
from pipelines.models.fitting import Fit, Floats, Histories, Integers

PSEUDO_ORDERS = 25.0
"""Weight of the assumption of an even year: as if a month's expectation had been seen with 20 % of uncertainty."""
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Clock:
    """Maps calendar days to time at the pace of the season; a mean day is 1 long."""

    months: Floats
    """Pace of January to December, mean 1."""

    @classmethod
    def even(cls) -> Clock:
        """The calendar itself."""
        return cls(np.ones(12))

    @property
    def is_even(self) -> bool:
        """Whether it is the calendar itself."""
        return bool(np.all(self.months == 1))

    @property
    def is_running(self) -> bool:
        """Whether time passes in every month, at a pace that is a number."""
        return bool(np.all(np.isfinite(self.months) & (self.months > 0)))

    def elapsed(self, first_day: Integers | int, last_day: Integers | Floats | float) -> Floats:
        """Time from the end of `first_day` to the end of `last_day`, which may be a fraction of a day."""
        origin = int(np.min(first_day))
        days = np.arange(origin, int(np.ceil(np.max(last_day))) + 1)
        time = np.concatenate([[0.0], np.cumsum(self.months[month_of(days[1:])])])
        return np.asarray(np.interp(last_day, days, time) - time[np.asarray(first_day) - origin], dtype=np.float64)

    def histories(self, summary: Summary) -> Histories:
        """The customers' histories on this clock."""
        recency = self.elapsed(summary.first_day, summary.last_day)
        return Histories.of(summary.frequency, recency, self.elapsed(summary.first_day, summary.as_of))


def month_of(days: Integers) -> Integers:
    """Month of the year, January is 0."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12


def fit(summary: Summary, prior_sd: float) -> tuple[Clock, Fit] | None:
    """The clock of the season and the purchase model on it, by turns; None where one of the turns has no result."""
    clock = Clock.even()
    model = bg_nbd.fit(clock.histories(summary).grouped()[0], prior_sd)
    observed = _repeat_orders_by_month(summary)
    for _ in range(_ROUNDS):
        if not model.is_converged:
            return None
        expected = _expected_by_month(clock, model, summary)
        months = clock.months * (observed + PSEUDO_ORDERS) / (expected + PSEUDO_ORDERS)
        clock = Clock(months / months.mean())
        if not clock.is_running:
            return None
        model = bg_nbd.fit(clock.histories(summary).grouped()[0], prior_sd)
    return (clock, model) if model.is_converged else None


def _repeat_orders_by_month(summary: Summary) -> Floats:
    all_orders = np.bincount(month_of(summary.seen.day), minlength=12)
    first_orders = np.bincount(month_of(summary.first_day), minlength=12)
    return (all_orders - first_orders).astype(np.float64)


def _expected_by_month(clock: Clock, model: Fit, summary: Summary) -> Floats:
    """Repeat orders that the model expects by month of the year, from each customer's first day to as_of."""
    first_days, customers = np.unique(summary.first_day, return_counts=True)
    days = np.arange(first_days[0], summary.as_of + 1)
    last_of_month = np.append(np.flatnonzero(np.diff(month_of(days))), len(days) - 1)
    ends = days[last_of_month]
    grid = np.maximum(ends[:, np.newaxis], first_days)
    age = clock.elapsed(np.broadcast_to(first_days, grid.shape), grid)
    cumulative = np.sum(bg_nbd.expected_orders_of_newcomer(model.estimates, age) * customers, axis=1)
    increments = np.diff(cumulative, prepend=0.0)
    return np.bincount(month_of(ends), weights=increments, minlength=12).astype(np.float64)
