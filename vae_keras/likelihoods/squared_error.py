"""Squared error, as the published models use it."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from vae_keras._types import KerasConfig, Seed, Tensor
from vae_keras.likelihoods.base import Likelihood
from vae_keras.likelihoods.blocks import checked_range, range_activation, unsquash
from vae_keras.math import sum_per_image


@keras.saving.register_keras_serializable("vae_keras")
class SquaredError(Likelihood):
    """Sum of squared pixel errors, without the 1/2: a Gaussian with variance 1/2.

    `loss = sum (x - mean)^2` in each image, and
    `log_prob = -sum (x - mean)^2 - D/2 log(pi)` with `D` pixel values: 448.7 nats more for
    28 x 28. Use it to compare with papers and code that report a sum of squares; its scale is a
    convention, so use another likelihood where nats matter.

    Args:
        data_range: `(0, 1)`, with a sigmoid output, or `(-1, 1)`, with tanh.
            Defaults to `(0.0, 1.0)`.
        **kwargs: `name` and the like, for `keras.layers.Layer`.

    Raises:
        ArgumentError: If `data_range` is neither of the two.

    Example:
        >>> SquaredError().loss(x, decoder(z)).shape
    """

    pixelwise = True

    def __init__(self, data_range: tuple[float, float] = (0.0, 1.0), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_range = checked_range(data_range)
        self.output_activation = range_activation(self.data_range)

    def loss(self, x: Tensor, parameters: Tensor, *, training: bool = False) -> Tensor:
        x, mean = ops.cast(x, "float32"), ops.cast(parameters, "float32")
        return sum_per_image(ops.square(x - mean))

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        pixel_values = math.prod(parameters.shape[1:])
        return -self.loss(x, parameters) - 0.5 * pixel_values * math.log(math.pi)

    def mean(self, parameters: Tensor) -> Tensor:
        return ops.cast(parameters, "float32")

    def sample(self, parameters: Tensor, *, seed: Seed = None) -> Tensor:
        noise = keras.random.normal(ops.shape(parameters), stddev=math.sqrt(0.5), seed=seed)
        return self.mean(parameters) + noise

    def parameters_from_mean(self, mean: np.ndarray) -> np.ndarray:
        return unsquash(mean, self.data_range)

    def get_config(self) -> KerasConfig:
        return {**super().get_config(), "data_range": list(self.data_range)}
