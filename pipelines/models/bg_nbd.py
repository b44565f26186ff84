"""BG/NBD (Fader, Hardie, Lee 2005): Poisson purchases, gamma rates; after each purchase a beta chance to leave.

Parameters (r, alpha, a, b) may be scalars or have shape (draws, 1); histories have shape (customers,). Times share the
unit of the histories. Being Poisson, it holds on any clock that runs at the pace of the season.
"""

import numpy as np
from scipy.special import digamma, gammaln, hyp2f1

from pipelines.models.fitting import NO_PRIOR, Fit, Floats, Histories, maximise

NAME = "bg_nbd"
PARAMETERS = ("r", "alpha", "a", "b")


def fit(histories: Histories, prior_sd: float = NO_PRIOR) -> Fit:
    """Maximum likelihood, on time scaled so that the oldest customer is 10."""
    scale = max(float(histories.age.max()) / 10, 1e-9)
    scaled = histories.scaled(scale)
    optimum = maximise(lambda theta: _log_likelihood(theta, scaled), np.zeros(4), prior_sd)
    estimates = np.exp(optimum.log_parameters) * np.array([1.0, scale, 1.0, 1.0])
    return Fit(
        model_name=NAME,
        parameters=PARAMETERS,
        estimates=estimates,
        log_covariance=optimum.log_covariance,
        log_likelihood=_log_likelihood(np.log(estimates), histories)[0],
        customers_count=int(histories.weight.sum()),
        is_converged=optimum.is_converged,
    )


def _log_likelihood(theta: Floats, h: Histories) -> tuple[float, Floats]:
    """Log-likelihood and its gradient in the log-parameters."""
    r, alpha, a, b = np.exp(theta)
    x, is_repeat = h.frequency, h.frequency > 0
    later = b + np.maximum(x, 1.0) - 1
    alive = -(r + x) * np.log(alpha + h.age)
    gone = np.where(is_repeat, np.log(a) - np.log(later) - (r + x) * np.log(alpha + h.recency), -np.inf)
    total = np.logaddexp(alive, gone)
    gone_share = np.exp(gone - total)
    value = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + total
    value += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    log_time = (1 - gone_share) * np.log(alpha + h.age) + gone_share * np.log(alpha + h.recency)
    inverse_time = (1 - gone_share) / (alpha + h.age) + gone_share / (alpha + h.recency)
    common = digamma(a + b) - digamma(a + b + x)
    by_parameter = (
        digamma(r + x) - digamma(r) + np.log(alpha) - log_time,
        r / alpha - (r + x) * inverse_time,
        common + gone_share / a,
        common + digamma(b + x) - digamma(b) - np.where(is_repeat, gone_share / later, 0.0),
    )
    gradient = np.array([np.sum(h.weight * part) for part in by_parameter]) * np.exp(theta)
    return float(np.sum(h.weight * value)), gradient


def probability_alive(parameters: Floats, h: Histories) -> Floats:
    """P(alive) at the end of observation; 1 for whoever bought once, so never a measure of attrition."""
    r, alpha, a, b = parameters
    x = h.frequency
    log_odds = (r + x) * np.log((alpha + h.age) / (alpha + h.recency)) + np.log(a) - np.log(b + np.maximum(x, 1) - 1)
    gone_odds = np.where(x > 0, np.exp(np.minimum(log_odds, 700.0)), 0.0)
    return np.asarray(1 / (1 + gone_odds), dtype=np.float64)


def expected_orders(parameters: Floats, h: Histories, time: Floats | float) -> Floats:
    """E[purchases] in the `time` after the end of observation, by the Euler-transformed 2F1."""
    r, alpha, a, b = parameters
    a = _off_one(a)
    z = time / (alpha + h.age + time)
    c = a + b + h.frequency - 1
    share = (1 - z) ** (a - 1) * hyp2f1(c - h.frequency - r, a - 1, c, z)
    return np.asarray(c / (a - 1) * (1 - share) * probability_alive(parameters, h), dtype=np.float64)


def expected_orders_of_newcomer(parameters: Floats, time: Floats) -> Floats:
    """E[purchases] in the `time` after the first purchase, of a customer of whom nothing else is known."""
    newborn = Histories.of(np.zeros(1), np.zeros(1), np.zeros(1))
    return expected_orders(parameters, newborn, time)


def probability_of_purchase(parameters: Floats, h: Histories, time: float) -> Floats:
    """P(at least one purchase) in the `time` after the end of observation; exact."""
    r, alpha, _, _ = parameters
    silent = ((alpha + h.age) / (alpha + h.age + time)) ** (r + h.frequency)
    return np.asarray(probability_alive(parameters, h) * (1 - silent), dtype=np.float64)


def simulate_orders(generator: np.random.Generator, parameters: Floats, h: Histories, time: float) -> Floats:
    """Numbers of purchases in the next `time`, shape (draws, customers), given each customer's history."""
    r, alpha, a, b = parameters
    shape = (len(r), len(h.frequency))
    is_alive = generator.random(shape) < probability_alive(parameters, h)
    rate = generator.standard_gamma(np.broadcast_to(r + h.frequency, shape)) / (alpha + h.age)
    wanted = generator.poisson(np.where(is_alive, rate * time, 0.0))
    chance = np.clip(generator.beta(a, b + h.frequency, size=shape), 1e-12, 1.0)
    return np.asarray(np.minimum(wanted, generator.geometric(chance)), dtype=np.float64)


def _off_one(a: Floats | float) -> Floats:
    """`a` moved off 1, where the closed form has a removable singularity."""
    values = np.asarray(a, dtype=np.float64)
    return np.where(np.abs(values - 1) < 1e-6, 1 + 1e-6, values)
