"""Bernoulli likelihood on logits."""

import keras
import numpy as np
from keras import ops

from vae_keras._types import Seed, Tensor
from vae_keras.likelihoods.base import Likelihood
from vae_keras.likelihoods.blocks import UNIT, unsquash
from vae_keras.math import sum_per_image


@keras.saving.register_keras_serializable("vae_keras")
class Bernoulli(Likelihood):
    """Each pixel value is 1 with probability `sigmoid(logit)`; the decoder gives logits.

    `log_prob = sum x log p + (1 - x) log(1 - p)`, computed from logits, so that no logarithm of
    zero can occur. For binary images it is a log-mass, from which bits/dim follow. Grey values in
    `[0, 1]` are accepted too, as in most published models; the result is then a cross-entropy,
    neither a mass nor a density (`ContinuousBernoulli` is a density).

    Args:
        **kwargs: `name` and the like, for `keras.layers.Layer`.

    Example:
        >>> Bernoulli().log_prob(x, decoder(z)).shape

    References:
        Kingma & Welling (2014), appendix C.1. arXiv:1312.6114
    """

    discrete = True
    pixelwise = True

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        x, logits = ops.cast(x, "float32"), ops.cast(parameters, "float32")
        # log p = -softplus(-l) and log(1 - p) = -softplus(l), hence x l - softplus(l).
        return sum_per_image(x * logits - ops.softplus(logits))

    def mean(self, parameters: Tensor) -> Tensor:
        return ops.sigmoid(ops.cast(parameters, "float32"))

    def sample(self, parameters: Tensor, *, seed: Seed = None) -> Tensor:
        mean = self.mean(parameters)
        uniform = keras.random.uniform(ops.shape(mean), seed=seed)
        return ops.cast(uniform < mean, "float32")

    def parameters_from_mean(self, mean: np.ndarray) -> np.ndarray:
        return unsquash(mean, UNIT)
