"""Gamma-Gamma (Fader, Hardie 2013): the spend per purchase varies around a mean that differs between customers.

Parameters (p, q, v) may be scalars or have shape (draws, 1). Only customers with a repeat purchase and a positive mean
inform the fit: a mean of zero makes the likelihood diverge.
"""

import numpy as np
from scipy.special import digamma, gammaln

from pipelines.models.fitting import NO_PRIOR, Fit, Floats, maximise

NAME = "gamma_gamma"
PARAMETERS = ("p", "q", "v")
_TINY = 1e-100


def informs(frequency: Floats, mean_value: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which customers the fit may see; a missing mean is NaN."""
    return np.asarray((frequency > 0) & (np.nan_to_num(mean_value) > 0), dtype=np.bool_)


def fit(frequency: Floats, mean_value: Floats, prior_sd: float = NO_PRIOR) -> Fit:
    """Maximum likelihood over the customers whom `informs` lets in, on values scaled to their mean."""
    chosen = informs(frequency, mean_value)
    x, mean = frequency[chosen], mean_value[chosen]
    scale = float(mean.mean())
    optimum = maximise(lambda theta: _log_likelihood(theta, x, mean / scale), np.log([2.0, 3.0, 2.0]), prior_sd)
    estimates = np.exp(optimum.log_parameters) * np.array([1.0, 1.0, scale])
    return Fit(
        model_name=NAME,
        parameters=PARAMETERS,
        estimates=estimates,
        log_covariance=optimum.log_covariance,
        log_likelihood=_log_likelihood(np.log(estimates), x, mean)[0],
        customers_count=len(x),
        is_converged=optimum.is_converged,
    )


def _log_likelihood(theta: Floats, x: Floats, mean: Floats) -> tuple[float, Floats]:
    """Log-likelihood and its gradient in the log-parameters."""
    p, q, v = np.exp(theta)
    total = np.log(v + x * mean)
    shape = p * x
    value = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(v)
    value += (shape - 1) * np.log(mean) + shape * np.log(x) - (shape + q) * total
    shared = digamma(shape + q)
    by_parameter = (
        x * (shared - digamma(shape) + np.log(mean) + np.log(x) - total),
        shared - digamma(q) + np.log(v) - total,
        q / v - (shape + q) / (v + x * mean),
    )
    gradient = np.array([np.sum(part) for part in by_parameter]) * np.exp(theta)
    return float(np.sum(value)), gradient


def expected_value(parameters: Floats, frequency: Floats, mean_value: Floats) -> Floats:
    """E[spend per purchase] given the history; the population's mean for whoever bought once. Needs p x + q > 1."""
    p, q, v = parameters
    spent = frequency * np.nan_to_num(mean_value)
    return np.asarray(p * (v + spent) / (p * frequency + q - 1), dtype=np.float64)


def simulate_value(
    generator: np.random.Generator, parameters: Floats, frequency: Floats, mean_value: Floats, orders: Floats
) -> Floats:
    """Money spent in `orders` purchases, shape (draws, customers), given each customer's history."""
    p, q, v = parameters
    spent = frequency * np.nan_to_num(mean_value)
    inverse_scale = np.maximum(generator.standard_gamma(np.broadcast_to(q + p * frequency, orders.shape)), _TINY)
    return np.asarray(generator.standard_gamma(p * orders) * (v + spent) / inverse_scale, dtype=np.float64)


def correlation(frequency: Floats, mean_value: Floats) -> float:
    """Pearson correlation of number and mean of repeat purchases: the model assumes that it is near 0."""
    chosen = informs(frequency, mean_value)
    if chosen.sum() < 3 or np.ptp(frequency[chosen]) == 0 or np.ptp(mean_value[chosen]) == 0:
        return float("nan")
    return float(np.corrcoef(frequency[chosen], mean_value[chosen])[0, 1])
