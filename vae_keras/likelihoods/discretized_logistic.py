"""Discretised logistic likelihood, of images with a number of levels."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from vae_keras._types import KerasConfig, Seed, Tensor
from vae_keras.checks import integer
from vae_keras.likelihoods.base import Likelihood
from vae_keras.likelihoods.blocks import (
    checked_range,
    level_step,
    log_scale_above,
    mean_and_raw_log_scale,
    squash,
)
from vae_keras.math import sum_per_image

_SHARPEST = 0.05  # lowest scale, in steps between levels: 99.99% of the mass on one level
_LOGISTIC_STD = math.pi / math.sqrt(3.0)  # standard deviation at scale 1


@keras.saving.register_keras_serializable("vae_keras")
class DiscretizedLogistic(Likelihood):
    """Probability of each of 256 levels: a logistic distribution, integrated over the level's bin.

    `log_prob = sum log(F((x + step/2 - location) / scale) - F((x - step/2 - location) / scale))`
    with the sigmoid `F`; the lowest and the highest level take the tails, so that the masses of
    the levels sum to 1. Of the decoder's output the first `channels` values are the locations
    before the sigmoid or tanh, the last `channels` are `s` in `scale = step/20 + exp(s)`. A
    log-mass of 8-bit data: divided by `-D log(2)`, with `D` pixel values, it is bits/dim as
    published. Values between levels count as the nearest level.

    `mean` is the location. The expectation over the levels differs from it by the tails that the
    range cuts off: it lies nearer to the middle of the range where the scale is wide.

    Args:
        data_range: `(0, 1)`, locations by the sigmoid, or `(-1, 1)`, by tanh.
            Defaults to `(0.0, 1.0)`.
        levels: Number of levels, the ends of the range included, > 1. Defaults to `256`.
        **kwargs: `name` and the like, for `keras.layers.Layer`.

    Raises:
        ArgumentError: If `data_range` is neither of the two, or `levels` is not an integer above 1.

    Example:
        >>> DiscretizedLogistic().log_prob(x, decoder(z)).shape

    References:
        Kingma et al. (2016), Inverse autoregressive flow, appendix. arXiv:1606.04934
        Salimans et al. (2017), PixelCNN++, section 2.1. arXiv:1701.05517
    """

    parameters_per_channel = 2
    discrete = True
    pixelwise = True

    def __init__(
        self, data_range: tuple[float, float] = (0.0, 1.0), *, levels: int = 256, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_range = checked_range(data_range)
        self.levels = integer("levels", levels, at_least=2)
        self._step = level_step(self.data_range, self.levels)

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        level = self._nearest_level(ops.cast(x, "float32"))
        inverse_scale = ops.exp(-self._log_scale(parameters))
        centre = self.data_range[0] + level * self._step - self.mean(parameters)
        upper = (centre + 0.5 * self._step) * inverse_scale
        lower = (centre - 0.5 * self._step) * inverse_scale
        # F(u) - F(l) = F(u) F(-l) (1 - exp(l - u)): a sum of logarithms, without a difference
        # that could vanish. A tail has only one of the first two factors.
        has_lower, has_upper = level > 0, level < self.levels - 1
        log_below_upper = ops.where(has_upper, -ops.softplus(-upper), 0.0)
        log_above_lower = ops.where(has_lower, -ops.softplus(lower), 0.0)
        log_bin = ops.where(
            ops.logical_and(has_lower, has_upper),
            ops.log(-ops.expm1(-self._step * inverse_scale)),
            0.0,
        )
        return sum_per_image(log_below_upper + log_above_lower + log_bin)

    def mean(self, parameters: Tensor) -> Tensor:
        return squash(ops.split(parameters, 2, axis=-1)[0], self.data_range)

    def scale(self, parameters: Tensor) -> Tensor:
        """Scale of each pixel value's logistic, in pixel units, of the shape of the images."""
        return ops.exp(self._log_scale(parameters))

    def sample(self, parameters: Tensor, *, seed: Seed = None) -> Tensor:
        location = self.mean(parameters)
        uniform = keras.random.uniform(ops.shape(location), seed=seed)
        logistic = ops.log(uniform) - ops.log1p(-uniform)
        level = self._nearest_level(location + self.scale(parameters) * logistic)
        return self.data_range[0] + level * self._step

    def parameters_from_mean(self, mean: np.ndarray) -> np.ndarray:
        return mean_and_raw_log_scale(mean, self.data_range, _LOGISTIC_STD)

    def get_config(self) -> KerasConfig:
        config = super().get_config()
        return {**config, "data_range": list(self.data_range), "levels": self.levels}

    def _log_scale(self, parameters: Tensor) -> Tensor:
        return log_scale_above(ops.split(parameters, 2, axis=-1)[1], _SHARPEST * self._step)

    def _nearest_level(self, values: Tensor) -> Tensor:
        level = ops.round((values - self.data_range[0]) / self._step)
        return ops.clip(level, 0.0, self.levels - 1.0)
