"""What the models share: purchase histories, maximum likelihood in log-parameters, and its uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Objective = Callable[[Floats], tuple[float, Floats]]
"""Log-parameters to log-likelihood and its gradient."""

NO_PRIOR = float("inf")
_LOG_BOUND = 8.0
_HESSIAN_STEP = 1e-4
_NEWTON_STEPS = 10
_CLOSE_ENOUGH = 1e-3
"""Newton's method squares its error: after a step this small, what is left is a millionth."""


@dataclass(frozen=True, slots=True)
class Histories:
    """What a purchase model knows of customers, one entry each, in one unit of time."""

    frequency: Floats
    """x: purchases after the first one."""
    recency: Floats
    """t_x: time from the first to the last purchase."""
    age: Floats
    """T: time from the first purchase to the end of observation."""
    weight: Floats
    """Number of customers who share this history."""

    @classmethod
    def of(cls, frequency: npt.ArrayLike, recency: npt.ArrayLike, age: npt.ArrayLike) -> Histories:
        """One history per customer."""
        x, t_x, big_t = (np.asarray(values, dtype=np.float64) for values in (frequency, recency, age))
        return cls(x, t_x, big_t, np.ones_like(x))

    def grouped(self) -> tuple[Histories, Integers]:
        """The distinct histories with their weights, and for each customer the position of theirs."""
        rows = np.stack([self.frequency, self.recency, self.age], axis=1)
        unique, position = np.unique(rows, axis=0, return_inverse=True)
        weight = np.bincount(position.ravel(), weights=self.weight, minlength=len(unique)).astype(np.float64)
        return Histories(unique[:, 0], unique[:, 1], unique[:, 2], weight), position.ravel().astype(np.int64)

    def scaled(self, divisor: float) -> Histories:
        """The same histories in a unit of time that is `divisor` times as long."""
        return Histories(self.frequency, self.recency / divisor, self.age / divisor, self.weight)


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model: estimates on their natural scale, uncertainty on the log scale."""

    model_name: str
    parameters: tuple[str, ...]
    estimates: Floats
    log_covariance: Floats
    log_likelihood: float
    customers_count: int
    is_converged: bool

    @property
    def standard_errors(self) -> Floats:
        """Laplace standard errors on the natural scale (delta method from the log scale)."""
        return self.estimates * np.sqrt(np.diag(self.log_covariance))

    def draws(self, generator: np.random.Generator, count: int) -> Floats:
        """Parameter vectors from the Laplace approximation, shape (parameters, count, 1)."""
        values = generator.multivariate_normal(np.log(self.estimates), self.log_covariance, size=count, method="eigh")
        return np.asarray(np.exp(values).T[:, :, np.newaxis], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where a log-likelihood is greatest."""

    log_parameters: Floats
    log_covariance: Floats
    is_converged: bool


def maximise(objective: Objective, start: Floats, prior_sd: float = NO_PRIOR) -> Optimum:
    """The maximum of `objective`, by BFGS and then Newton's method, and the inverse of its Hessian there.

    BFGS is plain numpy: SciPy's L-BFGS-B wakes the BLAS threads, which then spin on every core and double the time.

    `prior_sd` is the standard deviation of a normal prior around 0 on each log-parameter: 3 is too weak to move what
    the data knows, and keeps finite what it does not know (for instance the dropout of customers who never leave).
    """

    def negative(theta: Floats) -> tuple[float, Floats]:
        value, gradient = objective(theta)
        return float(np.sum((theta / prior_sd) ** 2) / 2 - value), theta / prior_sd**2 - gradient

    def per_unit(theta: Floats) -> tuple[float, Floats]:
        value, gradient = negative(theta)
        return value / unit, gradient / unit

    unit = max(abs(negative(start)[0]), 1.0)
    theta = np.asarray(minimize(per_unit, start, jac=True, method="BFGS").x, dtype=np.float64)
    for _ in range(_NEWTON_STEPS):
        hessian = _hessian(negative, theta)
        if not _is_positive_definite(hessian):
            return Optimum(theta, np.full_like(hessian, np.nan), is_converged=False)
        step = np.linalg.solve(hessian, negative(theta)[1])
        theta = np.clip(theta - np.clip(step, -1.0, 1.0), -_LOG_BOUND, _LOG_BOUND)
        if float(np.max(np.abs(step))) < _CLOSE_ENOUGH:
            return Optimum(theta, np.asarray(np.linalg.inv(hessian), dtype=np.float64), is_converged=True)
    return Optimum(theta, np.full_like(hessian, np.nan), is_converged=False)


def with_numeric_gradient(log_likelihood: Callable[[Floats], float]) -> Objective:
    """An objective whose gradient is taken by central differences."""
    step = 1e-5

    def objective(theta: Floats) -> tuple[float, Floats]:
        shifts = np.eye(len(theta)) * step
        gradient = [(log_likelihood(theta + s) - log_likelihood(theta - s)) / (2 * step) for s in shifts]
        return log_likelihood(theta), np.asarray(gradient, dtype=np.float64)

    return objective


def _hessian(function: Objective, theta: Floats) -> Floats:
    shifts = np.eye(len(theta)) * _HESSIAN_STEP
    rows = [(function(theta + s)[1] - function(theta - s)[1]) / (2 * _HESSIAN_STEP) for s in shifts]
    hessian = np.asarray(rows, dtype=np.float64)
    return (hessian + hessian.T) / 2


def _is_positive_definite(matrix: Floats) -> bool:
    return bool(np.isfinite(matrix).all() and np.linalg.eigvalsh(matrix)[0] > 0)
