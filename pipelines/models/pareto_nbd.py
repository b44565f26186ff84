"""Pareto/NBD (Schmittlein, Morrison, Colombo 1987): Poisson purchases, exponential lifetimes, gamma rates of both.

Parameters (r, alpha, s, beta) may be scalars or have shape (draws, 1); histories have shape (customers,).
"""

import numpy as np
from scipy.special import gammaln, hyp2f1

from pipelines.models.fitting import NO_PRIOR, Fit, Floats, Histories, maximise, with_numeric_gradient

NAME = "pareto_nbd"
PARAMETERS = ("r", "alpha", "s", "beta")
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def fit(histories: Histories, prior_sd: float = NO_PRIOR) -> Fit:
    """Maximum likelihood, on time scaled so that the oldest customer is 10."""
    scale = max(float(histories.age.max()) / 10, 1e-9)
    scaled = histories.scaled(scale)
    objective = with_numeric_gradient(lambda theta: _log_likelihood(np.exp(theta), scaled))
    optimum = maximise(objective, np.zeros(4), prior_sd)
    estimates = np.exp(optimum.log_parameters) * np.array([1.0, scale, 1.0, scale])
    return Fit(
        model_name=NAME,
        parameters=PARAMETERS,
        estimates=estimates,
        log_covariance=optimum.log_covariance,
        log_likelihood=_log_likelihood(estimates, histories),
        customers_count=int(histories.weight.sum()),
        is_converged=optimum.is_converged,
    )


def _log_likelihood(parameters: Floats, h: Histories) -> float:
    r, alpha, s, beta = parameters
    x = h.frequency
    constant = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    return float(np.sum(h.weight * (constant + np.logaddexp(*_log_alive_and_gone(parameters, h)))))


def _log_alive_and_gone(parameters: Floats, h: Histories) -> tuple[Floats, Floats]:
    """Logs of the likelihood's parts but for common factors: alive at the end, and gone since the last purchase."""
    r, alpha, s, beta = parameters
    x = h.frequency
    alive = -(r + x) * np.log(alpha + h.age) - s * np.log(beta + h.age)
    at_last, at_end = (_log_tail(parameters, x, time) for time in (h.recency, h.age))
    with np.errstate(divide="ignore"):
        between = at_last + np.log(-np.expm1(np.minimum(at_end - at_last, 0.0)))
    return alive, np.log(s) - np.log(r + s + x) + between


def _log_tail(parameters: Floats, x: Floats, time: Floats) -> Floats:
    """Log of the integral over deaths after `time`, by the Euler-transformed 2F1, whose value stays near 1."""
    r, alpha, s, beta = parameters
    c = r + s + x + 1
    z = np.abs(alpha - beta) / (np.maximum(alpha, beta) + time)
    is_slow = alpha >= beta
    factor = hyp2f1(1.0, np.where(is_slow, r + x, s + 1), c, z)
    log_alpha, log_beta = np.log(alpha + time), np.log(beta + time)
    power = np.where(is_slow, -(r + x) * log_alpha - s * log_beta, (1 - r - x) * log_alpha - (s + 1) * log_beta)
    return np.asarray(power + np.log(factor), dtype=np.float64)


def probability_alive(parameters: Floats, h: Histories) -> Floats:
    """P(alive) at the end of observation."""
    alive, gone = _log_alive_and_gone(parameters, h)
    return np.asarray(1 / (1 + np.exp(np.minimum(gone - alive, 700.0))), dtype=np.float64)


def expected_orders(parameters: Floats, h: Histories, time: Floats | float) -> Floats:
    """E[purchases] in the `time` after the end of observation."""
    r, alpha, s, beta = parameters
    s = np.where(np.abs(s - 1) < 1e-6, 1 + 1e-6, s)
    share = ((beta + h.age) / (beta + h.age + time)) ** (s - 1)
    rate = (r + h.frequency) * (beta + h.age) / ((alpha + h.age) * (s - 1))
    return np.asarray(rate * (1 - share) * probability_alive(parameters, h), dtype=np.float64)


def expected_orders_of_newcomer(parameters: Floats, time: Floats) -> Floats:
    """E[purchases] in the `time` after the first purchase, of a customer of whom nothing else is known."""
    newborn = Histories.of(np.zeros(1), np.zeros(1), np.zeros(1))
    return expected_orders(parameters, newborn, time)


def probability_of_purchase(parameters: Floats, h: Histories, time: float) -> Floats:
    """P(at least one purchase) in the `time` after the end of observation: buys before leaving, by quadrature."""
    r, alpha, s, beta = parameters
    bought = np.zeros(1)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        u = time * (node + 1) / 2
        density = (r + h.frequency) / (alpha + h.age + u) * ((alpha + h.age) / (alpha + h.age + u)) ** (r + h.frequency)
        bought = bought + weight * time / 2 * density * ((beta + h.age) / (beta + h.age + u)) ** s
    return np.asarray(probability_alive(parameters, h) * np.minimum(bought, 1.0), dtype=np.float64)


def simulate_orders(generator: np.random.Generator, parameters: Floats, h: Histories, time: float) -> Floats:
    """Numbers of purchases in the next `time`, shape (draws, customers), given each customer's history."""
    r, alpha, s, beta = parameters
    shape = (len(r), len(h.frequency))
    is_alive = generator.random(shape) < probability_alive(parameters, h)
    rate = generator.standard_gamma(np.broadcast_to(r + h.frequency, shape)) / (alpha + h.age)
    leaving = generator.standard_gamma(np.broadcast_to(s, shape)) / (beta + h.age)
    lifetime = generator.standard_exponential(shape) / np.maximum(leaving, 1e-300)
    return np.asarray(generator.poisson(np.where(is_alive, rate * np.minimum(lifetime, time), 0.0)), dtype=np.float64)
