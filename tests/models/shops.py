"""Small shops, row by row: what a customer bought on a day, and what of it was taken back when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pyarrow as pa

from pipelines.models.customers import EPOCH, OrderDays, day_number

AS_OF = date(2026, 6, 30)
TODAY = day_number(AS_OF)
Sale = tuple[object, int, float]
"""Customer, days before `AS_OF`, net revenue."""
Return = tuple[object, int, int, float]
"""Customer, days of the order and of the refund before `AS_OF`, what was taken back."""


def bought(sales: Iterable[Sale]) -> pa.Table:
    """Order days of the brand `b`."""
    customers, ages, values = zip(*sales, strict=True)
    return pa.table(
        {
            "brand_id": ["b"] * len(customers),
            "customer_key": [str(customer) for customer in customers],
            "ordered_on": [_before(age) for age in ages],
            "net_revenue": pa.array(values, pa.float64()),
        }
    )


def given_back(returns: Iterable[Return] = ()) -> pa.Table:
    """Refund days of the brand `b`."""
    rows = [("b", str(key), _before(sold), _before(back), float(value)) for key, sold, back, value in returns]
    names = {
        "brand_id": pa.string(),
        "customer_key": pa.string(),
        "ordered_on": pa.date32(),
        "refunded_on": pa.date32(),
        "refunded_revenue": pa.float64(),
    }
    return pa.table({name: pa.array([row[i] for row in rows], kind) for i, (name, kind) in enumerate(names.items())})


def shop(sales: Iterable[Sale], returns: Iterable[Return] = ()) -> OrderDays:
    """Both, as the models read them."""
    return OrderDays.of(bought(sales), given_back(returns))


def _before(days: int) -> date:
    return EPOCH + timedelta(days=TODAY - days)
