"""Gaussian likelihood of one scale that is found from the data."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from vae_keras._types import KerasConfig, Seed, Tensor
from vae_keras.backend.replicas import mean_over_batch
from vae_keras.checks import one_of
from vae_keras.likelihoods.base import Likelihood
from vae_keras.likelihoods.blocks import (
    checked_range,
    level_step,
    log_scale_above,
    range_activation,
    unsquash,
)
from vae_keras.math import DiagonalGaussian, gaussian_log_prob

_MODES = ("learned", "analytic")
_MOMENTUM = 0.99  # of the running mean squared error


@keras.saving.register_keras_serializable("vae_keras")
class OptimalGaussian(Likelihood):
    """Gaussian with one standard deviation for all pixel values, the best one for the data.

    The model balances reconstruction against the KL divergence by itself, so that no weight has
    to be searched for. `"learned"` trains the logarithm of the scale like any weight. `"analytic"`
    takes the scale with the highest likelihood, `scale^2 = mean (x - mean)^2`, over all pixel
    values of the training batch; evaluation, `log_prob` and `sample` use the running average
    over training batches (the plain one of the first hundred, then exponential), a weight that
    only training changes. Before any training the scale is 1 in both.

    The scale stays above one step of 8-bit data, `1/255` of the range: below it the density
    grows without limit at the levels.

    Args:
        data_range: `(0, 1)`, with a sigmoid output, or `(-1, 1)`, with tanh.
            Defaults to `(0.0, 1.0)`.
        mode: `"learned"` or `"analytic"`. Defaults to `"learned"`.
        **kwargs: `name` and the like, for `keras.layers.Layer`.

    Raises:
        ArgumentError: If `data_range` or `mode` is not one of its two values.

    Example:
        >>> likelihood = OptimalGaussian(mode="analytic")
        >>> loss = likelihood.loss(x, decoder(z), training=True)
        >>> float(likelihood.scale)

    References:
        Rybkin, Daniilidis & Levine (2021), Simple and effective VAE training with calibrated
        decoders. arXiv:2006.13202
    """

    def __init__(
        self,
        data_range: tuple[float, float] = (0.0, 1.0),
        *,
        mode: str = "learned",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data_range = checked_range(data_range)
        self.output_activation = range_activation(self.data_range)
        self.mode = one_of("mode", mode, _MODES)
        self.pixelwise = mode == "learned"  # the analytic scale is that of all pixels of a batch
        self._min_scale = level_step(self.data_range)
        if mode == "learned":
            start = math.log(1.0 - self._min_scale)  # of `log_scale_above`, for a scale of 1
            self.raw_log_scale = self._add_scalar("raw_log_scale", start, trainable=True)
        else:
            self.mean_square = self._add_scalar("mean_square", 1.0, aggregation="mean")
            self.steps = self._add_scalar(
                "steps", 0, dtype="int32", aggregation="only_first_replica"
            )

    @property
    def scale(self) -> Tensor:
        """The standard deviation that `log_prob` uses, in pixel units, a scalar."""
        return ops.exp(0.5 * self._log_var())

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        return gaussian_log_prob(DiagonalGaussian(self.mean(parameters), self._log_var()), x)

    def loss(self, x: Tensor, parameters: Tensor, *, training: bool = False) -> Tensor:
        if self.mode == "learned" or not training:
            return -self.log_prob(x, parameters)
        mean = self.mean(parameters)
        # No gradient flows through the scale: at the optimum its share is zero.
        squares = ops.stop_gradient(ops.square(ops.cast(x, "float32") - mean))
        mean_square = mean_over_batch(squares)
        self._remember(mean_square)
        return -gaussian_log_prob(DiagonalGaussian(mean, self._floored_log(mean_square)), x)

    def mean(self, parameters: Tensor) -> Tensor:
        return ops.cast(parameters, "float32")

    def sample(self, parameters: Tensor, *, seed: Seed = None) -> Tensor:
        noise = keras.random.normal(ops.shape(parameters), seed=seed)
        return self.mean(parameters) + self.scale * noise

    def parameters_from_mean(self, mean: np.ndarray) -> np.ndarray:
        return unsquash(mean, self.data_range)

    def get_config(self) -> KerasConfig:
        config = super().get_config()
        return {**config, "data_range": list(self.data_range), "mode": self.mode}

    def _add_scalar(self, name: str, start: float, **settings: Any) -> Any:
        initializer = keras.initializers.Constant(start)
        settings = {"dtype": "float32", "trainable": False, "autocast": False, **settings}
        return self.add_weight(name=name, initializer=initializer, **settings)

    def _log_var(self) -> Tensor:
        if self.mode == "learned":
            return 2.0 * log_scale_above(self.raw_log_scale, self._min_scale)
        return self._floored_log(self.mean_square)

    def _floored_log(self, mean_square: Tensor) -> Tensor:
        return ops.log(ops.maximum(mean_square, self._min_scale**2))

    def _remember(self, mean_square: Tensor) -> None:
        self.steps.assign(self.steps + 1)
        rate = ops.maximum(1.0 / ops.cast(self.steps, "float32"), 1.0 - _MOMENTUM)
        self.mean_square.assign(self.mean_square + rate * (mean_square - self.mean_square))
