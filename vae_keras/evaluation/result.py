"""The result of an evaluation: metrics for tables, arrays for figures."""

from typing import Any

import numpy as np

from vae_keras.evaluation.metrics.estimates import (
    Estimate,
    proportion_standard_error,
    standard_error,
)


class Evaluation(dict[str, float]):
    """The metrics of a model by name, and the arrays that they were computed from.

    A mean over images or draws also has its `..._standard_error`.

    Attributes:
        by_class: `classes`, `count`, and for some metrics the mean and its standard error (`None`
            for one image): lists with an entry for each class; empty without labels.
        by_dimension: `variance` of the posterior means, whether `active`, and `kl` in nats if the
            prior factorises over dimensions: lists with an entry for each dimension; empty for an
            autoencoder.
        arrays: For figures: `z_mean`, `z_log_var`, `labels`, metrics of each image, a few
            generated images with their nearest training images, anomaly scores.
    """

    def __init__(self) -> None:
        super().__init__()
        self.by_class: dict[str, list[Any]] = {}
        self.by_dimension: dict[str, list[Any]] = {}
        self.arrays: dict[str, np.ndarray] = {}

    def add_mean(self, name: str, values: np.ndarray) -> None:
        """Add the mean over images, with its standard error if there are two or more."""
        self.add_estimate(name, Estimate(float(np.mean(values)), standard_error(values)))

    def add_share(self, name: str, share: float, count: int) -> None:
        """Add a share of `count` images, with its binomial standard error."""
        self.add_estimate(name, Estimate(share, proportion_standard_error(share, count)))

    def add_estimate(self, name: str, estimate: Estimate) -> None:
        """Add an estimate, with its standard error if that is known."""
        self[name] = float(estimate.value)
        if np.isfinite(estimate.standard_error):
            self[f"{name}_standard_error"] = float(estimate.standard_error)
