"""Gaussian likelihood with a mean and a scale for each pixel value."""

from typing import Any

import keras
import numpy as np
from keras import ops

from vae_keras._types import KerasConfig, Seed, Tensor
from vae_keras.checks import positive_number
from vae_keras.likelihoods.base import Likelihood
from vae_keras.likelihoods.blocks import (
    checked_range,
    level_step,
    log_scale_above,
    mean_and_raw_log_scale,
    squash,
)
from vae_keras.math import DiagonalGaussian, gaussian_log_prob


@keras.saving.register_keras_serializable("vae_keras")
class LearnedGaussian(Likelihood):
    """Gaussian whose mean and standard deviation the decoder gives for each pixel value.

    Of the decoder's output the first `channels` values are the means before the sigmoid or tanh,
    the last `channels` are `s` in `scale = min_scale + exp(s)`. It tells where in the image the
    model is unsure. It is harder to train than one scale for all (`OptimalGaussian`), because
    pixels that hardly vary pull their scale to the lower bound and their gradients to
    `1 / scale^2`: raise `min_scale` where training is unsteady.

    Args:
        data_range: `(0, 1)`, means by the sigmoid, or `(-1, 1)`, by tanh.
            Defaults to `(0.0, 1.0)`.
        min_scale: Lower bound of the standard deviation, in pixel units, > 0. Defaults to one
            step of 8-bit data, `1/255` of the range: below it the density grows without limit
            at the levels.
        **kwargs: `name` and the like, for `keras.layers.Layer`.

    Raises:
        ArgumentError: If `data_range` is neither of the two, or `min_scale` is not above 0.

    Example:
        >>> LearnedGaussian(min_scale=0.01).log_prob(x, decoder(z)).shape

    References:
        Kingma & Welling (2014), appendix C.2. arXiv:1312.6114
    """

    parameters_per_channel = 2
    pixelwise = True

    def __init__(
        self,
        data_range: tuple[float, float] = (0.0, 1.0),
        *,
        min_scale: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data_range = checked_range(data_range)
        if min_scale is None:
            min_scale = level_step(self.data_range)
        self.min_scale = positive_number("min_scale", min_scale)

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        log_var = 2.0 * self._log_scale(parameters)
        return gaussian_log_prob(DiagonalGaussian(self.mean(parameters), log_var), x)

    def mean(self, parameters: Tensor) -> Tensor:
        return squash(ops.split(parameters, 2, axis=-1)[0], self.data_range)

    def scale(self, parameters: Tensor) -> Tensor:
        """Standard deviation of each pixel value, in pixel units, of the shape of the images."""
        return ops.exp(self._log_scale(parameters))

    def sample(self, parameters: Tensor, *, seed: Seed = None) -> Tensor:
        mean = self.mean(parameters)
        noise = keras.random.normal(ops.shape(mean), seed=seed)
        return mean + self.scale(parameters) * noise

    def parameters_from_mean(self, mean: np.ndarray) -> np.ndarray:
        return mean_and_raw_log_scale(mean, self.data_range)

    def get_config(self) -> KerasConfig:
        config = super().get_config()
        return {**config, "data_range": list(self.data_range), "min_scale": self.min_scale}

    def _log_scale(self, parameters: Tensor) -> Tensor:
        return log_scale_above(ops.split(parameters, 2, axis=-1)[1], self.min_scale)
