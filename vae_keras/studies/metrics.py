"""The metrics of several runs: which of them a table has, and how their values are written."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from vae_keras.catalog import COUNTS, METRICS, STANDARD_ERROR, metric


def metrics_of_test(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return the single numbers of the test set among the entries of `metrics.json`."""
    return {
        name: value
        for name, value in metrics["test"].items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def compared_metrics(metrics: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of the metrics that a table of several runs has, in its order.

    Args:
        metrics: Content of each run's `metrics.json`.
    """
    found = list(dict.fromkeys(name for one in metrics for name in metrics_of_test(one)))
    found = [name for name in found if not name.endswith(STANDARD_ERROR) and name not in COUNTS]
    return [*(name for name in METRICS if name in found), *(n for n in found if n not in METRICS)]


def value_and_deviation(name: str, value: float, deviation: float | None = None) -> str:
    """Write a value with the metric's digits, or with more if it is small.

    Args:
        name: Name of the metric.
        value: The value.
        deviation: Number after the plus-minus sign. Defaults to none.
    """
    digits = metric(name).digits
    if digits == 0:  # a count; its mean over seeds gets a digit
        digits = 0 if deviation is None else 1
    elif math.isfinite(value) and value not in (0, 1):
        digits = max(digits, min(digits + 2, 2 - math.floor(math.log10(abs(value)))))
    text = f"{value:.{digits}f}"
    return text if deviation is None else f"{text} ± {deviation:.{digits}f}"


def mean_and_deviation(values: Iterable[float]) -> tuple[float, float | None]:
    """Return the mean and the sample standard deviation, which is `None` for a single value."""
    array = np.array(list(values), dtype=np.float64)
    return float(array.mean()), float(array.std(ddof=1)) if len(array) > 1 else None
