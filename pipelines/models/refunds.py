"""Refunds: what share of an order's revenue is taken back, and when.

Kaplan and Meier's estimate (1958) with euros for patients and days since the order for time: of the money that orders
still kept at the start of a day after their order, the share that was taken back on that day. An order tells of a day
once it is that old, so young orders neither hide refunds to come nor are left out, and nothing has to be assumed of how
long refunds take. Days that fewer than `MIN_ORDERS` orders are old enough for tell nothing; nothing is expected there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.models.customers import OrderDays
from pipelines.models.fitting import Floats, Integers

NAME = "refunds"
MIN_ORDERS = 100
"""With 100 orders, a share of 5 % that is taken back whole is known to about 2 points."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Share of its revenue that an order still keeps at the end of each day after it."""

    share: Floats
    """By day since the order, from 0 to the last that enough orders are old enough for; 1 when none is."""
    orders_count: int
    """Order days that it is learned from."""

    @classmethod
    def everything(cls) -> Kept:
        """Nothing is ever taken back."""
        return cls(np.ones(1), 0)

    @property
    def longest_delay(self) -> int:
        """Days after an order beyond which nothing is expected to be taken back."""
        return len(self.share) - 1

    def after(self, days: Floats | Integers | float) -> Floats:
        """Share kept `days` after the order, by linear interpolation."""
        return np.asarray(np.interp(days, np.arange(len(self.share)), self.share), dtype=np.float64)

    def expected_refunds(self, seen: OrderDays, as_of: int, ends: Floats) -> Floats:
        """What will be taken back of the orders in `seen`, shape (ends, customers), up to each of `ends`.

        Ends are days after `as_of`; customers are those of `seen`, in the order of their keys.
        """
        left = np.maximum(seen.value - _taken_back_by_order(seen), 0.0)
        age = as_of - seen.day
        now = self.after(age)
        customers, position = np.unique(seen.customer, return_inverse=True)
        expected = np.zeros((len(ends), len(customers)))
        for row, end in enumerate(ends):
            stays = np.divide(self.after(age + end), now, out=np.ones_like(now), where=now > 0)
            expected[row] = np.bincount(position, weights=left * (1 - stays), minlength=len(customers))
        return expected


def learn(seen: OrderDays, as_of: int) -> Kept:
    """The shares that orders up to `as_of` kept, from what was taken back of them by then."""
    back = seen.taken_back
    age, delay = as_of - seen.day, back.day - back.order_day
    if len(age) < MIN_ORDERS:
        return Kept.everything()
    longest = int(np.partition(age, -MIN_ORDERS)[-MIN_ORDERS])
    size = int(age.max()) + 2
    sold = np.cumsum(np.bincount(age, weights=seen.value, minlength=size)[::-1])[::-1]
    started = np.bincount(delay + 1, weights=back.value, minlength=size)[:size]
    outgrown = np.bincount(as_of - back.order_day + 1, weights=back.value, minlength=size)[:size]
    at_risk = sold - np.cumsum(started - outgrown)
    taken = np.bincount(delay, weights=back.value, minlength=size)[:size]
    hazard = np.divide(taken, at_risk, out=np.zeros(size), where=at_risk > 0)
    return Kept(np.cumprod(1 - np.clip(hazard, 0.0, 1.0))[: longest + 1], len(age))


def _taken_back_by_order(seen: OrderDays) -> Floats:
    """What was taken back of each order day of `seen`, each of which is there."""
    back = seen.taken_back
    position = np.searchsorted(_place(seen.customer, seen.day), _place(back.customer, back.order_day))
    return np.bincount(position, weights=back.value, minlength=len(seen.day)).astype(np.float64)


def _place(customer: Integers, day: Integers) -> Integers:
    """A number that sorts like customer and day."""
    return (customer << 32) + day
