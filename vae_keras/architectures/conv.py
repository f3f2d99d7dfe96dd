"""Strided convolutions, with as much depth around the code as asked for."""

import math
from collections.abc import Sequence
from functools import partial

import keras

from vae_keras._types import Tensor
from vae_keras.architectures.blocks import (
    DecoderOutput,
    activated,
    check_normalization,
    checked_image_shape,
    dense_stack,
    dense_to_grid,
    grid_size,
    paired,
)
from vae_keras.checks import positive_integer, positive_integers

_WIDEST = 128  # channels of the stages that are added for large images


def conv(
    image_shape: Sequence[int],
    latent_dim: int,
    likelihood: DecoderOutput,
    *,
    filters: Sequence[int] = (32, 64),
    largest_grid: int | None = None,
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
    they need wide convolutions.

    Args:
        image_shape: `(height, width, channels)`.
        latent_dim: Code size.
        likelihood: Decides the decoder's output: channels and activation.
        filters: Channels of the encoder's convolutions; the decoder has them in reverse.
            Defaults to `(32, 64)`.
        largest_grid: Rows or columns of the grid that the last convolution may leave: until it is
            so small, stages are added, each with twice the channels of the one before, up to 128.
            Defaults to `None`: the entries of `filters` alone.
        kernel_size: Side of the encoder's kernels, in pixels. Defaults to `3`.
        decoder_kernel_size: Side of the decoder's; 4, a multiple of the stride, draws no
            checkerboard. Defaults to `4`.
        encoder_units: Widths of dense layers before the heads. Defaults to `()`.
        decoder_units: Widths of dense layers after the code. Defaults to `()`.
        activation: Activation between layers. Defaults to `"relu"`.
        normalization: `"layer"` normalises each dense layer before its activation, `"batch"` each
            convolution too; `"none"` none. Defaults to `"none"`.
        num_classes: Size of the one-hot labels; 0 for a pair without. Defaults to `0`.
        variational: Whether the encoder gives a distribution of codes, or codes.
            Defaults to `True`.

    Returns:
        `(encoder, decoder)`, as `vae_keras.architectures` describes them.

    Raises:
        ArgumentError: If a size is not a positive integer, `filters` is empty, or another argument
            is out of range.
    """
    shape = checked_image_shape(image_shape)
    widths = positive_integers("filters", filters, at_least=1)
    if largest_grid is not None:
        widths = _deepened(widths, max(shape[:2]), positive_integer("largest_grid", largest_grid))
    encoder_widths = positive_integers("encoder_units", encoder_units)
    decoder_widths = positive_integers("decoder_units", decoder_units)
    check_normalization(normalization)
    kernel = positive_integer("kernel_size", kernel_size)
    decoder_kernel = positive_integer("decoder_kernel_size", decoder_kernel_size)
    stride = 2 ** len(widths)
    # Layer normalisation over the channels of one pixel would take its contrast away.
    grid_normalization = "none" if normalization == "layer" else normalization
    halved = partial(keras.layers.Conv2D, kernel_size=kernel, strides=2, padding="same")
    doubled = partial(
        keras.layers.Conv2DTranspose, kernel_size=decoder_kernel, strides=2, padding="same"
    )

    def encode(hidden: Tensor) -> Tensor:
        for channels in widths:
            hidden = activated(partial(halved, channels), hidden, activation, grid_normalization)
        hidden = keras.layers.Flatten()(hidden)
        return dense_stack(hidden, encoder_widths, activation, normalization)

    def decode(hidden: Tensor, output_channels: int) -> Tensor:
        hidden = dense_stack(hidden, decoder_widths, activation, normalization)
        hidden = dense_to_grid(hidden, grid_size(shape, stride), widths[-1])
        for channels in widths[-2::-1]:
            hidden = activated(partial(doubled, channels), hidden, activation, grid_normalization)
        return doubled(output_channels)(hidden)

    return paired(
        shape,
        latent_dim,
        likelihood,
        encode=encode,
        decode=decode,
        stride=stride,
        num_classes=num_classes,
        variational=variational,
    )


def _deepened(widths: tuple[int, ...], size: int, largest_grid: int) -> tuple[int, ...]:
    """Add stages until an image of `size` pixels leaves a grid of at most `largest_grid`."""
    while math.ceil(size / 2 ** len(widths)) > largest_grid:
        widths = (*widths, max(widths[-1], min(2 * widths[-1], _WIDEST)))
    return widths
