"""The shop's own daily sales report, straight from the world's books and not from what the API gave out.

As Shopify reports: test orders are out, cancelled ones stay in the sales of their day and come back as returns on the
day of the cancellation, tax is in no sales figure, and all of it is in euros at the rate of its day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.scene import Scene
from sandbox.world.columns import Floats, Integers, total_by
from sandbox.world.orders import VAT

METRICS = ("orders", "gross_sales", "discounts", "returns", "net_sales", "taxes", "shipping_charges", "total_sales")


@dataclass(frozen=True)
class DailySales:
    """Metrics by local day of the world, up to the clock's; euros, except for orders."""

    values: dict[str, Floats]

    def rounded(self, metric: str, day: int) -> str:
        """A day's value as the report prints it."""
        value = self.values[metric][day]
        return str(int(value)) if metric == "orders" else f"{value + 0.0:.2f}"


def daily_sales(scene: Scene) -> DailySales:
    """The report over all days of the world."""
    w, clock = scene.world, scene.clock
    sold, refunds = w.orders, w.books.refunds
    placed = np.flatnonzero((sold.created_at <= clock) & ~sold.is_test)
    undone = np.flatnonzero((sold.cancelled_at <= clock) & ~sold.is_test)
    unpaid = undone[~sold.is_paid[undone]]
    given = np.flatnonzero((refunds.created_at <= clock) & ~sold.is_test[refunds.order])

    def by_day(cents: Integers, orders: Integers, moments: Integers) -> Floats:
        day = w.calendar.day_of(moments)
        inside = (day >= 0) & (day < w.calendar.days)
        euros = w.rates.euros(cents[inside], sold.currency[orders[inside]], scene.rate_day(day[inside]))
        return total_by(day[inside], euros, w.calendar.days)

    def of_orders(cents: Integers, orders: Integers, moments: Integers) -> Floats:
        return by_day(cents[orders], orders, moments[orders])

    # Discounts without tax; what is left of the net amount is gross, so that the three always add up.
    rate = VAT[sold.country]
    discount = np.where(sold.is_tax_included, np.round(sold.discount / (1 + rate)), sold.discount).astype(np.int64)
    net_sold = of_orders(sold.net, placed, sold.created_at)
    discounts = of_orders(discount, placed, sold.created_at)
    given_net, given_tax = w.books.net(sold)[given], _refunded_tax(scene)[given]
    returns = by_day(given_net, refunds.order[given], refunds.created_at[given])
    returns += of_orders(sold.net, unpaid, sold.cancelled_at)
    taxes = of_orders(sold.tax, placed, sold.created_at) - of_orders(sold.tax, unpaid, sold.cancelled_at)
    taxes -= by_day(given_tax, refunds.order[given], refunds.created_at[given])
    shipping = of_orders(sold.shipping, placed, sold.created_at) - of_orders(sold.shipping, undone, sold.cancelled_at)
    placed_day = w.calendar.day_of(sold.created_at[placed])
    orders = np.bincount(placed_day[placed_day >= 0], minlength=w.calendar.days).astype(np.float64)
    net = net_sold - returns
    values = (orders, net_sold + discounts, -discounts, -returns, net, taxes, shipping, net + taxes + shipping)
    return DailySales(dict(zip(METRICS, values, strict=True)))


def _refunded_tax(scene: Scene) -> Integers:
    books = scene.world.books
    tax = books.refunds.adjustment_tax + np.bincount(books.lines.refund, books.lines.tax, len(books.refunds))
    return np.asarray(tax, dtype=np.int64)
