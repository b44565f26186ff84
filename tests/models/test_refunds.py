"""What is taken back: learned from orders that are old enough, and on one base in history, forecast and backtest."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from pipelines.models import refunds
from pipelines.models.customers import OrderDays, summarise
from pipelines.models.fits import fit_brand
from pipelines.models.lifetime_value import scores_at
from pipelines.models.prediction import Models, forecast_value
from pipelines.models.refunds import Kept
from tests.models.shops import TODAY, Return, Sale, shop

HORIZON = 120


def _kept_by_hand(sales: list[Sale], returns: list[Return], delay: int) -> Fraction:
    """Euro by euro: at each delay, of the orders that are that old, what was taken back of what was left."""
    kept = Fraction(1)
    for day in range(delay + 1):
        old = {(who, age): Fraction(value) for who, age, value in sales if age >= day}
        taken = Fraction(0)
        for who, sold, back, value in returns:
            if (who, sold) in old:
                taken += Fraction(value) if sold - back == day else 0
                old[who, sold] -= Fraction(value) if sold - back < day else 0
        left = sum(old.values())
        kept *= 1 - (taken / left if left else 0)
    return kept


def _sales_of_a_year() -> tuple[list[Sale], list[Return]]:
    """300 orders of 8 to 64; every fifth gives half back after 2 days, every seventh all of the rest after 40."""
    sales: list[Sale] = [(n, 1 + n, 8.0 * (1 + n % 8)) for n in range(300)]
    early: list[Return] = [(who, age, age - 2, value / 2) for who, age, value in sales if age % 5 == 0 and age >= 2]
    late: list[Return] = [
        (who, age, age - 40, value / (2 if age % 5 == 0 else 1))
        for who, age, value in sales
        if age % 7 == 0 and age >= 40
    ]
    return sales, early + late


@pytest.mark.parametrize("delay", [0, 1, 2, 39, 40, 41, 200])
def test_the_share_kept_is_that_of_orders_that_are_old_enough(delay: int) -> None:
    sales, returns = _sales_of_a_year()
    kept = refunds.learn(shop(sales, returns), TODAY)
    assert float(kept.after(delay)) == pytest.approx(float(_kept_by_hand(sales, returns, min(delay, 201))), abs=1e-12)
    assert kept.orders_count == 300
    assert kept.longest_delay == 201, "100 orders are that old"


def test_young_orders_do_not_hide_the_refunds_to_come() -> None:
    """All orders give a quarter back after 30 days; half of them are younger than that."""
    sales: list[Sale] = [(n, 40 if n % 2 else 10, 16.0) for n in range(300)]
    returns: list[Return] = [(who, age, age - 30, 4.0) for who, age, _ in sales if age >= 30]
    kept = refunds.learn(shop(sales, returns), TODAY)
    assert kept.after(np.array([0, 29, 30, 400])).tolist() == [1, 1, 0.75, 0.75]


def test_delays_that_few_orders_are_old_enough_for_bring_nothing() -> None:
    sales: list[Sale] = [(n, 20 if n < 99 else 3, 10.0) for n in range(299)]
    returns: list[Return] = [(0, 20, 18, 10.0), (1, 20, 10, 10.0)]
    kept = refunds.learn(shop(sales, returns), TODAY)
    assert kept.longest_delay == 3
    assert float(kept.after(400)) == 1 - 10 / 2_990
    assert refunds.learn(shop(sales[:99], returns), TODAY) is not None
    assert refunds.learn(shop(sales[:99], returns), TODAY).share.tolist() == [1]


def test_nothing_that_is_taken_back_later_is_known() -> None:
    sales, returns = _sales_of_a_year()
    order_days = shop(sales, returns)
    known = [row for row in returns if row[2] >= 30]
    then = refunds.learn(order_days.until(TODAY - 30), TODAY - 30)
    without = refunds.learn(shop([row for row in sales if row[1] >= 30], known), TODAY - 30)
    assert then.share.tolist() == without.share.tolist()
    assert order_days.until(TODAY - 30).digest() == shop(sales, known).until(TODAY - 30).digest()
    assert order_days.digest() != shop(sales, known).digest()


def test_more_back_than_was_paid_and_all_back_leave_shares() -> None:
    sales: list[Sale] = [(n, 50, 10.0) for n in range(150)]
    kept = refunds.learn(shop(sales, [(n, 50, 45, 25.0) for n in range(150)]), TODAY)
    assert kept.share.min() == 0
    assert kept.share.max() == 1
    expected = kept.expected_refunds(shop(sales, [(0, 50, 45, 25.0)]), TODAY, np.array([30.0]))
    assert expected.tolist() == [[0.0] * 150]


def test_a_refund_dated_before_its_order_is_of_the_order_s_day() -> None:
    sales: list[Sale] = [(n, 50, 10.0) for n in range(100)]
    assert refunds.learn(shop(sales, [(0, 50, 70, 10.0)]), TODAY).share[0] == 0.99


def test_of_orders_so_far_goes_back_what_is_left_by_the_share_to_come() -> None:
    kept = Kept(np.array([1.0, 0.8, 0.8, 0.4]), 100)
    seen = shop([("a", 1, 100.0), ("a", 9, 100.0), ("b", 0, 10.0), ("c", 1, 60.0)], [("c", 1, 0, 20.0)])
    expected = kept.expected_refunds(seen, TODAY, np.array([1.0, 2.0, 30.0]))
    assert expected == pytest.approx(np.array([[0.0, 2.0, 0.0], [50.0, 2.0, 20.0], [50.0, 6.0, 20.0]]))


def _loyal(share: float) -> tuple[list[Sale], list[Return]]:
    """400 customers over a year; of `share` of the orders everything is taken back after 20 days."""
    generator = np.random.default_rng(8)
    sales: list[Sale] = []
    for who in range(400):
        pace, age = float(generator.gamma(2, 15)) + 5, float(generator.integers(60, 360))
        while age >= 0:
            sales.append((who, int(age), round(float(generator.gamma(3, 10)) + 1, 2)))
            age -= 1 + generator.exponential(pace)
            if generator.random() < 0.12:
                break
    sales = list({(who, age): (who, age, value) for who, age, value in sales}.values())
    returns = [(w, age, age - 20, value) for w, age, value in sales if age >= 20 and generator.random() < share]
    return sales, returns


def _forecast(order_days: OrderDays) -> tuple[Models, float, float]:
    summary = summarise(order_days, TODAY - HORIZON)
    models = fit_brand(summary).models
    assert models is not None
    forecast = forecast_value(models, summary, HORIZON, 0.0, 1)
    assert forecast.revenue == pytest.approx(forecast.discounted)
    assert (forecast.low <= forecast.discounted).all()
    assert (forecast.discounted <= forecast.high).all()
    return models, float(forecast.orders.sum()), float(forecast.revenue.sum())


def test_the_forecast_is_lower_by_what_goes_back_and_counts_the_same_orders() -> None:
    sales, returns = _loyal(0.25)
    gross, net = _forecast(shop(sales)), _forecast(shop(sales, returns))
    assert net[1] == gross[1]
    assert gross[0].kept.share.min() == 1
    assert 0.7 < net[2] / gross[2] < 0.8


def test_the_backtest_compares_after_refunds_with_after_refunds() -> None:
    sales, returns = _loyal(0.25)
    scores = {
        (s.forecaster, s.metric): s.value
        for s in scores_at(shop(sales, returns), TODAY - HORIZON, HORIZON)
        if s.target == "value" and s.decile == 0
    }
    known = {who for who, age, _ in sales if age >= HORIZON}
    came = sum(value for who, age, value in sales if age < HORIZON and who in known)
    went = sum(value for who, _, back, value in returns if back < HORIZON and who in known)
    actual = (came - went) / len(known)
    assert scores["bg_nbd", "actual_mean"] == pytest.approx(actual)
    assert scores["bg_nbd", "predicted_mean"] == pytest.approx(actual, rel=0.12)
    assert scores["bg_nbd", "predicted_mean"] < 0.9 * came / len(known)
    assert scores["own_rate", "actual_mean"] == scores["bg_nbd", "actual_mean"]
    assert 0.7 <= scores["bg_nbd", "interval_coverage"] <= 0.92
