"""Gaussian likelihood of one fixed scale."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from vae_keras._types import KerasConfig, Seed, Tensor
from vae_keras.checks import positive_number
from vae_keras.likelihoods.base import Likelihood
from vae_keras.likelihoods.blocks import (
    checked_range,
    range_activation,
    unsquash,
)
from vae_keras.math import DiagonalGaussian, gaussian_log_prob


@keras.saving.register_keras_serializable("vae_keras")
class Gaussian(Likelihood):
    """Gaussian with the same, fixed standard deviation for each pixel value.

    `log_prob = -sum (x - mean)^2 / (2 scale^2) - D log(scale) - D/2 log(2 pi)` with `D` pixel
    values. The scale weighs the squared error against the KL divergence, by
    `1 / (2 scale^2)`; where it is not known, `OptimalGaussian` finds it.

    Args:
        scale: Standard deviation of an observation, in pixel units, > 0. Defaults to `1.0`.
        data_range: `(0, 1)`, with a sigmoid output, or `(-1, 1)`, with tanh.
            Defaults to `(0.0, 1.0)`.
        **kwargs: `name` and the like, for `keras.layers.Layer`.

    Raises:
        ArgumentError: If `scale` is not above 0, or `data_range` is neither of the two.

    Example:
        >>> Gaussian(scale=0.1).log_prob(x, decoder(z)).shape

    References:
        Kingma & Welling (2014), appendix C.2. arXiv:1312.6114
    """

    pixelwise = True

    def __init__(
        self, scale: float = 1.0, data_range: tuple[float, float] = (0.0, 1.0), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.scale = positive_number("scale", scale)
        self.data_range = checked_range(data_range)
        self.output_activation = range_activation(self.data_range)

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        log_var = 2.0 * math.log(self.scale)
        return gaussian_log_prob(DiagonalGaussian(self.mean(parameters), log_var), x)

    def mean(self, parameters: Tensor) -> Tensor:
        return ops.cast(parameters, "float32")

    def sample(self, parameters: Tensor, *, seed: Seed = None) -> Tensor:
        noise = keras.random.normal(ops.shape(parameters), stddev=self.scale, seed=seed)
        return self.mean(parameters) + noise

    def parameters_from_mean(self, mean: np.ndarray) -> np.ndarray:
        return unsquash(mean, self.data_range)

    def get_config(self) -> KerasConfig:
        config = super().get_config()
        return {**config, "scale": self.scale, "data_range": list(self.data_range)}
