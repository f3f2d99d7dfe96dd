"""A mixture of Gaussians, learned with the model."""

import math
from typing import Any

import keras
from keras import ops

from vae_keras._types import KerasConfig, Seed, Tensor
from vae_keras.checks import positive_integer
from vae_keras.math import DiagonalGaussian, reparameterize, soft_bound
from vae_keras.priors.base import Prior


@keras.saving.register_keras_serializable("vae_keras")
class Mixture(Prior):
    """`p(z) = sum_k w_k N(z; m_k, diag(s_k^2))`, with weights, means and variances learned.

    Codes in groups need not fit one Gaussian, and samples come from regions that have codes. The
    KL divergence has no closed form and is estimated from the codes drawn.

    Args:
        components: Number of Gaussians, > 0. Defaults to `10`.
        **kwargs: `name` and the like, for `keras.layers.Layer`.

    Raises:
        ArgumentError: If `components` is not a positive integer.

    References:
        Tomczak & Welling (2018), section 4, "MoG" prior. arXiv:1705.07120; Dilokthanakul et
        al. (2016). arXiv:1611.02648
    """

    def __init__(self, components: int = 10, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.components = positive_integer("components", components)

    def build(self, codes_shape: tuple[int | None, int]) -> None:
        super().build(codes_shape)
        shape = (self.components, self.latent_dim)
        self.logits = self.add_weight(name="logits", shape=(self.components,), initializer="zeros")
        # Different from the start: components that begin equal would stay equal.
        spread = keras.initializers.RandomNormal(stddev=1.0)
        self.means = self.add_weight(name="means", shape=shape, initializer=spread)
        self.log_vars = self.add_weight(name="log_vars", shape=shape, initializer="zeros")

    def log_prob(self, codes: Tensor) -> Tensor:
        codes = ops.cast(codes, "float32")[:, None, :]
        log_vars = soft_bound(self.log_vars)
        squares = ops.square(codes - self.means) * ops.exp(-log_vars)
        log_probs = -0.5 * ops.sum(squares + log_vars + math.log(2.0 * math.pi), axis=-1)
        return ops.logsumexp(log_probs + ops.log_softmax(self.logits), axis=-1)

    def sample(self, n: int, *, seed: Seed = None) -> Tensor:
        # A single draw serves the component and the code: two draws of one integer seed are equal.
        noise = keras.random.normal((n, 1 + self.latent_dim), seed=seed)
        uniform = 0.5 + 0.5 * ops.erf(noise[:, :1] / math.sqrt(2.0))
        upper_ends = ops.cumsum(ops.softmax(self.logits))[:-1]
        chosen = ops.sum(ops.cast(uniform > upper_ends, "int32"), axis=-1)
        component = DiagonalGaussian(
            ops.take(self.means, chosen, axis=0),
            ops.take(soft_bound(self.log_vars), chosen, axis=0),
        )
        return reparameterize(component, noise[:, 1:])

    def get_config(self) -> KerasConfig:
        return {**super().get_config(), "components": self.components}
