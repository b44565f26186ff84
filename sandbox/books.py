"""Amounts of the world's books in euros, and columns of moments and days, as the truth files share them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sandbox.scene import Scene
from sandbox.world.columns import NEVER, Flags, Floats, Integers, total_by


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


def taken_back_euros(scene: Scene) -> Floats:
    """What each refund took back of the revenue, at the rate at which it was sold."""
    w = scene.world
    order = w.books.refunds.order
    sold_on = day_of(scene, w.orders.created_at[order])
    return w.rates.euros(w.books.net(w.orders), w.orders.currency[order], scene.rate_day(sold_on))


def is_counted(scene: Scene) -> Flags:
    """Orders that are the revenue of their day: placed by the clock, no test, and not cancelled on that day."""
    o = scene.world.orders
    at_once = (o.cancelled_at <= scene.clock) & (day_of(scene, o.cancelled_at) <= day_of(scene, o.created_at))
    flags: Flags = (o.created_at <= scene.clock) & ~o.is_test & ~at_once
    return flags


def cancellations(scene: Scene) -> tuple[Integers, Integers, Floats]:
    """Orders whose cancellation takes revenue back, the day, and the euros that no refund had taken back by then."""
    w = scene.world
    o, refunds = w.orders, w.books.refunds
    before = refunds.created_at <= np.minimum(o.cancelled_at, scene.clock)[refunds.order]
    given = total_by(refunds.order[before], w.books.net(o)[before].astype(float), len(o)).round().astype(np.int64)
    left = o.net - given
    rows = np.flatnonzero(is_counted(scene) & (o.cancelled_at <= scene.clock) & (left > 0))
    sold_on = day_of(scene, o.created_at[rows])
    return (
        rows,
        day_of(scene, o.cancelled_at[rows]),
        w.rates.euros(left[rows], o.currency[rows], scene.rate_day(sold_on)),
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
