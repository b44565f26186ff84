"""What the models are told of a customer."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from pipelines.models.customers import OrderDays, day_number, summarise, totals_by_customer


def _order_days(*rows: tuple[str, date, float]) -> OrderDays:
    keys, days, values = zip(*rows, strict=True)
    return OrderDays.of(pa.table({"customer_key": keys, "ordered_on": pa.array(days), "net_revenue": values}))


ROWS = (
    ("b", date(2026, 1, 10), 50.0),
    ("a", date(2026, 1, 1), 10.0),
    ("a", date(2026, 1, 31), 40.0),
    ("a", date(2026, 1, 11), 20.0),
    ("c", date(2026, 2, 1), 99.0),
)


def test_summary_counts_from_the_first_order_day() -> None:
    summary = summarise(_order_days(*ROWS), day_number(date(2026, 1, 31)))
    assert summary.keys.tolist() == ["a", "b"]
    assert summary.frequency.tolist() == [2, 0]
    assert summary.recency.tolist() == [30, 0]
    assert summary.age.tolist() == [30, 21]
    assert summary.mean_value[0] == 30, "the first order does not count"
    assert np.isnan(summary.mean_value[1])


def test_the_future_is_not_seen() -> None:
    as_of = day_number(date(2026, 1, 20))
    early = summarise(_order_days(*ROWS), as_of)
    without_later = summarise(_order_days(*(row for row in ROWS if row[1] <= date(2026, 1, 20))), as_of)
    assert early.frequency.tolist() == without_later.frequency.tolist() == [1, 0]
    assert early.keys.tolist() == without_later.keys.tolist()


def test_digest_is_of_the_content() -> None:
    digest = _order_days(*ROWS).digest()
    assert _order_days(*reversed(ROWS)).digest() == digest
    assert _order_days(*ROWS[1:], ("b", date(2026, 1, 10), 50.0 + 1e-9)).digest() == digest, "noise of a sum"
    assert _order_days(*ROWS[1:], ("b", date(2026, 1, 10), 50.01)).digest() != digest
    assert _order_days(*ROWS[1:], ("b", date(2026, 1, 12), 50.0)).digest() != digest
    assert _order_days(*ROWS[1:], ("d", date(2026, 1, 10), 50.0)).digest() != digest
    assert _order_days(*ROWS).until(day_number(date(2026, 1, 31))).digest() == _order_days(*ROWS[:4]).digest()


def test_totals_follow_the_given_keys() -> None:
    order_days = _order_days(*ROWS)
    later = order_days.between(day_number(date(2026, 1, 11)), day_number(date(2026, 2, 1)))
    count, value = totals_by_customer(later, np.array(["a", "b"], dtype=object))
    assert count.tolist() == [2, 0]
    assert value.tolist() == [60, 0]
