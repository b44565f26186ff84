"""Amounts of the world's books in euros, and columns of moments and days, as the truth files share them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sandbox.scene import Scene
from sandbox.world.columns import NEVER, Floats, Integers


def order_euros(scene: Scene) -> Floats:
    """Net revenue of each order before refunds, at the rate of the order's day."""
    w = scene.world
    return w.rates.euros(w.orders.net, w.orders.currency, scene.rate_day(day_of(scene, w.orders.created_at)))


def refund_euros(scene: Scene) -> Floats:
    """What each refund gave back without tax, at the rate of the refund's day."""
    w = scene.world
    refunds = w.books.refunds
    return w.rates.euros(
        w.books.net(w.orders), w.orders.currency[refunds.order], scene.rate_day(day_of(scene, refunds.created_at))
    )


def day_of(scene: Scene, values: Integers) -> Integers:
    """Local day of each moment, the first or last one for what lies beyond the world."""
    calendar = scene.world.calendar
    return np.clip(calendar.day_of(values), 0, calendar.days - 1)


def moments(values: Integers) -> pa.Array:
    """Epoch seconds as timestamps; NEVER is null."""
    missing = values == NEVER
    return pa.array(np.where(missing, 0, values), pa.int64(), mask=missing).cast(pa.timestamp("s", tz="UTC"))


def dates(scene: Scene, days: Integers) -> pa.Array:
    """Numbers of local days as dates."""
    return pa.array(np.datetime64(scene.world.calendar.first, "D") + days.astype("timedelta64[D]"))
