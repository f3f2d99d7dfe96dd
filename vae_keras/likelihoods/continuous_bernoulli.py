"""Continuous Bernoulli likelihood on logits."""

import keras
import numpy as np
from keras import ops

from vae_keras._types import Seed, Tensor
from vae_keras.likelihoods.base import Likelihood
from vae_keras.math import sum_per_image

# Below this logit the closed forms lose digits in float32, and four terms of a series do not.
_SERIES_BELOW = 1.0
_LARGEST_START = 50.0


@keras.saving.register_keras_serializable("vae_keras")
class ContinuousBernoulli(Likelihood):
    """Grey values in `[0, 1]`, density proportional to `exp(logit x)`; the decoder gives logits.

    `log_prob = sum logit x - log((exp(logit) - 1) / logit)`: the Bernoulli's cross-entropy, with
    the normaliser that it lacks for grey values. In the paper's terms `lambda = sigmoid(logit)`.
    The expected value is not lambda but `1 / (1 - exp(-logit)) - 1 / logit`, which is nearer to
    1/2. Use it in place of `Bernoulli` where images are grey and nats matter.

    Args:
        **kwargs: `name` and the like, for `keras.layers.Layer`.

    Example:
        >>> ContinuousBernoulli().log_prob(x, decoder(z)).shape

    References:
        Loaiza-Ganem & Cunningham (2019), The continuous Bernoulli. arXiv:1907.06845
    """

    pixelwise = True

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        x = ops.cast(x, "float32")
        small, near, far = _parted(ops.cast(parameters, "float32"))
        square = ops.square(near)
        series = 1 / 24 - square * (1 / 2880 - square * (1 / 181440 - square / 9676800))
        size = ops.abs(far)
        # Distance from the end where the density is highest.
        distance = ops.where(far > 0, 1.0 - x, x)
        closed = ops.log(size) - ops.log(-ops.expm1(-size)) - size * distance
        return sum_per_image(ops.where(small, near * (x - 0.5) - square * series, closed))

    def mean(self, parameters: Tensor) -> Tensor:
        small, near, far = _parted(ops.cast(parameters, "float32"))
        square = ops.square(near)
        series = 1 / 12 - square * (1 / 720 - square * (1 / 30240 - square / 1209600))
        size = ops.abs(far)
        # Distance of the mean from the nearer end of the range.
        distance = 1.0 / size - ops.exp(-size) / -ops.expm1(-size)
        closed = ops.where(far > 0, 1.0 - distance, distance)
        return ops.where(small, 0.5 + near * series, closed)

    def sample(self, parameters: Tensor, *, seed: Seed = None) -> Tensor:
        logits = ops.cast(parameters, "float32")
        uniform = keras.random.uniform(ops.shape(logits), seed=seed)
        # Distance from the end where the density is highest, by the inverse distribution function.
        size = ops.maximum(ops.abs(logits), 1e-6)
        distance = -ops.log1p(uniform * ops.expm1(-size)) / size
        return ops.clip(ops.where(logits > 0, 1.0 - distance, distance), 0.0, 1.0)

    def parameters_from_mean(self, mean: np.ndarray) -> np.ndarray:
        # By bisection, as there is no closed form; its ends keep the mean within [0.02, 0.98].
        low = np.full(np.shape(mean), -_LARGEST_START, "float32")
        high = -low
        for _ in range(40):
            middle = 0.5 * (low + high)
            below = ops.convert_to_numpy(self.mean(middle)) < mean
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        logits: np.ndarray = 0.5 * (low + high)
        return logits


def _parted(logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return where logits are small, and the logits for each of the two formulas.

    Where the other formula applies, each gets a harmless value, so that the gradient of the `where`
    that joins them is finite too.
    """
    small = ops.abs(logits) < _SERIES_BELOW
    return small, ops.where(small, logits, 0.0), ops.where(small, 1.0, logits)
