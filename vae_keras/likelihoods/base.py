"""The contract of every likelihood p(x | z)."""

from typing import Any

import keras
import numpy as np
from keras import ops

from vae_keras._types import Seed, Tensor
from vae_keras.errors import ArgumentError


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
        normalized: Whether `log_prob` is a log-density or a log-mass. Otherwise the member is only
            a loss: `log_prob` raises, and there is no evidence lower bound.
        discrete: Whether `log_prob` is the log-mass of 8-bit or binary values, so that bits/dim
            need no dequantisation.
        pixelwise: Whether `loss` is a sum over pixels and channels, so that they can have weights.
    """

    parameters_per_channel: int = 1
    output_activation: str = "linear"
    data_range: tuple[float, float] = (0.0, 1.0)
    normalized: bool = True
    discrete: bool = False
    pixelwise: bool = False

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

    def loss(self, x: Tensor, parameters: Tensor, *, training: bool = False) -> Tensor:
        """Reconstruction loss that training minimises, shape `(batch,)`; `-log_prob` by default.

        Args:
            x: Images in `data_range`.
            parameters: The decoder's output.
            training: Whether this is a training step, in which a member may fit itself to the
                batch and assign its own weights. Otherwise the loss depends only on its arguments
                and the weights.
        """
        return -self.log_prob(x, parameters)

    def weighted_loss(self, x: Tensor, parameters: Tensor, weights: Tensor) -> Tensor:
        """Sum the losses of the pixel values, each times its weight, shape `(batch,)`.

        A pixel, or a channel of it if they have weights of their own, is given to `loss` as an
        image of its own.

        Args:
            x: Images in `data_range`.
            parameters: The decoder's output.
            weights: Shape `(batch, height, width, 1 or channels)`; 1 for a pixel that counts as in
                `loss`, 0 for one that is missing.

        Raises:
            ArgumentError: If the loss is not a sum over pixels.
        """
        if not self.pixelwise:
            raise ArgumentError(
                "`sample_weight` must weigh whole images, shape (n,): the loss of "
                f"{type(self).__name__} is no sum over pixels. Received: weights of pixels"
            )
        images, channels, each = ops.shape(x)[0], x.shape[-1], self.parameters_per_channel
        if weights.shape[-1] == 1:
            x = ops.reshape(x, (-1, 1, 1, channels))
            parameters = ops.reshape(parameters, (-1, 1, 1, channels * each))
        else:
            x = ops.reshape(x, (-1, 1, 1, 1))
            # The first parameter of all channels comes first, then the second.
            parameters = ops.reshape(parameters, (-1, each, channels))
            parameters = ops.reshape(ops.swapaxes(parameters, 1, 2), (-1, 1, 1, each))
        losses = ops.reshape(self.loss(x, parameters), (images, -1))
        return ops.sum(losses * ops.reshape(weights, (images, -1)), axis=1)

    def mean(self, parameters: Tensor) -> Tensor:
        """Expected image, shape `(batch, height, width, channels)`, within `data_range`."""
        raise NotImplementedError

    def sample(self, parameters: Tensor, *, seed: Seed = None) -> Tensor:
        """Draw images with their pixel noise, shape `(batch, height, width, channels)`.

        Args:
            parameters: The decoder's output.
            seed: Integer or `keras.random.SeedGenerator`.
        """
        raise NotImplementedError

    def parameters_from_mean(self, mean: np.ndarray) -> np.ndarray:
        """Invert `mean`: the decoder's output, before its activation, that gives this image.

        As the bias of the decoder's last layer it makes an untrained model start from the mean
        image instead of grey.

        Args:
            mean: Expected image, shape `(..., channels)`, in `data_range`; kept away from the
                ends of the range, which no finite parameter reaches.

        Returns:
            Shape `(..., channels * parameters_per_channel)`, float32.

        Raises:
            ArgumentError: If the member has no such inverse.

        References:
            Burda et al. (2016), Importance weighted autoencoders. arXiv:1509.00519
        """
        raise ArgumentError(
            "`likelihood` must define `parameters_from_mean` to start at a mean image. "
            f"Received: likelihood={type(self).__name__}"
        )
