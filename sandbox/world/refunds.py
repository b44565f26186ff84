"""What the shop gives back: whole orders, single lines, and now and then an amount without a line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.options import WorldOptions
from sandbox.world.calendar import DAY
from sandbox.world.columns import NEVER, Columns, Flags, Integers, offsets
from sandbox.world.orders import OrderLines, Orders
from sandbox.world.rng import stream


@dataclass(frozen=True)
class Refunds(Columns):
    """One row per refund. Cents of the order's currency; `adjustment` is what it gives back beyond the lines."""

    refund_id: Integers
    order: Integers
    created_at: Integers
    adjustment: Integers
    adjustment_tax: Integers


@dataclass(frozen=True)
class RefundLines(Columns):
    """One row per refunded line, by refund; amount includes tax where the order's prices do."""

    refund: Integers
    line: Integers
    quantity: Integers
    amount: Integers
    tax: Integers


@dataclass(frozen=True)
class Books:
    """Refunds with their lines, and what each gave back without tax."""

    refunds: Refunds
    lines: RefundLines

    def net(self, sold: Orders) -> Integers:
        """Cents without tax of each refund, in the currency of its order."""
        kept_tax = np.where(sold.is_tax_included[self.refunds.order], self.refunds.adjustment_tax, 0)
        net = self.refunds.adjustment - kept_tax
        included = sold.is_tax_included[self.refunds.order[self.lines.refund]]
        per_line = self.lines.amount - np.where(included, self.lines.tax, 0)
        total: Integers = net + np.bincount(self.lines.refund, per_line, len(net)).astype(np.int64)
        return total


def _reasons(options: WorldOptions, sold: Orders) -> tuple[Integers, Integers, Integers]:
    """Order, moment and kind of each refund: 0 whole order, 1 one unit of the first line, 2 an amount."""
    rng = stream(options.seed, "refunds")
    n = len(sold)
    cancelled = np.flatnonzero((sold.cancelled_at < NEVER) & sold.is_paid)
    usual = sold.cancelled_at == NEVER
    returned = np.flatnonzero(usual & (rng.random(n) < np.where(sold.is_test, 0.2, 0.07)))
    gestures = np.flatnonzero(usual & (rng.random(n) < 0.008))
    later = sold.created_at[returned] + rng.integers(3 * DAY, 40 * DAY, len(returned))
    soon = sold.created_at[gestures] + rng.integers(DAY, 10 * DAY, len(gestures))
    order = np.concatenate([cancelled, returned, gestures])
    moment = np.concatenate([sold.cancelled_at[cancelled], later, soon])
    kind = np.repeat([0, 1, 2], [len(cancelled), len(returned), len(gestures)])
    kind[len(cancelled) : len(cancelled) + len(returned)] = rng.random(len(returned)) < 0.5
    # A gesture on top of a return could give back more than was paid.
    keep = (kind != 2) | ~np.isin(order, returned)
    by_time = np.argsort(moment[keep], kind="stable")
    return order[keep][by_time], moment[keep][by_time], kind[keep][by_time]


def refunds(options: WorldOptions, sold: Orders, lines: OrderLines) -> Books:
    """All refunds of the world, by time; a refund never exceeds what was charged for its lines."""
    order, moment, kind = _reasons(options, sold)
    start = offsets(np.bincount(lines.order, minlength=len(sold)))
    counts = np.where(kind == 0, start[order + 1] - start[order], np.where(kind == 1, 1, 0))
    refund = np.repeat(np.arange(len(order)), counts)
    line = start[order][refund] + (np.arange(len(refund)) - offsets(counts)[:-1][refund])
    quantity = np.where(kind[refund] == 1, 1, lines.quantity[line])
    amount, tax = refunded(lines, line, quantity)
    gesture = np.where(kind == 2, np.minimum(500, sold.gross[order] // 4), 0)
    included = sold.is_tax_included[order]
    rate = sold.tax[order] / np.maximum(sold.gross[order] - sold.discount[order], 1)
    books = Refunds(
        refund_id=910_000_000_001 + 9 * np.arange(len(order)),
        order=order,
        created_at=moment,
        adjustment=gesture,
        adjustment_tax=np.where(included, np.round(gesture * rate), 0).astype(np.int64),
    )
    return Books(books, RefundLines(refund, line, quantity, amount, tax))


def refunded(lines: OrderLines, line: Integers, quantity: Integers) -> tuple[Integers, Integers]:
    """Amount after discount, and its tax, for some units of some lines."""
    share = quantity / lines.quantity[line]
    full = lines.quantity[line] * lines.unit_price[line] - lines.discount[line]
    return np.round(full * share).astype(np.int64), np.round(lines.tax[line] * share).astype(np.int64)


def is_revenue(sold: Orders, clock: int) -> Flags:
    """Orders that count as revenue as of a moment: placed before it, no test, not cancelled by then."""
    flags: Flags = (sold.created_at < clock) & ~sold.is_test & (sold.cancelled_at >= clock)
    return flags
