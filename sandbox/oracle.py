"""The best that anybody could know of a buyer: the chance to buy again, given the history and the world's own law.

A buyer's kind and rate are not known to an observer, so they are averaged out over the world's law, weighted by how
well each explains the buyer's past. No forecaster that sees purchases only can have a better Brier score on average.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import gammaincc, ndtri

from sandbox.world.calendar import Calendar
from sandbox.world.columns import Floats, Integers, total_by
from sandbox.world.purchases import GAP_SHAPE, KINDS, BuyerKind, Purchases, season_clocks

_RATES: Final = 9
_SILENCE_STEPS: Final = 8
_HORIZON_STEPS: Final = 6


@dataclass(frozen=True)
class _History:
    """Per buyer: purchases, day of the last one, and the sums over the gaps that the likelihood needs."""

    buyer: Integers
    count: Integers
    last_day: Integers
    lived: Integers
    """Calendar days between first and last purchase."""
    log_gaps: Floats
    gaps: Floats


def _history(clock: Floats, bought: Purchases, today: int) -> _History:
    seen = bought.day < today
    buyer, day = bought.buyer[seen], bought.day[seen]
    ids, start, count = np.unique(buyer, return_index=True, return_counts=True)
    same = buyer[1:] == buyer[:-1]
    gap = np.maximum(clock[day[1:]] - clock[day[:-1]], 0.3)[same]
    owner = np.searchsorted(ids, buyer[1:][same])
    last = day[start + count - 1]
    log_gaps, gaps = total_by(owner, np.log(gap), len(ids)), total_by(owner, gap, len(ids))
    return _History(ids, count, last, last - day[start], log_gaps, gaps)


def purchase_probability(calendar: Calendar, bought: Purchases, today: int, days: int) -> tuple[Integers, Floats]:
    """Buyers known before day `today`, and for each the probability to buy within `days` from then on."""
    weights, chances = [], []
    buyers = np.zeros(0, dtype=np.int64)
    for kind, clock in zip(KINDS, season_clocks(calendar), strict=True):
        past = _history(clock, bought, today)
        buyers = past.buyer
        for quantile in (np.arange(_RATES) + 0.5) / _RATES:
            rate = kind.median_rate * bought.pace * np.exp(kind.rate_sigma * ndtri(quantile))
            weight, chance = _given(kind, float(rate), clock, past, today, days)
            weights.append(np.log(kind.share) + weight)
            chances.append(chance)
    stacked = np.stack(weights)
    posterior = np.exp(stacked - stacked.max(axis=0))
    return buyers, np.asarray((posterior * np.stack(chances)).sum(axis=0) / posterior.sum(axis=0))


def _given(kind: BuyerKind, rate: float, clock: Floats, past: _History, today: int, days: int) -> tuple[Floats, Floats]:
    """Log-likelihood of each history, and the probability to buy in the horizon, for one kind and rate."""
    hazard, leaves, scale = kind.leave_hazard, kind.leave_after_purchase, GAP_SHAPE * rate
    repeats = past.count - 1
    log_density = (GAP_SHAPE - 1) * past.log_gaps - scale * past.gaps + repeats * GAP_SHAPE * np.log(scale)
    log_density += repeats * np.log1p(-leaves) - hazard * past.lived

    def silent(until: Integers) -> Floats:
        """Chance that an active buyer has not bought again by the end of a day."""
        spent = clock[np.minimum(until, len(clock) - 1)] - clock[past.last_day]
        return np.asarray(gammaincc(GAP_SHAPE, scale * spent))

    silence = today - 1 - past.last_day
    still_here = (1 - leaves) * np.exp(-hazard * silence) * silent(np.full(len(silence), today - 1))
    left_later = np.zeros(len(silence))
    for step in range(_SILENCE_STEPS):
        middle = (step + 0.5) / _SILENCE_STEPS * silence
        left_later += np.exp(-hazard * middle) * silent(past.last_day + middle.astype(np.int64))
    gone = leaves + (1 - leaves) * hazard * left_later * silence / _SILENCE_STEPS
    edges = np.linspace(0, days, _HORIZON_STEPS + 1)
    quiet = [silent(np.full(len(silence), today - 1 + int(edge))) for edge in edges]
    middle_days = (edges[1:] + edges[:-1]) / 2
    buys = sum(
        (before - after) * np.exp(-hazard * middle)
        for before, after, middle in zip(quiet[:-1], quiet[1:], middle_days, strict=True)
    )
    chance = np.asarray(buys) / np.maximum(quiet[0], 1e-12) * still_here / np.maximum(still_here + gone, 1e-300)
    return log_density + np.log(np.maximum(still_here + gone, 1e-300)), chance
