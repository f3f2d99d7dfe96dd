"""The wide convolutional pair of a published Fashion-MNIST model."""

from collections.abc import Sequence
from functools import partial

import keras

from vae_keras._types import Tensor
from vae_keras.architectures.blocks import (
    DecoderOutput,
    checked_image_shape,
    dense_to_grid,
    grid_size,
    paired,
)

STRIDE = 2


def stable_conv(
    image_shape: Sequence[int],
    latent_dim: int,
    likelihood: DecoderOutput,
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
        likelihood: Decides the decoder's output: channels and activation.
        num_classes: Size of the one-hot labels; 0 for a pair without. Defaults to `0`.
        variational: Whether the encoder gives a distribution of codes, or codes.
            Defaults to `True`.

    Returns:
        `(encoder, decoder)`, as `vae_keras.architectures` describes them.

    Raises:
        ArgumentError: If a size is not a positive integer, or another argument is out of range.
    """
    shape = checked_image_shape(image_shape)
    conv = partial(keras.layers.Conv2D, padding="same", activation="relu")
    transposed = partial(keras.layers.Conv2DTranspose, padding="same", activation="relu")

    def encode(images: Tensor) -> Tensor:
        hidden = conv(128, 5)(images)
        hidden = conv(64, 3, strides=STRIDE)(hidden)
        hidden = conv(64, 3)(hidden)
        hidden = conv(64, 3)(hidden)
        return keras.layers.Dense(32, activation="relu")(keras.layers.Flatten()(hidden))

    def decode(codes: Tensor, channels: int) -> Tensor:
        hidden = dense_to_grid(codes, grid_size(shape, STRIDE), 64, activation="relu")
        hidden = transposed(64, 3)(hidden)
        hidden = transposed(64, 3)(hidden)
        hidden = transposed(64, 3, strides=STRIDE)(hidden)
        hidden = transposed(128, 5)(hidden)
        return transposed(channels, 5, activation=None)(hidden)

    return paired(
        shape,
        latent_dim,
        likelihood,
        encode=encode,
        decode=decode,
        stride=STRIDE,
        head_activation="relu",
        num_classes=num_classes,
        variational=variational,
    )
