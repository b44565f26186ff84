"""From order days, and what was taken back of them, to what the models know of each customer, in days."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.models.fitting import Floats, Integers

EPOCH = date(1970, 1, 1)
VALUE_DECIMALS = 4
"""Finer differences are noise of a sum over doubles, whose order is not fixed; they must not make a new model."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What refunds and cancellations took back: one entry per customer x order day x day it was taken back on."""

    customer: Integers
    order_day: Integers
    day: Integers
    value: Floats

    @classmethod
    def of(cls, refund_days: pa.Table, keys: npt.NDArray[np.object_]) -> TakenBack:
        """From columns customer_key, ordered_on, refunded_on and refunded_revenue, in any order; others are left out.

        What is dated before its order, a slip of the source, counts on the order's day.
        """
        refund_days = refund_days.filter(pc.is_in(refund_days["customer_key"], pa.array(keys, pa.string())))
        customer = np.searchsorted(keys, refund_days["customer_key"].to_numpy().astype(object)).astype(np.int64)
        order_day = _days(refund_days["ordered_on"])
        day = np.maximum(_days(refund_days["refunded_on"]), order_day)
        order = np.lexsort((day, order_day, customer))
        return cls(customer[order], order_day[order], day[order], _money(refund_days["refunded_revenue"])[order])

    @classmethod
    def nothing(cls) -> TakenBack:
        """No entry."""
        none = np.zeros(0, dtype=np.int64)
        return cls(none, none, none, np.zeros(0))

    def between(self, first_day: int, last_day: int) -> TakenBack:
        """What was taken back from `first_day` to `last_day`, both included."""
        chosen = (self.day >= first_day) & (self.day <= last_day)
        return TakenBack(self.customer[chosen], self.order_day[chosen], self.day[chosen], self.value[chosen])


@dataclass(frozen=True, slots=True)
class OrderDays:
    """Days with an order, sorted by customer and day: one entry per customer x day. Days count from 1970-01-01."""

    keys: npt.NDArray[np.object_]
    """Customer keys, sorted; `customer` points into them, here and in `taken_back`."""
    customer: Integers
    day: Integers
    value: Floats
    """Net revenue of the day's orders, before anything is taken back."""
    taken_back: TakenBack

    @classmethod
    def of(cls, order_days: pa.Table, refund_days: pa.Table | None = None) -> OrderDays:
        """From columns customer_key, ordered_on and net_revenue of one brand, in any order, and its `TakenBack`."""
        keys, customer = np.unique(order_days["customer_key"].to_numpy().astype(object), return_inverse=True)
        day = _days(order_days["ordered_on"])
        order = np.lexsort((day, customer))
        taken_back = TakenBack.nothing() if refund_days is None else TakenBack.of(refund_days, keys)
        value = _money(order_days["net_revenue"])
        return cls(keys, customer[order].astype(np.int64), day[order], value[order], taken_back)

    def until(self, last_day: int) -> OrderDays:
        """What happened up to and including `last_day`."""
        return self.between(int(np.iinfo(np.int64).min), last_day)

    def between(self, first_day: int, last_day: int) -> OrderDays:
        """What happened from `first_day` to `last_day`, both included: orders, and what was taken back of any order."""
        chosen = (self.day >= first_day) & (self.day <= last_day)
        taken_back = self.taken_back.between(first_day, last_day)
        return OrderDays(self.keys, self.customer[chosen], self.day[chosen], self.value[chosen], taken_back)

    def digest(self) -> str:
        """Equal for equal content."""
        sha = hashlib.sha256("\n".join(self.keys[np.unique(self.customer)]).encode())
        ranks = np.unique(self.customer, return_inverse=True)[1]
        back = self.taken_back
        rank_of = np.zeros(len(self.keys), dtype=np.int64)
        rank_of[self.customer] = ranks
        for column in (ranks.astype(np.int64), self.day, _cents(self.value)):
            sha.update(np.ascontiguousarray(column).tobytes())
        for column in (rank_of[back.customer], back.order_day, back.day, _cents(back.value)):
            sha.update(np.ascontiguousarray(column).tobytes())
        return sha.hexdigest()


@dataclass(frozen=True, slots=True)
class Summary:
    """One entry per customer with an order by `as_of`."""

    as_of: int
    keys: npt.NDArray[np.object_]
    frequency: Floats
    """x: order days after the first one."""
    first_day: Integers
    last_day: Integers
    mean_value: Floats
    """Mean net revenue of the repeat order days, before anything is taken back; NaN without one."""
    seen: OrderDays
    """What this sums up."""

    @property
    def recency(self) -> Floats:
        """t_x in days."""
        return (self.last_day - self.first_day).astype(np.float64)

    @property
    def age(self) -> Floats:
        """T in days."""
        return (self.as_of - self.first_day).astype(np.float64)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def summarise(order_days: OrderDays, as_of: int) -> Summary:
    """What `order_days` up to and including `as_of` say of each customer."""
    seen = order_days.until(as_of)
    customers, starts, counts = np.unique(seen.customer, return_index=True, return_counts=True)
    frequency = (counts - 1).astype(np.float64)
    totals = np.add.reduceat(seen.value, starts) if len(starts) else np.zeros(0)
    repeat_value = totals - seen.value[starts]
    mean = np.divide(repeat_value, frequency, out=np.full(len(customers), np.nan), where=frequency > 0)
    last = starts + counts - 1
    return Summary(as_of, seen.keys[customers], frequency, seen.day[starts], seen.day[last], mean, seen)


def totals_by_customer(order_days: OrderDays, keys: npt.NDArray[np.object_]) -> tuple[Floats, Floats]:
    """Order days and net revenue, less what was taken back, of each of `keys`; 0 for whoever has none."""
    size, back = len(order_days.keys), order_days.taken_back
    count = np.bincount(order_days.customer, minlength=size).astype(np.float64)
    value = np.bincount(order_days.customer, weights=order_days.value, minlength=size).astype(np.float64)
    value -= np.bincount(back.customer, weights=back.value, minlength=size)
    position = np.searchsorted(order_days.keys, keys)
    return count[position], value[position]


def _days(column: pa.ChunkedArray) -> Integers:
    return np.asarray(pc.cast(column, pa.int32()).to_numpy(), dtype=np.int64)


def _money(column: pa.ChunkedArray) -> Floats:
    return np.asarray(np.round(pc.cast(column, pa.float64()).to_numpy(), VALUE_DECIMALS), dtype=np.float64)


def _cents(value: Floats) -> Integers:
    return np.asarray(np.round(value * 10**VALUE_DECIMALS), dtype=np.int64)
