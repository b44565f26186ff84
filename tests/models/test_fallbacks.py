"""Shops that no model was made for: which step is taken, what is said, and that only what depends on it is unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.brands import Brands
from pipelines.models import bg_nbd, fits, gamma_gamma, season
from pipelines.models.customers import day_number, summarise
from pipelines.models.fits import FittedBrand, fit_brand
from pipelines.models.fitting import Fit, Floats, Histories, maximise
from pipelines.models.lifetime_value import run
from pipelines.models.season import Clock
from pipelines.models.tables import CUSTOMER_VALUE, VALUE_MODEL
from tests.models.shops import AS_OF, TODAY, Sale, bought, given_back, shop

NO_MAXIMUM = "the likelihood of the orders has no clear maximum"
NO_COURSE = "the season has no clear course"
NO_YEAR = "less than 365 days of orders tell no season"
ORDERS = ("probability_alive", "expected_orders", "probability_no_purchase")
MONEY = ("predicted_revenue", "predicted_value", "predicted_value_low", "predicted_value_high")


def _every(days: int, span: int, customers: int = 120) -> list[Sale]:
    return [(who, age, 20.0 + who % 7) for who in range(customers) for age in range(span, -1, -days)]


def _decembers(customers: int) -> list[Sale]:
    """All begin on one day 700 days ago and come back on days of December only."""
    ages = [age for age in range(700) if season.month_of(np.array([TODAY - age]))[0] == 11]
    return [(who, age, 20.0 + who % 7) for who in range(customers) for age in (700, *ages[who % 3 :: 3])]


HOSTILE: dict[str, tuple[list[Sale], str | None]] = {
    "all buy once": ([(n, 300 - n % 200, 20.0) for n in range(300)], "0 customers with a second order, 100 are needed"),
    "one customer": ([("a", age, 20.0) for age in range(0, 400, 9)], "1 customers with a second order, 100 are needed"),
    "one order": ([("a", 100, 20.0)], "0 customers with a second order, 100 are needed"),
    "all orders on one day": ([(n, 50, 20.0) for n in range(300)], "50 days of orders, 90 are needed"),
    "all orders today": ([(n, 0, 20.0) for n in range(300)], "0 days of orders, 90 are needed"),
    "every customer every day": (_every(1, 400), f"{NO_COURSE}; {NO_MAXIMUM}"),
    "every customer every day of a quarter": (_every(1, 95), f"{NO_YEAR}; {NO_MAXIMUM}"),
    "two days for all": ([(n, age, 20.0 + n % 7) for n in range(120) for age in (400, 0)], None),
    "gaps of a week": (_every(7, 95), None),
    "gaps of a month": (_every(30, 400), None),
    "months without an order": (_decembers(120), None),
    "equal values": ([(n, age, 20.0) for n in range(120) for age in (300 - n, 3 + n % 50)], None),
}


@pytest.fixture(params=HOSTILE.values(), ids=HOSTILE.keys())
def landed(request: pytest.FixtureRequest) -> tuple[str | None, pa.Table, pa.Table]:
    sales, missing = request.param
    results = run(bought(sales), given_back(), AS_OF, Brands(brands={}), set())
    today = pc.field("as_of") == AS_OF
    return missing, results[CUSTOMER_VALUE].filter(today), results[VALUE_MODEL].filter(today)


def test_every_hostile_shop_has_figures_or_the_reason_why_not(landed: tuple[str | None, pa.Table, pa.Table]) -> None:
    missing, customers, models = landed
    steps = {row["model_name"]: row for row in models.to_pylist() if row["step"]}
    assert steps["bg_nbd"]["is_eligible"] == (missing is None)
    assert missing in (None, steps["bg_nbd"]["reason"])
    for model, figures in (("bg_nbd", ORDERS), ("gamma_gamma", MONEY)):
        is_known = model in steps and steps[model]["is_eligible"]
        for name in figures:
            assert customers[name].null_count == (0 if is_known else customers.num_rows), name
            assert np.isfinite(customers[name].drop_null().to_numpy().astype(float)).all()
    not_positive = models.filter(pc.invert(pc.greater(models["estimate"], 0)))
    assert set(not_positive["parameter"].to_pylist()) <= {"correlation", "share"}
    assert customers["reason"].null_count == (0 if customers["predicted_value"].null_count else customers.num_rows)


def _usual(span: int) -> list[Sale]:
    generator = np.random.default_rng(6)
    sales = {(n, span - n % 60): 30.0 for n in range(250)}
    for who in range(250):
        for age in generator.integers(0, span - 60, 1 + generator.poisson(generator.gamma(1.5, 2))):
            sales[who, int(age)] = round(float(generator.gamma(4, 8)), 2) + 1
    return [(who, age, value) for (who, age), value in sales.items()]


def _fitted(sales: list[Sale]) -> FittedBrand:
    return fit_brand(summarise(shop(sales), TODAY))


def _told(fitted: FittedBrand, name: str = "bg_nbd") -> tuple[str, str | None]:
    return fitted.outcomes[name].step, fitted.outcomes[name].reason


def test_a_usual_shop_takes_the_first_step_of_all() -> None:
    fitted = _fitted(_usual(700))
    assert {name: (o.step, o.reason) for name, o in fitted.outcomes.items()} == {
        "bg_nbd": ("with_season", None),
        "gamma_gamma": ("own", None),
        "refunds": ("own", None),
    }
    assert fitted.reason is None


def test_less_than_a_year_has_no_season_and_young_orders_tell_of_short_delays() -> None:
    sales = [row for row in _usual(160) if row[1] <= 60 or row[0] >= 210]
    fitted = _fitted(sales)
    assert _told(fitted) == ("without_season", NO_YEAR)
    old = sorted((age for _, age, _ in sales), reverse=True)
    delay = old[99]
    assert delay < 90
    said = f"fewer than 100 orders are older than {delay} days: what is taken back later is not foreseen"
    assert _told(fitted, "refunds") == ("own_short", said)
    assert fitted.reason is None


@pytest.mark.parametrize("month", [-np.inf, np.inf, np.nan, -1e9])
def test_a_season_with_an_impossible_pace_leaves_the_calendar(monkeypatch: pytest.MonkeyPatch, month: float) -> None:
    real = season._expected_by_month

    def expected(clock: Clock, model: Fit, summary: object) -> Floats:
        months = real(clock, model, summary)  # type: ignore[arg-type]
        months[3] = month
        return months

    monkeypatch.setattr(season, "_expected_by_month", expected)
    fitted = _fitted(_usual(700))
    assert _told(fitted) == ("without_season", NO_COURSE)
    assert fitted.models is not None
    assert fitted.models.clock.is_even


def _without_maximum(monkeypatch: pytest.MonkeyPatch, seen_from: int) -> None:
    """No maximum for whatever has seen a history of `seen_from` days or more."""
    real = bg_nbd.fit

    def fit(histories: Histories, prior_sd: float) -> Fit:
        found = real(histories, prior_sd)
        return replace(found, is_converged=found.is_converged and bool(histories.age.max() < seen_from))

    monkeypatch.setattr(bg_nbd, "fit", fit)


def test_orders_without_a_maximum_take_the_parameters_of_the_newest_month_end_that_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sales, april = _usual(340), date(2026, 4, 30)
    alone = fit_brand(summarise(shop(sales), day_number(april))).models
    _without_maximum(monkeypatch, 340 - 31)
    fitted = _fitted(sales)
    assert _told(fitted) == ("earlier_month_end", f"{NO_YEAR}; {NO_MAXIMUM}; the parameters are those of 2026-04-30")
    assert fitted.models is not None
    assert alone is not None
    assert fitted.models.purchases.estimates.tolist() == alone.purchases.estimates.tolist()
    assert fitted.reason is None


def test_three_month_ends_without_a_maximum_leave_nothing_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_maximum(monkeypatch, 240)
    fitted = _fitted(_usual(340))
    assert _told(fitted) == ("not_eligible", f"{NO_YEAR}; {NO_MAXIMUM}")
    assert fitted.models is None
    assert fitted.reason == f"{NO_YEAR}; {NO_MAXIMUM}"


def test_a_fit_that_expects_no_number_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bg_nbd, "expected_orders", lambda _p, h, _t: np.full(len(h.age), np.inf))
    fitted = _fitted(_usual(340))
    assert _told(fitted) == ("not_eligible", f"{NO_YEAR}; {NO_MAXIMUM}")


@pytest.mark.parametrize(("failures", "step"), [(1, "earlier_month_end"), (9, "not_eligible")])
def test_values_without_a_maximum_leave_the_orders_foreseen(
    monkeypatch: pytest.MonkeyPatch, failures: int, step: str
) -> None:
    real, asked = gamma_gamma.fit, 0

    def fit(frequency: Floats, mean_value: Floats, prior_sd: float) -> Fit:
        nonlocal asked
        asked += 1
        return replace(real(frequency, mean_value, prior_sd), is_converged=asked > failures)

    monkeypatch.setattr(gamma_gamma, "fit", fit)
    reason = "the likelihood of the order values has no clear maximum"
    fitted = _fitted(_usual(340))
    earlier = "; the parameters are those of 2026-05-31" if step == "earlier_month_end" else ""
    assert _told(fitted, "gamma_gamma") == (step, reason + earlier)
    assert _told(fitted)[0] == "without_season"
    assert fitted.models is not None
    assert (fitted.models.value is None) == (step == "not_eligible")
    assert fitted.reason == (reason if step == "not_eligible" else None)
    assert asked == min(failures + 1, 1 + fits.EARLIER_MONTH_ENDS)


def test_a_flat_likelihood_has_no_maximum_and_with_a_prior_that_of_the_prior() -> None:
    def flat(theta: Floats) -> tuple[float, Floats]:
        return 0.0, np.zeros_like(theta)

    assert not maximise(flat, np.ones(4)).is_converged
    assert maximise(flat, np.ones(4), prior_sd=3.0).log_parameters == pytest.approx(np.zeros(4), abs=1e-6)


def test_what_one_brand_lacks_is_not_missed_by_another() -> None:
    lacking = _every(1, 95)
    other = bought(_usual(700))
    other = other.set_column(0, "brand_id", pa.array(["other"] * other.num_rows))
    results = run(pa.concat_tables([bought(lacking), other]), given_back(), AS_OF, Brands(brands={}), set())
    today = results[CUSTOMER_VALUE].filter(pc.field("as_of") == AS_OF)
    known = {b: today.filter(pc.field("brand_id") == b)["predicted_value"].null_count for b in ("b", "other")}
    assert known == {"b": 120, "other": 0}
