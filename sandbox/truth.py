"""What is true of the world at the clock, as Parquet files that only tests may read.

Money is in euros at the rate of the day of the event; net revenue is gross less discounts without tax and shipping,
refunds and cancellations count on their own day at the rate of the sale, and test orders and those cancelled on the day
on which they were placed count nowhere.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sandbox.books import (
    cancellations,
    dates,
    day_of,
    is_counted,
    moments,
    order_euros,
    refund_euros,
    taken_back_euros,
)
from sandbox.files import replacing
from sandbox.sales import METRICS, daily_sales
from sandbox.scene import Scene
from sandbox.truth_customers import customers
from sandbox.truth_social import account_windows, best_hours, post_ages, posts, responses
from sandbox.world.columns import Floats, Integers, total_by
from sandbox.world.rates import CURRENCIES


def write_truth(scene: Scene, folder: Path) -> None:
    """All truth files, anew."""
    tables = {
        "people": people(scene),
        "customers": customers(scene),
        "orders": orders(scene),
        "refunds": refunds(scene),
        "taken_back": taken_back(scene),
        "revenue_daily": revenue_daily(scene),
        "sales_totals": sales_totals(scene),
        "posts": posts(scene),
        "post_ages": post_ages(scene),
        "best_hours": best_hours(),
        "account_windows": account_windows(scene),
        "responses": responses(scene),
    }
    for name, table in tables.items():
        with replacing(folder / f"{name}.parquet") as file:
            pq.write_table(table, file)


def people(scene: Scene) -> pa.Table:
    """One row per person known to anybody at the clock: every identity and identifier that belongs together."""
    w, clock = scene.world, scene.clock
    contact_ids: dict[int, list[str]] = {}
    for row in np.flatnonzero(w.contacts.created_at <= clock):
        contact_ids.setdefault(int(w.contacts.person[row]), []).append(str(w.contacts.contact_id[row]))
    accounts = np.flatnonzero(w.customers.created_at <= clock)
    account_of = dict(
        zip(w.customers.person[accounts].tolist(), w.customers.customer_id[accounts].tolist(), strict=True)
    )
    known = [int(p) for p in w.people.person if int(p) in account_of or int(p) in contact_ids]
    return pa.table(
        {
            "person": pa.array(known, pa.int64()),
            "shop_customer_id": pa.array([str(account_of[p]) if p in account_of else None for p in known], pa.string()),
            "contact_ids": pa.array([contact_ids.get(p, []) for p in known], pa.list_(pa.string())),
            "first_name": w.people.first_name[known],
            "last_name": w.people.last_name[known],
            "email": w.people.email[known],
            "phone": pa.array(w.people.phone[known], pa.string()),
            "handle": pa.array(w.people.handle[known], pa.string()),
        }
    )


def orders(scene: Scene) -> pa.Table:
    """One row per order placed by the clock, with its exact amounts; cents are exact, euros are not rounded."""
    o = scene.world.orders
    rows = np.flatnonzero(o.created_at <= scene.clock)

    def money(cents: Integers) -> Floats:
        return cents[rows] / 100

    return pa.table(
        {
            "order_id": [str(i) for i in o.order_id[rows]],
            "person": o.person[rows],
            "ordered_at": moments(o.created_at[rows]),
            "ordered_on": dates(scene, day_of(scene, o.created_at[rows])),
            "is_test": o.is_test[rows],
            "is_cancelled": o.cancelled_at[rows] <= scene.clock,
            "is_revenue_order": is_counted(scene)[rows],
            "currency": [CURRENCIES[c] for c in o.currency[rows]],
            "gross_amount": money(o.gross),
            "discount_amount": money(o.discount),
            "tax_amount": money(o.tax),
            "shipping_amount": money(o.shipping),
            "net_revenue": money(o.net),
            "net_revenue_eur": order_euros(scene)[rows],
        }
    )


def refunds(scene: Scene) -> pa.Table:
    """One row per refund made by the clock, of whatever order."""
    w = scene.world
    r = w.books.refunds
    rows = np.flatnonzero(r.created_at <= scene.clock)
    return pa.table(
        {
            "refund_id": [str(i) for i in r.refund_id[rows]],
            "order_id": [str(i) for i in w.orders.order_id[r.order[rows]]],
            "refunded_at": moments(r.created_at[rows]),
            "refunded_on": dates(scene, day_of(scene, r.created_at[rows])),
            "net_amount": w.books.net(w.orders)[rows] / 100,
            "net_amount_eur": refund_euros(scene)[rows],
            "is_of_revenue_order": is_counted(scene)[r.order[rows]],
        }
    )


def taken_back(scene: Scene) -> pa.Table:
    """One row per refund or cancellation that takes revenue back, in euros at the rate of the sale."""
    w = scene.world
    r = w.books.refunds
    rows = np.flatnonzero((r.created_at <= scene.clock) & is_counted(scene)[r.order])
    cancelled, cancelled_day, euros = cancellations(scene)
    orders, days = np.concatenate([r.order[rows], cancelled]), day_of(scene, r.created_at[rows])
    return pa.table(
        {
            "order_id": [str(i) for i in w.orders.order_id[orders]],
            "taken_back_on": dates(scene, np.concatenate([days, cancelled_day])),
            "euros": np.concatenate([taken_back_euros(scene)[rows], euros]),
            "is_cancellation": np.repeat([False, True], [len(rows), len(cancelled)]),
        }
    )


def revenue_daily(scene: Scene) -> pa.Table:
    """One row per local day up to the clock's: what a revenue mart must show, in euros."""
    w = scene.world
    counted = is_counted(scene)
    order_day, refund_day = day_of(scene, w.orders.created_at), day_of(scene, w.books.refunds.created_at)
    given = (w.books.refunds.created_at <= scene.clock) & counted[w.books.refunds.order]
    days = int(w.calendar.day_of(np.array([scene.clock]))[0]) + 1
    sold = total_by(order_day[counted], order_euros(scene)[counted], w.calendar.days)[:days]
    returned = total_by(refund_day[given], taken_back_euros(scene)[given], w.calendar.days)
    _, cancelled_day, cancelled = cancellations(scene)
    returned = (returned + total_by(cancelled_day, cancelled, w.calendar.days))[:days]
    return pa.table(
        {
            "day": dates(scene, np.arange(days)),
            "orders_count": np.bincount(order_day[counted], minlength=w.calendar.days)[:days],
            "net_revenue_before_refunds": sold,
            "refunded": returned,
            "net_revenue": sold - returned,
        }
    )


def sales_totals(scene: Scene) -> pa.Table:
    """One row per local day up to the clock's: the shop's own report."""
    report = daily_sales(scene)
    days = int(scene.world.calendar.day_of(np.array([scene.clock]))[0]) + 1
    first = scene.world.calendar.first
    return pa.table(
        {
            "day": [first + timedelta(days=day) for day in range(days)],
            **{metric: [float(report.rounded(metric, day)) for day in range(days)] for metric in METRICS},
        }
    )
