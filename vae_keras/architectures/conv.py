"""Strided convolutions, with as much depth around the code as asked for."""

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
    grid_size,
    output_channels,
    padded_to,
)


def conv(
    image_shape: ImageShape,
    latent_dim: int,
    likelihood: Any,
    *,
    filters: Sequence[int] = (32, 64),
    kernel_size: int = 3,
    decoder_kernel_size: int = 4,
    encoder_units: Sequence[int] = (),
    decoder_units: Sequence[int] = (),
    activation: str = "relu",
    normalization: str = "none",
) -> tuple[keras.Model, keras.Model]:
    """Build a pair of strided convolution stacks, one stride of 2 for each entry of `filters`.

    `conv s2 ... flatten, dense ..., heads` and `dense ..., dense to the grid (linear), transposed
    conv s2 ...`. Without dense layers it is the pair that most tutorials use; codes of size 2
    need the depth that `encoder_units` and `decoder_units` put around the bottleneck more than
    they need wide convolutions. Sizes that the strides do not divide are padded, and cropped
    again at the end.

    Args:
        image_shape: `(height, width, channels)`.
        latent_dim: Code size.
        likelihood: Owner of the decoder's output: channels and activation.
        filters: Channels of the encoder's convolutions; the decoder has them in reverse.
            Defaults to `(32, 64)`.
        kernel_size: Side of the encoder's kernels, in pixels. Defaults to `3`.
        decoder_kernel_size: Side of the decoder's; 4, a multiple of the stride, draws no
            checkerboard. Defaults to `4`.
        encoder_units: Widths of dense layers before the heads. Defaults to none.
        decoder_units: Widths of dense layers after the code. Defaults to none.
        activation: Activation between layers. Defaults to `"relu"`.
        normalization: `"none"`, `"layer"` or `"batch"`: normalise each dense layer before its
            activation. Defaults to `"none"`.

    Returns:
        `(encoder, decoder)`: images to `(z_mean, z_log_var)`, codes to likelihood parameters.

    Raises:
        ArgumentError: If a size is not a positive integer, or `filters` is empty.
    """
    shape = checked_image_shape(image_shape, latent_dim)
    filters = checked_sizes("filters", filters, at_least=1)
    encoder_units = checked_sizes("encoder_units", encoder_units)
    decoder_units = checked_sizes("decoder_units", decoder_units)
    checked_sizes("kernel_size", (kernel_size,))
    checked_sizes("decoder_kernel_size", (decoder_kernel_size,))
    stride = 2 ** len(filters)

    images = keras.Input(shape, name="images")
    hidden = padded_to(images, shape, stride)
    for channels in filters:
        hidden = keras.layers.Conv2D(
            channels, kernel_size, strides=2, padding="same", activation=activation
        )(hidden)
    hidden = dense_stack(keras.layers.Flatten()(hidden), encoder_units, activation, normalization)
    encoder = encoder_model(images, hidden, latent_dim)

    codes = keras.Input((latent_dim,), name="codes")
    hidden = dense_stack(codes, decoder_units, activation, normalization)
    rows, columns = grid_size(shape, stride)
    hidden = keras.layers.Dense(rows * columns * filters[-1])(hidden)
    hidden = keras.layers.Reshape((rows, columns, filters[-1]))(hidden)
    for channels in filters[-2::-1]:
        hidden = keras.layers.Conv2DTranspose(
            channels, decoder_kernel_size, strides=2, padding="same", activation=activation
        )(hidden)
    outputs = keras.layers.Conv2DTranspose(
        output_channels(shape, likelihood), decoder_kernel_size, strides=2, padding="same"
    )(hidden)
    return encoder, decoder_model(codes, outputs, shape, likelihood)
