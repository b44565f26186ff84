"""Fits all models of a brand at an as_of, by named steps where one has no result, and says in words which and why.

Purchases: `with_season`, else `without_season`, else the parameters of an `earlier_month_end`, else `not_eligible`.
Order values: `own`, else those of an `earlier_month_end`, else `not_eligible`: then only money is unknown. Refunds:
`own`, or `own_short` where the orders are too young to tell of a quarter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import TypeVar

import numpy as np

from pipelines.models import bg_nbd, gamma_gamma, pareto_nbd, refunds, season
from pipelines.models.customers import EPOCH, Summary, day_number, summarise
from pipelines.models.fitting import Fit
from pipelines.models.prediction import Models, is_possible
from pipelines.models.season import Clock

WITH_SEASON, WITHOUT_SEASON, OWN, OWN_SHORT = "with_season", "without_season", "own", "own_short"
EARLIER, NOT_ELIGIBLE = "earlier_month_end", "not_eligible"
PRIOR_SD = 3.0
"""Moves CDNOW's estimates by about a twentieth of their standard errors at most; see `fitting.maximise`."""
MIN_HISTORY_DAYS = 90
"""A quarter: under it nobody has been silent for long enough to tell leaving from waiting."""
MIN_SEASON_DAYS = 365
"""Less than a year of history cannot tell the season from the ageing of the customers."""
MIN_REPEAT_CUSTOMERS = 100
"""With 100 repeat buyers of CDNOW, the standard errors of the dropout parameters are over half of the parameters."""
EARLIER_MONTH_ENDS = 3
"""A quarter: customers of today need not behave like those of longer ago."""

