"""The contract of every likelihood p(x | z)."""

from typing import Any

import keras

from vae_keras.errors import ArgumentError
from vae_keras.math import Tensor


class Likelihood(keras.layers.Layer):
    """Observation model: what the decoder's output means as a distribution over images.

    A member says how many parameters it needs for each image channel, which activation turns
    the decoder's last layer into those parameters, and in which range it accepts data. It is a
    Keras layer so that a member may own weights (a learned scale) that train and save with the
    model; it is never called as one.

    Attributes:
        parameters_per_channel: Decoder outputs for each image channel.
        output_activation: Keras name of the activation of the decoder's last layer.
        data_range: Lowest and highest accepted pixel value; uint8 images are scaled to it.
    """

    parameters_per_channel: int = 1
    output_activation: str = "linear"
    data_range: tuple[float, float] = (0.0, 1.0)

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        self.built = True

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        """Normalised log-likelihood in nats.

        Args:
            x: Images in `data_range`, shape `(batch, height, width, channels)`.
            parameters: The decoder's output, shape
                `(batch, height, width, channels * parameters_per_channel)`.

        Returns:
            Shape `(batch,)`, float32: summed over pixels and channels, never averaged.
        """
        raise NotImplementedError

    def loss(self, x: Tensor, parameters: Tensor) -> Tensor:
        """Reconstruction loss that training minimises, shape `(batch,)`; `-log_prob` by default."""
        return -self.log_prob(x, parameters)

    def mean(self, parameters: Tensor) -> Tensor:
        """Expected image, shape `(batch, height, width, channels)`, within `data_range`."""
        raise NotImplementedError

    def sample(self, parameters: Tensor, *, seed: Any = None) -> Tensor:
        """Draw images with their pixel noise, shape `(batch, height, width, channels)`.

        Args:
            parameters: The decoder's output.
            seed: Integer or `keras.random.SeedGenerator`.
        """
        raise NotImplementedError


def checked_range(data_range: Any) -> tuple[float, float]:
    """Return `data_range` as a pair of floats, or raise `ArgumentError`."""
    low, high = (float(bound) for bound in data_range)
    if not low < high:
        raise ArgumentError(
            f"`data_range` must be a pair (low, high) with low < high. "
            f"Received: data_range={data_range!r}"
        )
    return low, high
