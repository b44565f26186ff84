"""From order days to what the models know of each customer, in days."""

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
class OrderDays:
    """Days with an order, sorted by customer and day: one entry per customer x day. Days count from 1970-01-01."""

    keys: npt.NDArray[np.object_]
    """Customer keys, sorted; `customer` points into them."""
    customer: Integers
    day: Integers
    value: Floats

    @classmethod
    def of(cls, order_days: pa.Table) -> OrderDays:
        """From columns customer_key, ordered_on and net_revenue of one brand, in any order."""
        keys, customer = np.unique(order_days["customer_key"].to_numpy().astype(object), return_inverse=True)
        day = pc.cast(order_days["ordered_on"], pa.int32()).to_numpy().astype(np.int64)
        value = np.round(pc.cast(order_days["net_revenue"], pa.float64()).to_numpy(), VALUE_DECIMALS)
        order = np.lexsort((day, customer))
        return cls(keys, customer[order].astype(np.int64), day[order], value[order])

    def until(self, last_day: int) -> OrderDays:
        """The entries up to and including `last_day`."""
        return self.between(int(np.iinfo(np.int64).min), last_day)

    def between(self, first_day: int, last_day: int) -> OrderDays:
        """The entries from `first_day` to `last_day`, both included, of the same customers."""
        chosen = (self.day >= first_day) & (self.day <= last_day)
        return OrderDays(self.keys, self.customer[chosen], self.day[chosen], self.value[chosen])

    def digest(self) -> str:
        """Equal for equal content."""
        sha = hashlib.sha256("\n".join(self.keys[np.unique(self.customer)]).encode())
        ranks = np.unique(self.customer, return_inverse=True)[1]
        cents = np.round(self.value * 10**VALUE_DECIMALS).astype(np.int64)
        for column in (ranks.astype(np.int64), self.day, cents):
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
    """Mean net revenue of the repeat order days; NaN without one."""

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
    return Summary(as_of, seen.keys[customers], frequency, seen.day[starts], seen.day[last], mean)


def totals_by_customer(order_days: OrderDays, keys: npt.NDArray[np.object_]) -> tuple[Floats, Floats]:
    """Order days and net revenue of each of `keys`, 0 for whoever has none."""
    size = len(order_days.keys)
    count = np.bincount(order_days.customer, minlength=size).astype(np.float64)
    value = np.bincount(order_days.customer, weights=order_days.value, minlength=size).astype(np.float64)
    position = np.searchsorted(order_days.keys, keys)
    return count[position], value[position]
