"""The record of an evaluation: numbers for tables, arrays for pictures."""

from typing import Any

import numpy as np

from vae_keras.evaluation.metrics.estimates import (
    Estimate,
    proportion_standard_error,
    standard_error,
)


class Evaluation(dict[str, float]):
    """The numbers that one evaluation of a model found, by name, and what they were made from.

    Beside a mean over images or draws stands its `..._standard_error`.

    Attributes:
        by_class: `classes`, `count`, and for each measure its mean and standard error (`None` for
            one image), lists with an entry for each class; empty without labels.
        by_dimension: `variance` of the means, whether `active`, and `kl` in nats where the prior
            is a product over dimensions: lists with an entry for each; empty for an autoencoder.
        arrays: For pictures: `z_mean`, `z_log_var`, `labels`, measures of each image, a few
            generated images with their nearest training images, anomaly scores.
    """

    def __init__(self) -> None:
        super().__init__()
        self.by_class: dict[str, list[Any]] = {}
        self.by_dimension: dict[str, list[Any]] = {}
        self.arrays: dict[str, np.ndarray] = {}

    def add_mean(self, name: str, values: np.ndarray) -> None:
        """Add the mean over images, with its standard error where there are two of them."""
        self.add_estimate(name, Estimate(float(np.mean(values)), standard_error(values)))

    def add_share(self, name: str, share: float, count: int) -> None:
        """Add a share of `count` images, with its binomial standard error."""
        self.add_estimate(name, Estimate(share, proportion_standard_error(share, count)))

    def add_estimate(self, name: str, estimate: Estimate) -> None:
        """Add an estimate, without the standard error where that is not known."""
        self[name] = float(estimate.value)
        if np.isfinite(estimate.standard_error):
            self[f"{name}_standard_error"] = float(estimate.standard_error)
