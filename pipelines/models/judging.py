"""How good a forecast was: metrics over all customers and by decile of the prediction."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from pipelines.models.fitting import Floats, Integers

DECILES = 10
Metric = Callable[[Floats, Floats], float]


def bias(predicted: Floats, actual: Floats) -> float:
    """Relative error of the total; NaN when nothing happened."""
    total = float(actual.sum())
    return float(predicted.sum()) / total - 1 if total else float("nan")


def mae(predicted: Floats, actual: Floats) -> float:
    """Mean absolute error."""
    return float(np.mean(np.abs(predicted - actual)))


def rmse(predicted: Floats, actual: Floats) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(np.mean((predicted - actual) ** 2)))


def brier(predicted: Floats, actual: Floats) -> float:
    """Mean squared error of a probability."""
    return float(np.mean((predicted - actual) ** 2))


def predicted_mean(predicted: Floats, _actual: Floats) -> float:
    """Mean of the prediction."""
    return float(predicted.mean())


def actual_mean(_predicted: Floats, actual: Floats) -> float:
    """Mean of what happened."""
    return float(actual.mean())


def auc(predicted: Floats, actual: Floats) -> float:
    """Chance that a customer with the event has the higher prediction, ties half; NaN when all or none have it."""
    events = float(actual.sum())
    others = len(actual) - events
    if not events or not others:
        return float("nan")
    _, position, counts = np.unique(predicted, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[position]
    return float((ranks[actual == 1].sum() - events * (events + 1) / 2) / (events * others))


AMOUNT_METRICS: dict[str, Metric] = {
    "bias": bias,
    "mae": mae,
    "rmse": rmse,
    "predicted_mean": predicted_mean,
    "actual_mean": actual_mean,
}
PROBABILITY_METRICS: dict[str, Metric] = {
    "auc": auc,
    "brier": brier,
    "predicted_mean": predicted_mean,
    "actual_mean": actual_mean,
}


def deciles(predicted: Floats) -> Integers:
    """1 for the tenth of customers with the highest prediction to 10; equal predictions keep their order."""
    rank = np.empty(len(predicted), dtype=np.int64)
    rank[np.argsort(-predicted, kind="stable")] = np.arange(len(predicted))
    return rank * DECILES // max(len(predicted), 1) + 1


def judge(metrics: dict[str, Metric], predicted: Floats, actual: Floats) -> Iterator[tuple[str, int, int, float]]:
    """(metric, decile, customers, value) for all customers (decile 0) and each decile."""
    groups = deciles(predicted)
    for decile in range(DECILES + 1):
        chosen = np.full(len(groups), True) if decile == 0 else groups == decile
        if not chosen.any():
            continue
        for name, metric in metrics.items():
            yield name, decile, int(chosen.sum()), metric(predicted[chosen], actual[chosen])
