"""Fully connected encoder and decoder."""

import math
from collections.abc import Sequence
from typing import Any

import keras

from vae_keras.architectures.blocks import (
    ImageShape,
    check_normalization,
    checked_image_shape,
    decoder_model,
    dense_stack,
    encoder_model,
    model_inputs,
    output_channels,
    with_labels,
)
from vae_keras.checks import positive_integer, positive_integers


def mlp(
    image_shape: ImageShape,
    latent_dim: int,
    likelihood: Any,
    *,
    encoder_units: Sequence[int] = (512, 256),
    decoder_units: Sequence[int] | None = None,
    activation: str = "relu",
    normalization: str = "none",
    num_classes: int = 0,
    variational: bool = True,
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
        num_classes: Size of the one-hot labels, which both models of a conditional pair take as
            their second input; 0 for a pair without. They join the flattened image.
            Defaults to `0`.
        variational: Whether the encoder gives a distribution of codes; if not, one linear layer
            gives the codes themselves. Defaults to `True`.

    Returns:
        `(encoder, decoder)`: images to `(z_mean, z_log_var)`, or to codes; codes to likelihood
        parameters. With classes `[images, labels]` and `[codes, labels]`.

    Raises:
        ArgumentError: If a size is not a positive integer, or another option makes no sense.

    References:
        Kingma & Welling (2014), appendix C. arXiv:1312.6114
    """
    image_shape = checked_image_shape(image_shape)
    latent_dim = positive_integer("latent_dim", latent_dim)
    encoder_units = positive_integers("encoder_units", encoder_units)
    if decoder_units is None:
        decoder_units = encoder_units[::-1]
    decoder_units = positive_integers("decoder_units", decoder_units)
    check_normalization(normalization)

    images, labels = inputs = model_inputs("images", image_shape, num_classes)
    hidden = with_labels(keras.layers.Flatten()(images), labels)
    hidden = dense_stack(hidden, encoder_units, activation, normalization)
    encoder = encoder_model(inputs, hidden, latent_dim, variational=variational)

    codes, labels = inputs = model_inputs("codes", (latent_dim,), num_classes)
    hidden = dense_stack(with_labels(codes, labels), decoder_units, activation, normalization)
    shape = (*image_shape[:2], output_channels(image_shape, likelihood))
    outputs = keras.layers.Reshape(shape)(keras.layers.Dense(math.prod(shape))(hidden))
    return encoder, decoder_model(inputs, outputs, image_shape, likelihood)
