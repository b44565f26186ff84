"""Fits all models of a brand at an as_of, or says in words why one cannot be fitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from pipelines.models import bg_nbd, gamma_gamma, pareto_nbd, season
from pipelines.models.customers import OrderDays, Summary
from pipelines.models.fitting import Fit
from pipelines.models.prediction import Models

PRIOR_SD = 3.0
"""Moves CDNOW's estimates by about a twentieth of their standard errors at most; see `fitting.maximise`."""
MIN_HISTORY_DAYS = 90
"""A quarter: under it nobody has been silent for long enough to tell leaving from waiting."""
MIN_REPEAT_CUSTOMERS = 100
"""With 100 repeat buyers of CDNOW, the standard errors of the dropout parameters are over half of the parameters."""


@dataclass(frozen=True, slots=True)
class FittedBrand:
    """The fits of a brand at an as_of; `models` is None when purchases could not be modelled."""

    models: Models | None
    reasons: Mapping[str, str]
    """Name of a model that could not be fitted to why, in words."""
    correlation: float
    """Of number and mean value of repeat orders, which Gamma-Gamma takes to be 0; NaN when it is not known."""

    @property
    def reason(self) -> str | None:
        """Why forecasts are missing; None when none is."""
        return "; ".join(self.reasons.values()) or None


def fit_brand(order_days: OrderDays, summary: Summary) -> FittedBrand:
    """Season, BG/NBD and Gamma-Gamma on the customers of `summary`."""
    correlation = gamma_gamma.correlation(summary.frequency, summary.mean_value)
    reason = _too_little(summary)
    if reason:
        return FittedBrand(None, {bg_nbd.NAME: reason}, correlation)
    clock, purchases = season.fit(order_days, summary, PRIOR_SD)
    if not purchases.is_converged:
        return FittedBrand(None, {bg_nbd.NAME: "the likelihood of the orders has no clear maximum"}, correlation)
    value, reason = _fit_value(summary)
    return FittedBrand(Models(purchases, value, clock), {gamma_gamma.NAME: reason} if reason else {}, correlation)


def rivals(models: Models, summary: Summary) -> Iterator[Models]:
    """The other purchase models on the same clock, for the backtest to compare; without those that do not converge."""
    histories, _ = models.clock.histories(summary).grouped()
    rival = pareto_nbd.fit(histories, PRIOR_SD)
    if rival.is_converged:
        yield Models(rival, models.value, models.clock)


def _too_little(summary: Summary) -> str | None:
    days = int(summary.age.max()) if len(summary.keys) else 0
    if days < MIN_HISTORY_DAYS:
        return f"{days} days of orders, {MIN_HISTORY_DAYS} are needed"
    repeat_customers = int(np.count_nonzero(summary.frequency))
    if repeat_customers < MIN_REPEAT_CUSTOMERS:
        return f"{repeat_customers} customers with a second order, {MIN_REPEAT_CUSTOMERS} are needed"
    return None


def _fit_value(summary: Summary) -> tuple[Fit | None, str | None]:
    count = int(np.count_nonzero(gamma_gamma.informs(summary.frequency, summary.mean_value)))
    if count < MIN_REPEAT_CUSTOMERS:
        return None, f"{count} customers with a second order of positive value, {MIN_REPEAT_CUSTOMERS} are needed"
    value = gamma_gamma.fit(summary.frequency, summary.mean_value, PRIOR_SD)
    if not value.is_converged:
        return None, "the likelihood of the order values has no clear maximum"
    if value.estimates[1] <= 1:
        return None, "the order values are so uneven that their mean over customers is infinite (q <= 1)"
    return value, None
