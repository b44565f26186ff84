"""Exchange rates of the European Central Bank's kind: one a working day, carried forward over other days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.options import WorldOptions
from sandbox.world.calendar import Calendar
from sandbox.world.columns import Flags, Floats, Integers
from sandbox.world.rng import stream

CURRENCIES = ("EUR", "CHF", "USD")
_START = (1.0, 0.9420, 1.0850)
_DAILY_SIGMA = (0.0, 0.0022, 0.0042)
_HOLIDAYS = {(1, 1), (5, 1), (12, 25), (12, 26)}


@dataclass(frozen=True)
class Rates:
    """Units for one euro on each day of the world (days x CURRENCIES), and on which days they were published."""

    units: Floats
    is_published: Flags

    def euros(self, cents: Integers, currency: Integers, day: Integers) -> Floats:
        """Amounts in euros at the rate of their day, not rounded."""
        return np.asarray(cents / 100 / self.units[day, currency])


def rates(options: WorldOptions, calendar: Calendar) -> Rates:
    """A slow random walk; four decimals, as published."""
    rng = stream(options.seed, "rates")
    dates = [calendar.date_of(d) for d in range(calendar.days)]
    published = np.array([d.weekday() < 5 and (d.month, d.day) not in _HOLIDAYS for d in dates])
    steps = rng.standard_normal((calendar.days, len(CURRENCIES))) * np.array(_DAILY_SIGMA) * published[:, None]
    pull = np.exp(np.cumsum(steps, axis=0) * 0.6)
    units = np.round(np.array(_START) * pull, 4)
    carried = np.maximum.accumulate(np.where(published, np.arange(calendar.days), 0))
    return Rates(units[carried], published)
