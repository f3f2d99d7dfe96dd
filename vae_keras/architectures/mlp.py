"""Fully connected encoder and decoder."""

import math
from collections.abc import Sequence
from typing import Any

import keras

from vae_keras.architectures.blocks import (
    ImageShape,
    checked_image_shape,
    checked_sizes,
    decoder_model,
    dense_stack,
    encoder_model,
    output_channels,
)


def mlp(
    image_shape: ImageShape,
    latent_dim: int,
    likelihood: Any,
    *,
    encoder_units: Sequence[int] = (512, 256),
    decoder_units: Sequence[int] | None = None,
    activation: str = "relu",
    normalization: str = "none",
) -> tuple[keras.Model, keras.Model]:
    """Build a multilayer perceptron on each side of the code.

    Cheap and hard to beat on small grey images; blind to the neighbourhood of pixels, and its
    size grows with the image.

    Args:
        image_shape: `(height, width, channels)`.
        latent_dim: Code size.
        likelihood: Owner of the decoder's output: channels and activation.
        encoder_units: Widths of the encoder's dense layers. Defaults to `(512, 256)`.
        decoder_units: Widths of the decoder's; the encoder's in reverse by default.
        activation: Activation between layers. Defaults to `"relu"`.
        normalization: `"none"`, `"layer"` or `"batch"`: normalise each dense layer before its
            activation. Defaults to `"none"`.

    Returns:
        `(encoder, decoder)`: images to `(z_mean, z_log_var)`, codes to likelihood parameters.

    Raises:
        ArgumentError: If a size is not a positive integer.

    References:
        Kingma & Welling (2014), appendix C. arXiv:1312.6114
    """
    height, width, channels = checked_image_shape(image_shape, latent_dim)
    encoder_units = checked_sizes("encoder_units", encoder_units)
    if decoder_units is None:
        decoder_units = encoder_units[::-1]
    decoder_units = checked_sizes("decoder_units", decoder_units)

    images = keras.Input((height, width, channels), name="images")
    hidden = dense_stack(keras.layers.Flatten()(images), encoder_units, activation, normalization)
    encoder = encoder_model(images, hidden, latent_dim)

    codes = keras.Input((latent_dim,), name="codes")
    hidden = dense_stack(codes, decoder_units, activation, normalization)
    shape = (height, width, output_channels(image_shape, likelihood))
    outputs = keras.layers.Reshape(shape)(keras.layers.Dense(math.prod(shape))(hidden))
    return encoder, decoder_model(codes, outputs, image_shape, likelihood)
