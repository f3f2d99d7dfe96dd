"""Strided convolutions, with as much depth around the code as asked for."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras

from vae_keras.architectures.blocks import (
    ImageShape,
    activated,
    check_normalization,
    checked_image_shape,
    decoder_model,
    dense_stack,
    encoder_model,
    grid_size,
    model_inputs,
    output_channels,
    padded_to,
    with_labels,
)
from vae_keras.checks import positive_integer, positive_integers


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
    num_classes: int = 0,
    variational: bool = True,
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
        normalization: `"layer"` normalises each dense layer before its activation, `"batch"` each
            convolution too; `"none"` none. Defaults to `"none"`.
        num_classes: Size of the one-hot labels, which both models of a conditional pair take as
            their second input; 0 for a pair without. They join the image as constant planes.
            Defaults to `0`.
        variational: Whether the encoder gives a distribution of codes; if not, one linear layer
            gives the codes themselves. Defaults to `True`.

    Returns:
        `(encoder, decoder)`: images to `(z_mean, z_log_var)`, or to codes; codes to likelihood
        parameters. With classes `[images, labels]` and `[codes, labels]`.

    Raises:
        ArgumentError: If a size is not a positive integer, `filters` is empty, or another option
            makes no sense.
    """
    shape = checked_image_shape(image_shape)
    latent_dim = positive_integer("latent_dim", latent_dim)
    filters = positive_integers("filters", filters, at_least=1)
    encoder_units = positive_integers("encoder_units", encoder_units)
    decoder_units = positive_integers("decoder_units", decoder_units)
    check_normalization(normalization)
    kernel_size = positive_integer("kernel_size", kernel_size)
    decoder_kernel_size = positive_integer("decoder_kernel_size", decoder_kernel_size)
    stride = 2 ** len(filters)
    # Layer normalisation over the channels of one pixel would take its contrast away.
    grid_normalization = "none" if normalization == "layer" else normalization

    images, labels = inputs = model_inputs("images", shape, num_classes)
    hidden = with_labels(padded_to(images, shape, stride), labels)
    for channels in filters:
        layer = partial(keras.layers.Conv2D, channels, kernel_size, strides=2, padding="same")
        hidden = activated(layer, hidden, activation, grid_normalization)
    hidden = dense_stack(keras.layers.Flatten()(hidden), encoder_units, activation, normalization)
    encoder = encoder_model(inputs, hidden, latent_dim, variational=variational)

    codes, labels = inputs = model_inputs("codes", (latent_dim,), num_classes)
    hidden = dense_stack(with_labels(codes, labels), decoder_units, activation, normalization)
    rows, columns = grid_size(shape, stride)
    hidden = keras.layers.Dense(rows * columns * filters[-1])(hidden)
    hidden = keras.layers.Reshape((rows, columns, filters[-1]))(hidden)
    for channels in filters[-2::-1]:
        layer = partial(
            keras.layers.Conv2DTranspose, channels, decoder_kernel_size, strides=2, padding="same"
        )
        hidden = activated(layer, hidden, activation, grid_normalization)
    outputs = keras.layers.Conv2DTranspose(
        output_channels(shape, likelihood), decoder_kernel_size, strides=2, padding="same"
    )(hidden)
    return encoder, decoder_model(inputs, outputs, shape, likelihood)
