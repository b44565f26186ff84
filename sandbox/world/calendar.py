"""The world's days: local midnights, seasons and weekday effects, and conversions between days and moments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np

from sandbox.options import FUTURE_MONTHS, START_DAY, WorldOptions
from sandbox.world.columns import Floats, Integers

DAY = 86_400
HOUR = 3_600
_ORDER_WEEKDAY = np.array([1.05, 0.98, 0.97, 1.00, 0.95, 0.98, 1.07])
_ORDER_HOUR = np.array(
    [
        1.2,
        0.6,
        0.3,
        0.2,
        0.2,
        0.3,
        0.8,
        1.6,
        2.6,
        3.4,
        3.9,
        4.0,
        4.6,
        4.2,
        3.6,
        3.4,
        3.6,
        4.0,
        4.6,
        5.6,
        6.6,
        6.4,
        4.6,
        2.6,
    ]
)


def months_later(day: date, months: int) -> date:
    """The same day of another month; the world's months begin on the first, so that day exists."""
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)


@dataclass(frozen=True)
class Calendar:
    """Local days of the world, numbered from 0; `today` is the day that begins at the start clock."""

    first: date
    today: int
    midnight: Integers
    """Epoch of each day's start, with one more for the end of the last day."""
    noon: Integers

    @property
    def days(self) -> int:
        """Days in the world, past and future."""
        return len(self.noon)

    def moment(self, day: Integers, second: Integers) -> Integers:
        """Epoch of a local clock time, given in seconds of the day."""
        moments: Integers = self.noon[day] + second - 12 * HOUR
        return moments

    def day_of(self, moment: Integers) -> Integers:
        """Number of the local day that holds a moment; may lie outside of the world."""
        return np.searchsorted(self.midnight, moment, side="right").astype(np.int64) - 1

    def date_of(self, day: int) -> date:
        """The date of a day."""
        return self.first + timedelta(days=int(day))

    def weekday(self, day: Integers) -> Integers:
        """0 is Monday."""
        weekdays: Integers = (day + self.first.weekday()) % 7
        return weekdays

    def season(self, strength: float = 1.0) -> Floats:
        """Intensity of buying on each day, 1 on average: year-end peak, summer dip, Black Friday, weekdays."""
        dates = [self.date_of(d) for d in range(self.days)]
        year_day = np.array([d.timetuple().tm_yday for d in dates])
        wave = 1 + 0.10 * np.cos(2 * np.pi * (year_day - 345) / 365.25)
        sale_week = np.array([d.month == 11 and 22 <= d.day <= 30 for d in dates])
        august = np.array([d.month == 8 for d in dates])
        intensity = wave * np.where(sale_week, 1.5, 1.0) * np.where(august, 0.88, 1.0)
        intensity = intensity**strength * _ORDER_WEEKDAY[self.weekday(np.arange(self.days))]
        return np.asarray(intensity / intensity.mean())


def calendar(options: WorldOptions) -> Calendar:
    """The days of a world of these options."""
    first, end = months_later(START_DAY, -options.months), months_later(START_DAY, FUTURE_MONTHS)
    dates = [first + timedelta(days=n) for n in range((end - first).days + 1)]
    midnight = np.array([int(datetime.combine(d, time(), options.zone).timestamp()) for d in dates], dtype=np.int64)
    noon = np.array([int(datetime.combine(d, time(12), options.zone).timestamp()) for d in dates[:-1]], dtype=np.int64)
    return Calendar(first, (START_DAY - first).days, midnight, noon)


def order_seconds(rng: np.random.Generator, n: int) -> Integers:
    """Seconds of the day at which people buy: mostly at lunch and in the evening."""
    hour = rng.choice(24, size=n, p=_ORDER_HOUR / _ORDER_HOUR.sum())
    return np.asarray(hour * HOUR + rng.integers(0, HOUR, n), dtype=np.int64)
