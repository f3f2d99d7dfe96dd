"""A reconstruction loss that also compares the features of a network."""

from typing import Any

import keras
import numpy as np
from keras import ops

from vae_keras._types import KerasConfig, Seed, Tensor
from vae_keras.checks import not_negative
from vae_keras.errors import ArgumentError
from vae_keras.likelihoods.base import Likelihood
from vae_keras.likelihoods.squared_error import SquaredError


@keras.saving.register_keras_serializable("vae_keras")
class Perceptual(Likelihood):
    """Another likelihood's loss plus the distance of an image and its reconstruction in features.

    `loss = likelihood.loss + weight * sum_l mean (f_l(x) - f_l(mean))^2 / 2`, where each output
    `f_l` of the network adds one half of the mean over its values, as in Hou et al. The pixel term
    is a sum: weights near the number of pixel values make the two comparable. It is a loss, not a
    likelihood: `log_prob` raises, and there is no evidence lower bound. Mean, samples and range
    are the inner likelihood's.

    The network that is given is frozen, not a copy: gradients flow through it to the decoder, and
    its weights stay. It runs in inference mode and is saved with the model. It gets images in
    `data_range`; other preparation (scaling, three channels) has to be part of the network.

    Args:
        network: Functional or sequential `keras.Model` with one input of images and one or more
            outputs.
        likelihood: The pixel term, a `vae_keras.likelihoods` member. Defaults to
            `SquaredError()`.
        weight: Weight of the feature term, finite and >= 0. Defaults to `1.0`.
        **kwargs: `name` and the like, for `keras.layers.Layer`.

    Raises:
        ArgumentError: If the network does not have one input of images, `likelihood` is not a
            likelihood, `weight` is negative, or (when first used) the network takes images of
            another shape.

    Example:
        >>> vgg = keras.applications.VGG19(include_top=False, input_shape=(64, 64, 3))
        >>> features = [vgg.get_layer(f"block{i}_conv1").output for i in (1, 2, 3)]
        >>> Perceptual(keras.Model(vgg.input, features), weight=1e4).loss(x, decoder(z)).shape

    References:
        Johnson et al. (2016), Perceptual losses. arXiv:1603.08155
        Hou et al. (2017), Deep feature consistent variational autoencoder. arXiv:1610.00291
    """

    normalized = False

    def __init__(
        self,
        network: keras.Model,
        likelihood: Likelihood | None = None,
        *,
        weight: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        shape = getattr(network, "input_shape", None)
        if not isinstance(network, keras.Model) or not isinstance(shape, tuple) or len(shape) != 4:
            raise ArgumentError(
                "`network` must be a functional or sequential `keras.Model` with one input of "
                f"images. Received: network={network!r}"
            )
        likelihood = SquaredError() if likelihood is None else likelihood
        if not isinstance(likelihood, Likelihood):
            raise ArgumentError(
                "`likelihood` must be an instance of `vae_keras.likelihoods.Likelihood`. "
                f"Received: likelihood={likelihood!r}"
            )
        network.trainable = False
        self.network = network
        self.likelihood = likelihood
        self.weight = not_negative("weight", weight)
        self.parameters_per_channel = likelihood.parameters_per_channel
        self.output_activation = likelihood.output_activation
        self.data_range = likelihood.data_range

    @property
    def trainable(self) -> bool:
        """Whether the inner likelihood's weights train; the network's never do."""
        return bool(self._trainable)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        keras.layers.Layer.trainable.fset(self, value)
        self.network.trainable = False

    def log_prob(self, x: Tensor, parameters: Tensor) -> Tensor:
        raise ArgumentError(
            "`likelihood` must be normalised to have a log-likelihood, and a perceptual loss is "
            "not; train with it and measure nats with another. Received: likelihood=Perceptual"
        )

    def loss(self, x: Tensor, parameters: Tensor, *, training: bool = False) -> Tensor:
        pixels = self.likelihood.loss(x, parameters, training=training)
        pairs = zip(self._features(x), self._features(self.mean(parameters)), strict=True)
        return pixels + self.weight * sum(_half_mean_square(a - b) for a, b in pairs)

    def mean(self, parameters: Tensor) -> Tensor:
        return self.likelihood.mean(parameters)

    def sample(self, parameters: Tensor, *, seed: Seed = None) -> Tensor:
        return self.likelihood.sample(parameters, seed=seed)

    def parameters_from_mean(self, mean: np.ndarray) -> np.ndarray:
        return self.likelihood.parameters_from_mean(mean)

    def get_config(self) -> KerasConfig:
        parts = {
            "network": keras.saving.serialize_keras_object(self.network),
            "likelihood": keras.saving.serialize_keras_object(self.likelihood),
        }
        return {**super().get_config(), **parts, "weight": self.weight}

    @classmethod
    def from_config(cls, config: KerasConfig) -> "Perceptual":
        parts = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("network", "likelihood")
        }
        return cls(**{**config, **parts})

    def _features(self, images: Tensor) -> list[Tensor]:
        expected, received = self.network.input_shape[1:], tuple(images.shape[1:])
        if any(n not in (None, m) for n, m in zip(expected, received, strict=True)):
            raise ArgumentError(
                f"`network` must take images of shape {received}. "
                f"Received: network.input_shape={self.network.input_shape}"
            )
        outputs = self.network(ops.cast(images, "float32"), training=False)
        return [ops.cast(features, "float32") for features in keras.tree.flatten(outputs)]


def _half_mean_square(difference: Tensor) -> Tensor:
    axes = tuple(range(1, len(difference.shape)))
    return 0.5 * ops.mean(ops.square(difference), axis=axes)
