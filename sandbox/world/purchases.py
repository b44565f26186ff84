"""How people buy: a renewal process in seasonal time that ends with churn. None of `pipelines.models` has this form.

Gaps are gamma distributed in a time that runs faster in season, rates are log-normal within three kinds of buyers, each
kind follows the season more or less, and a buyer leaves after a purchase (by chance) or in silence (by a hazard).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.options import WorldOptions
from sandbox.world.calendar import Calendar
from sandbox.world.columns import Columns, Floats, Integers
from sandbox.world.rng import stream

GAP_SHAPE = 0.9


@dataclass(frozen=True, slots=True)
class BuyerKind:
    """A latent kind of buyer; rates per day of seasonal time, hazards per calendar day."""

    share: float
    median_rate: float
    rate_sigma: float
    leave_after_purchase: float
    leave_hazard: float
    season_strength: float


KINDS = (
    BuyerKind(0.45, 1 / 50, 0.50, 0.005, 1 / 3000, 0.6),
    BuyerKind(0.40, 1 / 75, 0.60, 0.03, 1 / 1500, 1.0),
    BuyerKind(0.15, 1 / 120, 0.70, 0.25, 1 / 600, 1.6),
)


@dataclass(frozen=True)
class Buyers(Columns):
    """The latent traits of those who buy at least once; rates before they are scaled by the pace of purchases."""

    first_day: Integers
    kind: Integers
    rate: Floats


@dataclass(frozen=True)
class Purchases:
    """Every purchase of every buyer, past and future, by buyer and day; and the day on which each buyer left."""

    buyer: Integers
    day: Integers
    left_day: Integers
    """The world's number of days for those who stay beyond its end."""
    pace: float
    """Factor between the kinds' rates and the buyers'."""


def season_clocks(calendar: Calendar) -> list[Floats]:
    """For each kind, the seasonal time at the end of each day."""
    return [np.cumsum(calendar.season(kind.season_strength)) for kind in KINDS]


def _acquisition(options: WorldOptions, calendar: Calendar) -> Integers:
    """First-order days: exactly `customers` before the clock, and as many after it as the growth goes on to bring."""
    rng = stream(options.seed, "acquisition")
    day = np.arange(calendar.days)
    density = calendar.season() * (0.75 + 0.5 * np.minimum(day / calendar.today, 1.0))
    past, future = density[: calendar.today], density[calendar.today :]
    coming = round(options.customers * future.sum() / past.sum())
    known = rng.choice(calendar.today, size=options.customers, p=past / past.sum())
    later = calendar.today + rng.choice(len(future), size=coming, p=future / future.sum())
    return np.sort(np.concatenate([known, later])).astype(np.int64)


def _simulate(seed: int, buyers: Buyers, calendar: Calendar, pace: float) -> Purchases:
    rng = stream(seed, "purchases")
    clocks = season_clocks(calendar)
    hazard = np.array([k.leave_hazard for k in KINDS])[buyers.kind]
    leave = np.array([k.leave_after_purchase for k in KINDS])[buyers.kind]
    left = np.minimum(buyers.first_day + rng.exponential(1 / hazard).astype(np.int64), calendar.days)
    active, day = np.arange(len(buyers)), buyers.first_day.copy()
    all_buyers, all_days = [active], [day]
    while len(active):
        leaves = rng.random(len(active)) < leave[active]
        gap = rng.gamma(GAP_SHAPE, 1 / GAP_SHAPE, len(active)) / (buyers.rate[active] * pace)
        following = _advance(clocks, buyers.kind[active], day, gap)
        left[active[leaves]] = np.minimum(left[active[leaves]], day[leaves])
        goes_on = ~leaves & (following < calendar.days) & (following <= left[active])
        active, day = active[goes_on], following[goes_on]
        all_buyers.append(active)
        all_days.append(day)
    buyer, days = np.concatenate(all_buyers), np.concatenate(all_days)
    order = np.lexsort((days, buyer))
    return Purchases(buyer[order], days[order], left, pace)


def _advance(clocks: list[Floats], kind: Integers, day: Integers, gap: Floats) -> Integers:
    following = np.empty(len(day), dtype=np.int64)
    for k, clock in enumerate(clocks):
        chosen = kind == k
        following[chosen] = np.searchsorted(clock, clock[day[chosen]] + gap[chosen])
    return following


def purchases(options: WorldOptions, calendar: Calendar) -> tuple[Buyers, Purchases]:
    """Buyers with rates scaled so that about `orders` purchases lie before the clock, and all of their purchases."""
    rng = stream(options.seed, "buyers")
    first_day = _acquisition(options, calendar)
    kind = rng.choice(len(KINDS), size=len(first_day), p=[k.share for k in KINDS])
    median, sigma = np.array([k.median_rate for k in KINDS]), np.array([k.rate_sigma for k in KINDS])
    rate = np.minimum(median[kind] * np.exp(sigma[kind] * rng.standard_normal(len(kind))), 0.25)
    buyers = Buyers(first_day, kind.astype(np.int64), rate)
    known = buyers.take(first_day < calendar.today)
    low, high = 0.02, 20.0
    for _ in range(10):
        pace = np.sqrt(low * high)
        bought = _simulate(options.seed, known, calendar, pace)
        enough = np.count_nonzero(bought.day < calendar.today) >= options.orders
        low, high = (low, pace) if enough else (pace, high)
    return buyers, _simulate(options.seed, buyers, calendar, high)
