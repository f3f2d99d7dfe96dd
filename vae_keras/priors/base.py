"""The contract of every prior p(z)."""

from typing import Any

import keras

from vae_keras._types import Seed, Tensor
from vae_keras.math import DiagonalGaussian, gaussian_log_prob


class Prior(keras.layers.Layer):
    """Distribution of the codes before an image is seen.

    It is a Keras layer so that a member may own weights that train and save with the model. The
    model builds it for its code size; it is never called.

    Attributes:
        factorized: Whether the latent dimensions are independent, so that the KL divergence is a
            sum over them.
        latent_dim: Size of a code; known once the prior is built.
    """

    factorized: bool = False
    latent_dim: int

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)

    def build(self, codes_shape: tuple[int | None, int]) -> None:
        """Create the weights, for codes of shape `(batch, latent_dim)`."""
        self.latent_dim = codes_shape[-1]
        self.built = True

    def log_prob(self, codes: Tensor) -> Tensor:
        """Log-density in nats.

        Args:
            codes: Shape `(batch, latent_dim)`.

        Returns:
            Shape `(batch,)`, float32.
        """
        raise NotImplementedError

    def sample(self, n: int, *, seed: Seed = None) -> Tensor:
        """Draw codes, shape `(n, latent_dim)`.

        Args:
            n: Number of codes.
            seed: Integer or `keras.random.SeedGenerator`.
        """
        raise NotImplementedError

    def kl(self, posterior: DiagonalGaussian, codes: Tensor) -> Tensor:
        """`KL(q(z | x) || p(z))` in nats, shape `(batch,)`.

        By default `log q(z | x) - log p(z)` at the codes drawn: unbiased, and possibly negative.
        Members with a closed form return that.

        Args:
            posterior: Mean and log-variance, each `(batch, latent_dim)`.
            codes: A draw from it, shape `(batch, latent_dim)`.
        """
        return gaussian_log_prob(posterior, codes) - self.log_prob(codes)

    def kl_per_dimension(self, posterior: DiagonalGaussian) -> Tensor:
        """KL divergence of each latent dimension, shape `(batch, latent_dim)`.

        Only factorised priors define it.
        """
        raise NotImplementedError
