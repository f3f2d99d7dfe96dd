"""The wide convolutional pair of a published Fashion-MNIST model."""

from typing import Any

import keras

from vae_keras.architectures.blocks import (
    ImageShape,
    checked_image_shape,
    decoder_model,
    encoder_model,
    grid_size,
    model_inputs,
    output_channels,
    padded_to,
    with_labels,
)
from vae_keras.checks import positive_integer

STRIDE = 2


def stable_conv(
    image_shape: ImageShape,
    latent_dim: int,
    likelihood: Any,
    *,
    num_classes: int = 0,
    variational: bool = True,
) -> tuple[keras.Model, keras.Model]:
    """Build the `stable_conv` pair: most of its convolutions run at half the image's size.

    Encoder: Conv 128 5x5, Conv 64 3x3 stride 2, two Conv 64 3x3, dense 32, two heads.
    Decoder: dense to the half-size grid of 64 channels, two ConvT 64 3x3, ConvT 64 3x3 stride 2,
    ConvT 128 5x5, ConvT 5x5. ReLU everywhere, on the heads too (as published: means and
    log-variances are never negative), though not on deterministic codes. 909,093 parameters at
    28 x 28 x 1 and code size 2; about 1.3 GFLOP for an image and training step, so it wants a GPU.

    Args:
        image_shape: `(height, width, channels)`.
        latent_dim: Code size.
        likelihood: Owner of the decoder's output: channels and activation.
        num_classes: Size of the one-hot labels, which both models of a conditional pair take as
            their second input; 0 for a pair without. They join the image as constant planes.
            Defaults to `0`.
        variational: Whether the encoder gives a distribution of codes; if not, one linear layer
            gives the codes themselves. Defaults to `True`.

    Returns:
        `(encoder, decoder)`: images to `(z_mean, z_log_var)`, or to codes; codes to likelihood
        parameters. With classes `[images, labels]` and `[codes, labels]`.

    Raises:
        ArgumentError: If a size is not a positive integer, or `num_classes` is negative.
    """
    shape = checked_image_shape(image_shape)
    latent_dim = positive_integer("latent_dim", latent_dim)
    relu_same: dict[str, Any] = {"padding": "same", "activation": "relu"}

    images, labels = inputs = model_inputs("images", shape, num_classes)
    hidden = with_labels(padded_to(images, shape, STRIDE), labels)
    hidden = keras.layers.Conv2D(128, 5, **relu_same)(hidden)
    hidden = keras.layers.Conv2D(64, 3, strides=STRIDE, **relu_same)(hidden)
    hidden = keras.layers.Conv2D(64, 3, **relu_same)(hidden)
    hidden = keras.layers.Conv2D(64, 3, **relu_same)(hidden)
    hidden = keras.layers.Dense(32, activation="relu")(keras.layers.Flatten()(hidden))
    encoder = encoder_model(inputs, hidden, latent_dim, variational=variational, activation="relu")

    codes, labels = inputs = model_inputs("codes", (latent_dim,), num_classes)
    rows, columns = grid_size(shape, STRIDE)
    hidden = with_labels(codes, labels)
    hidden = keras.layers.Dense(rows * columns * 64, activation="relu")(hidden)
    hidden = keras.layers.Reshape((rows, columns, 64))(hidden)
    hidden = keras.layers.Conv2DTranspose(64, 3, **relu_same)(hidden)
    hidden = keras.layers.Conv2DTranspose(64, 3, **relu_same)(hidden)
    hidden = keras.layers.Conv2DTranspose(64, 3, strides=STRIDE, **relu_same)(hidden)
    hidden = keras.layers.Conv2DTranspose(128, 5, **relu_same)(hidden)
    outputs = keras.layers.Conv2DTranspose(output_channels(shape, likelihood), 5, padding="same")(
        hidden
    )
    return encoder, decoder_model(inputs, outputs, shape, likelihood)
