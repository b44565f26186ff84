"""The truth of customers: their past, their future, their chance to buy again, and whether they are gone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sandbox.books import cancellations, day_of, is_counted, moments, order_euros, taken_back_euros
from sandbox.oracle import purchase_probability
from sandbox.scene import Scene
from sandbox.world.calendar import DAY
from sandbox.world.columns import NEVER, Flags, Floats, Integers, texts, total_by
from sandbox.world.people import CHANNELS, COUNTRIES

MONTH = 30.4375 * DAY
HORIZON_MONTHS, PURCHASE_DAYS = 12, 90
DISCOUNT_RATE_YEAR = 0.10
_KIND_NAMES = ("loyal", "regular", "occasional")


def customers(scene: Scene) -> pa.Table:
    """One row per person with a revenue order by the clock."""
    w = scene.world
    past = is_counted(scene)
    first = np.full(len(w.people), NEVER)
    np.minimum.at(first, w.orders.person[past], w.orders.created_at[past])
    buyers = np.flatnonzero(first < NEVER)
    kind = texts([None] * len(w.people))
    kind[: len(w.buyers)] = [_KIND_NAMES[k] for k in w.buyers.kind]
    left = _left_at(scene)
    return pa.table(
        {
            "person": buyers,
            "as_of": pa.array([scene.now.date()] * len(buyers), pa.date32()),
            "country_code": [COUNTRIES[c] for c in w.people.country[buyers]],
            "acquisition_channel": [CHANNELS[c] for c in w.people.channel[buyers]],
            "buyer_kind": pa.array(kind[buyers], pa.string()),
            "first_order_at": moments(first[buyers]),
            "orders_count": _orders_of(scene, past)[buyers],
            "net_revenue_before_refunds": _per_person(scene, order_euros(scene), past)[buyers],
            "refunded": _refunded(scene)[buyers],
            **_future(scene, buyers),
            "purchase_probability_90_days": _probability(scene)[buyers],
            "churned_at": moments(left[buyers]),
            "is_churned": left[buyers] <= scene.clock,
        }
    )


def _per_person(scene: Scene, values: Floats, rows: Flags) -> Floats:
    w = scene.world
    return total_by(w.orders.person[rows], values[rows], len(w.people))


def _orders_of(scene: Scene, rows: Flags) -> Integers:
    return np.bincount(scene.world.orders.person[rows], minlength=len(scene.world.people))


def _future(scene: Scene, buyers: Integers) -> dict[str, pa.Array]:
    """Orders of the coming months that will not be cancelled, and what all months bring less what they take back.

    Null where the world ends before.
    """
    orders, clock = scene.world.orders, scene.clock
    ends = clock + HORIZON_MONTHS * MONTH
    ahead = ~orders.is_test & (orders.cancelled_at == NEVER) & (orders.created_at > clock) & (orders.created_at <= ends)
    soon = ahead & (orders.created_at <= clock + PURCHASE_DAYS * DAY)
    months = np.arange(HORIZON_MONTHS + 1)
    by_month = np.diff([_net_revenue(Scene(scene.world, int(clock + month * MONTH))) for month in months], axis=0)
    factors = (1 + DISCOUNT_RATE_YEAR) ** (-months[1:, np.newaxis] / 12)
    columns = {
        "future_orders_12m": _orders_of(scene, ahead),
        "future_net_revenue_12m": by_month.sum(axis=0),
        "future_net_revenue_discounted_12m": np.sum(factors * by_month, axis=0),
        "buys_within_90_days": _orders_of(scene, soon) > 0,
    }
    unknown = np.full(len(buyers), ends > scene.world.calendar.midnight[-1])
    return {name: pa.array(values[buyers], mask=unknown) for name, values in columns.items()}


def _net_revenue(scene: Scene) -> Floats:
    """Of each person by the clock, less refunds."""
    return _per_person(scene, order_euros(scene), is_counted(scene)) - _refunded(scene)


def _probability(scene: Scene) -> Floats:
    """By person, NaN for those who came through the control API: the world's law says nothing of them."""
    w = scene.world
    probability = np.full(len(w.people), np.nan)
    today = int(day_of(scene, np.array([scene.clock]))[0])
    asked, chance = purchase_probability(w.calendar, w.purchases, today, PURCHASE_DAYS)
    probability[asked] = chance
    return probability


def _left_at(scene: Scene) -> Integers:
    w = scene.world
    left = np.full(len(w.people), NEVER)
    day = w.purchases.left_day
    left[: len(day)] = np.where(day < w.calendar.days, w.calendar.midnight[day], NEVER)
    return left


def _refunded(scene: Scene) -> Floats:
    w = scene.world
    refunds = w.books.refunds
    rows = (refunds.created_at <= scene.clock) & is_counted(scene)[refunds.order]
    refunded = total_by(w.orders.person[refunds.order[rows]], taken_back_euros(scene)[rows], len(w.people))
    cancelled, _, euros = cancellations(scene)
    return refunded + total_by(w.orders.person[cancelled], euros, len(w.people))