T = TypeVar("T")
Purchases = tuple[Clock, Fit]
Attempt = tuple[str, Summary, Callable[[Summary], T | str]]
"""Step, what it learns from, and what makes a fit of that or says in words why there is none."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """By which step a model was fitted, and why not by one before it, in words."""

    step: str
    reason: str | None

    @property
    def is_eligible(self) -> bool:
        """Whether there is a fit at all."""
        return self.step != NOT_ELIGIBLE


@dataclass(frozen=True, slots=True)
class FittedBrand:
    """The fits of a brand at an as_of; `models` is None when purchases could not be modelled."""

    models: Models | None
    outcomes: Mapping[str, Outcome]
    """By name of the model, of those that were tried."""
    correlation: float
    """Of number and mean value of repeat orders, which Gamma-Gamma takes to be 0; NaN when it is not known."""

    @property
    def reason(self) -> str | None:
        """Why forecasts are missing; None when none is."""
        return "; ".join(o.reason for o in self.outcomes.values() if o.reason and not o.is_eligible) or None


def fit_brand(summary: Summary) -> FittedBrand:
    """Season, BG/NBD, Gamma-Gamma and refunds of the customers of `summary`."""
    correlation = gamma_gamma.correlation(summary.frequency, summary.mean_value)
    purchases, outcome = _purchases(summary)
    outcomes = {bg_nbd.NAME: outcome}
    if purchases is None:
        return FittedBrand(None, outcomes, correlation)
    clock, fit = purchases
    value, outcomes[gamma_gamma.NAME] = _value(summary)
    kept = refunds.learn(summary.seen, summary.as_of)
    outcomes[refunds.NAME] = _refunds_outcome(kept)
    return FittedBrand(Models(fit, value, clock, kept), outcomes, correlation)


def rivals(models: Models, summary: Summary) -> Iterator[Models]:
    """The other purchase models on the same clock, for the backtest to compare; without those that say nothing."""
    histories, _ = models.clock.histories(summary).grouped()
    rival = Models(pareto_nbd.fit(histories, PRIOR_SD), models.value, models.clock, models.kept)
    if rival.purchases.is_converged and is_possible(rival, summary):
        yield rival


def _first(attempts: Iterable[Attempt[T]], as_of: int) -> tuple[T | None, Outcome]:
    """What the first attempt with a result found; why what was known at `as_of` had none before it."""
    reasons: list[str] = []
    for step, known, attempt in attempts:
        found = attempt(known)
        if not isinstance(found, str):
            if known.as_of < as_of:
                reasons.append(f"the parameters are those of {EPOCH + timedelta(days=known.as_of)}")
            return found, Outcome(step, "; ".join(reasons) or None)
        if known.as_of == as_of:
            reasons.append(found)
    return None, Outcome(NOT_ELIGIBLE, "; ".join(reasons))


def _earlier(asked: Summary) -> Iterator[Summary]:
    """What was known at the month ends before, newest first, of those that had enough."""
    day = EPOCH + timedelta(days=asked.as_of)
    for _ in range(EARLIER_MONTH_ENDS):
        day = day.replace(day=1) - timedelta(days=1)
        known = summarise(asked.seen, day_number(day))
        if not _too_little(known):
            yield known


def _too_little(summary: Summary) -> str | None:
    days = int(summary.age.max()) if len(summary.keys) else 0
    if days < MIN_HISTORY_DAYS:
        return f"{days} days of orders, {MIN_HISTORY_DAYS} are needed"
    repeat_customers = int(np.count_nonzero(summary.frequency))
    if repeat_customers < MIN_REPEAT_CUSTOMERS:
        return f"{repeat_customers} customers with a second order, {MIN_REPEAT_CUSTOMERS} are needed"
    return None


def _purchases(asked: Summary) -> tuple[Purchases | None, Outcome]:
    reason = _too_little(asked)
    if reason:
        return None, Outcome(NOT_ELIGIBLE, reason)

    def with_season(known: Summary) -> Purchases | str:
        if known.age.max() < MIN_SEASON_DAYS:
            return f"less than {MIN_SEASON_DAYS} days of orders tell no season"
        found = season.fit(known, PRIOR_SD)
        is_usable = found is not None and is_possible(Models(found[1], None, found[0]), asked)
        return found if found is not None and is_usable else "the season has no clear course"

    def without_season(known: Summary) -> Purchases | str:
        clock = Clock.even()
        fit = bg_nbd.fit(clock.histories(known).grouped()[0], PRIOR_SD)
        is_usable = fit.is_converged and is_possible(Models(fit, None, clock), asked)
        return (clock, fit) if is_usable else "the likelihood of the orders has no clear maximum"

    own: list[Attempt[Purchases]] = [(WITH_SEASON, asked, with_season), (WITHOUT_SEASON, asked, without_season)]
    earlier = ((EARLIER, known, fit) for known in _earlier(asked) for fit in (with_season, without_season))
    return _first(chain(own, earlier), asked.as_of)


def _value(asked: Summary) -> tuple[Fit | None, Outcome]:
    count = int(np.count_nonzero(gamma_gamma.informs(asked.frequency, asked.mean_value)))
    if count < MIN_REPEAT_CUSTOMERS:
        reason = f"{count} customers with a second order of positive value, {MIN_REPEAT_CUSTOMERS} are needed"
        return None, Outcome(NOT_ELIGIBLE, reason)
    own: list[Attempt[Fit]] = [(OWN, asked, _fit_value)]
    return _first(chain(own, ((EARLIER, known, _fit_value) for known in _earlier(asked))), asked.as_of)


def _fit_value(known: Summary) -> Fit | str:
    if not gamma_gamma.informs(known.frequency, known.mean_value).any():
        return "no second order of positive value"
    value = gamma_gamma.fit(known.frequency, known.mean_value, PRIOR_SD)
    if not value.is_converged:
        return "the likelihood of the order values has no clear maximum"
    if value.estimates[1] <= 1:
        return "the order values are so uneven that their mean over customers is infinite (q <= 1)"
    return value


def _refunds_outcome(kept: refunds.Kept) -> Outcome:
    if kept.longest_delay >= MIN_HISTORY_DAYS:
        return Outcome(OWN, None)
    young = f"fewer than {refunds.MIN_ORDERS} orders are older than {kept.longest_delay} days"
    return Outcome(OWN_SHORT, f"{young}: what is taken back later is not foreseen")
