"""On data drawn from the models themselves: parameters come back, and closed forms agree with played-out futures."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from pipelines.models import bg_nbd, gamma_gamma, pareto_nbd
from pipelines.models.fitting import Floats, Histories

CUSTOMERS = 6_000
BG_NBD = np.array([0.9, 60.0, 0.8, 4.0])
PARETO_NBD = np.array([0.9, 60.0, 0.7, 300.0])


def _observe(first_times: list[np.ndarray], age: Floats) -> Histories:
    frequency = np.array([len(times) for times in first_times], dtype=np.float64)
    recency = np.array([times[-1] if len(times) else 0.0 for times in first_times])
    return Histories.of(frequency, recency, age)


def _simulated(name: str, generator: np.random.Generator) -> Histories:
    age = generator.uniform(100, 700, CUSTOMERS)
    parameters = BG_NBD if name == bg_nbd.NAME else PARETO_NBD
    rate = generator.gamma(parameters[0], 1 / parameters[1], CUSTOMERS)
    chance = generator.beta(BG_NBD[2], BG_NBD[3], CUSTOMERS)
    lifetime = generator.exponential(1 / generator.gamma(PARETO_NBD[2], 1 / PARETO_NBD[3], CUSTOMERS))
    purchases = []
    for i in range(CUSTOMERS):
        end = age[i] if name == bg_nbd.NAME else min(age[i], lifetime[i])
        times = np.cumsum(generator.exponential(1 / rate[i], 12 + int(4 * rate[i] * end)))
        times = times[times < end]
        if name == bg_nbd.NAME:
            times = times[: generator.geometric(chance[i])]
        purchases.append(times)
    return _observe(purchases, age)


@pytest.mark.parametrize(("model", "truth"), [(bg_nbd, BG_NBD), (pareto_nbd, PARETO_NBD)], ids=["bg_nbd", "pareto_nbd"])
def test_parameters_come_back(model: ModuleType, truth: Floats) -> None:
    histories = _simulated(model.NAME, np.random.default_rng(7))
    fit = model.fit(histories.grouped()[0], prior_sd=3.0)
    distance = (np.log(fit.estimates) - np.log(truth)) / np.sqrt(np.diag(fit.log_covariance))
    assert fit.is_converged
    assert np.abs(distance).max() < 3


@pytest.mark.parametrize(("model", "truth"), [(bg_nbd, BG_NBD), (pareto_nbd, PARETO_NBD)], ids=["bg_nbd", "pareto_nbd"])
@pytest.mark.parametrize("time", [30.0, 365.0])
def test_closed_forms_agree_with_played_out_futures(model: ModuleType, truth: Floats, time: float) -> None:
    histories = Histories.of([0, 1, 3, 12], [0, 20, 300, 320], [90, 400, 320, 330])
    draws = np.repeat(truth[:, np.newaxis, np.newaxis], 60_000, axis=1)
    orders = model.simulate_orders(np.random.default_rng(3), draws, histories, time)
    assert orders.mean(axis=0) == pytest.approx(model.expected_orders(truth, histories, time), rel=0.03, abs=0.002)
    assert (orders > 0).mean(axis=0) == pytest.approx(model.probability_of_purchase(truth, histories, time), abs=0.008)


@pytest.mark.parametrize("a", [0.3, 1.0, 1.0000001, 2.5])
def test_expected_orders_around_the_singularity(a: float) -> None:
    histories = Histories.of([0, 5], [0, 200], [365, 365])
    neighbours = [bg_nbd.expected_orders(np.array([0.5, 40, a + step, 0.6]), histories, 90.0) for step in (-1e-3, 1e-3)]
    here = bg_nbd.expected_orders(np.array([0.5, 40, a, 0.6]), histories, 90.0)
    assert here == pytest.approx((neighbours[0] + neighbours[1]) / 2, rel=1e-4)


def test_nobody_leaves_and_the_fit_stays_finite() -> None:
    generator = np.random.default_rng(5)
    age = generator.uniform(50, 500, 3_000)
    count = generator.poisson(generator.gamma(2, 1 / 60, 3_000) * age).astype(np.float64)
    recency = np.where(count > 0, age * generator.random(3_000) ** (1 / np.maximum(count, 1)), 0)
    fit = bg_nbd.fit(Histories.of(count, recency, age).grouped()[0], prior_sd=3.0)
    assert fit.is_converged
    assert fit.estimates[:2] == pytest.approx([2.0, 60.0], rel=0.15)
    assert fit.estimates[2] / fit.estimates[3] < 0.01


def test_parameters_of_which_little_is_known_still_play_out() -> None:
    generator = np.random.default_rng(2)
    histories = Histories.of([0, 2], [0, 50], [90, 90])
    unsure = np.exp(generator.normal(0, 6, (4, 500, 1)))
    orders = bg_nbd.simulate_orders(generator, unsure, histories, 365.0)
    value = gamma_gamma.simulate_value(generator, unsure[:3], histories.frequency, np.array([np.nan, 20.0]), orders)
    assert np.isfinite(orders).all()
    assert not np.isnan(value).any()
    assert (value[orders == 0] == 0).all()


def test_spend_comes_back_with_its_spread() -> None:
    generator = np.random.default_rng(11)
    p, q, v = 3.0, 4.0, 60.0
    frequency = generator.integers(1, 9, 5_000).astype(np.float64)
    scale = generator.gamma(q, 1 / v, 5_000)
    mean_value = generator.gamma(p * frequency, 1 / scale) / frequency
    fit = gamma_gamma.fit(frequency, mean_value, prior_sd=3.0)
    assert fit.estimates == pytest.approx([p, q, v], rel=0.15)
    orders = np.full((20_000, 1), 3.0)
    draws = np.repeat(np.array([p, q, v])[:, np.newaxis, np.newaxis], 20_000, axis=1)
    value = gamma_gamma.simulate_value(generator, draws, np.array([2.0]), np.array([30.0]), orders)
    expected = 3 * gamma_gamma.expected_value(np.array([p, q, v]), np.array([2.0]), np.array([30.0]))
    assert value.mean() == pytest.approx(expected[0], rel=0.03)
