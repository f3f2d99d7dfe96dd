"""The wide convolutional pair of a published Fashion-MNIST model."""

from typing import Any

import keras

from vae_keras.architectures.blocks import (
    ImageShape,
    checked_image_shape,
    decoder_model,
    encoder_model,
    grid_size,
    output_channels,
    padded_to,
)

STRIDE = 2


def stable_conv(
    image_shape: ImageShape, latent_dim: int, likelihood: Any
) -> tuple[keras.Model, keras.Model]:
    """Build the `stable_conv` pair: most of its convolutions run at half the image's size.

    Encoder: Conv 128 5x5, Conv 64 3x3 stride 2, two Conv 64 3x3, dense 32, two heads.
    Decoder: dense to the half-size grid of 64 channels, two ConvT 64 3x3, ConvT 64 3x3 stride 2,
    ConvT 128 5x5, ConvT 5x5. ReLU everywhere, on the heads too (as published: means and
    log-variances are never negative). 909,093 parameters at 28 x 28 x 1 and code size 2; about
    1.3 GFLOP for an image and training step, so it wants a GPU.

    Args:
        image_shape: `(height, width, channels)`.
        latent_dim: Code size.
        likelihood: Owner of the decoder's output: channels and activation.

    Returns:
        `(encoder, decoder)`: images to `(z_mean, z_log_var)`, codes to likelihood parameters.

    Raises:
        ArgumentError: If a size is not a positive integer.
    """
    shape = checked_image_shape(image_shape, latent_dim)
    relu_same: dict[str, Any] = {"padding": "same", "activation": "relu"}

    images = keras.Input(shape, name="images")
    hidden = padded_to(images, shape, STRIDE)
    hidden = keras.layers.Conv2D(128, 5, **relu_same)(hidden)
    hidden = keras.layers.Conv2D(64, 3, strides=STRIDE, **relu_same)(hidden)
    hidden = keras.layers.Conv2D(64, 3, **relu_same)(hidden)
    hidden = keras.layers.Conv2D(64, 3, **relu_same)(hidden)
    hidden = keras.layers.Dense(32, activation="relu")(keras.layers.Flatten()(hidden))
    encoder = encoder_model(images, hidden, latent_dim, activation="relu")

    codes = keras.Input((latent_dim,), name="codes")
    rows, columns = grid_size(shape, STRIDE)
    hidden = keras.layers.Dense(rows * columns * 64, activation="relu")(codes)
    hidden = keras.layers.Reshape((rows, columns, 64))(hidden)
    hidden = keras.layers.Conv2DTranspose(64, 3, **relu_same)(hidden)
    hidden = keras.layers.Conv2DTranspose(64, 3, **relu_same)(hidden)
    hidden = keras.layers.Conv2DTranspose(64, 3, strides=STRIDE, **relu_same)(hidden)
    hidden = keras.layers.Conv2DTranspose(128, 5, **relu_same)(hidden)
    outputs = keras.layers.Conv2DTranspose(output_channels(shape, likelihood), 5, padding="same")(
        hidden
    )
    return encoder, decoder_model(codes, outputs, shape, likelihood)
