"""The standard normal prior."""

import keras
from keras import ops

from vae_keras._types import Seed, Tensor
from vae_keras.math import (
    DiagonalGaussian,
    gaussian_log_prob,
    kl_per_dimension_to_standard_normal,
    kl_to_standard_normal,
)
from vae_keras.priors.base import Prior


@keras.saving.register_keras_serializable("vae_keras")
class StandardNormal(Prior):
    """`p(z) = N(0, I)`: nothing to learn, and a KL divergence in closed form.

    References:
        Kingma & Welling (2014). arXiv:1312.6114
    """

    factorized = True

    def log_prob(self, codes: Tensor) -> Tensor:
        zeros = ops.zeros_like(codes)
        return gaussian_log_prob(DiagonalGaussian(zeros, zeros), codes)

    def sample(self, n: int, *, seed: Seed = None) -> Tensor:
        return keras.random.normal((n, self.latent_dim), seed=seed)

    def kl(self, posterior: DiagonalGaussian, codes: Tensor) -> Tensor:
        return kl_to_standard_normal(posterior)

    def kl_per_dimension(self, posterior: DiagonalGaussian) -> Tensor:
        return kl_per_dimension_to_standard_normal(posterior)
