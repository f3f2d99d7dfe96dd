"""Fully connected encoder and decoder."""

from collections.abc import Sequence

import keras

from vae_keras._types import Tensor
from vae_keras.architectures.blocks import (
    DecoderOutput,
    check_normalization,
    checked_image_shape,
    dense_stack,
    dense_to_grid,
    paired,
)
from vae_keras.checks import positive_integers


def mlp(
    image_shape: Sequence[int],
    latent_dim: int,
    likelihood: DecoderOutput,
    *,
    encoder_units: Sequence[int] = (512, 256),
    decoder_units: Sequence[int] | None = None,
    activation: str = "relu",
    normalization: str = "none",
    num_classes: int = 0,
    variational: bool = True,
) -> tuple[keras.Model, keras.Model]:
    """Build a multilayer perceptron on each side of the code.

    Cheap and hard to beat on small grey images; blind to which pixels are neighbours, and its size
    grows with the image.

    Args:
        image_shape: `(height, width, channels)`.
        latent_dim: Code size.
        likelihood: Decides the decoder's output: channels and activation.
        encoder_units: Widths of the encoder's dense layers. Defaults to `(512, 256)`.
        decoder_units: Widths of the decoder's. Defaults to `None`, the encoder's in reverse.
        activation: Activation between layers. Defaults to `"relu"`.
        normalization: `"none"`, `"layer"` or `"batch"`: normalise each dense layer before its
            activation. Defaults to `"none"`.
        num_classes: Size of the one-hot labels; 0 for a pair without. Defaults to `0`.
        variational: Whether the encoder gives a distribution of codes, or codes.
            Defaults to `True`.

    Returns:
        `(encoder, decoder)`, as `vae_keras.architectures` describes them.

    Raises:
        ArgumentError: If a size is not a positive integer, or another argument is out of range.

    References:
        Kingma & Welling (2014), appendix C. arXiv:1312.6114
    """
    shape = checked_image_shape(image_shape)
    encoder_widths = positive_integers("encoder_units", encoder_units)
    if decoder_units is None:
        decoder_units = encoder_widths[::-1]
    decoder_widths = positive_integers("decoder_units", decoder_units)
    check_normalization(normalization)

    def encode(pixels: Tensor) -> Tensor:
        return dense_stack(pixels, encoder_widths, activation, normalization)

    def decode(codes: Tensor, channels: int) -> Tensor:
        hidden = dense_stack(codes, decoder_widths, activation, normalization)
        return dense_to_grid(hidden, shape[:2], channels)

    return paired(
        shape,
        latent_dim,
        likelihood,
        encode=encode,
        decode=decode,
        num_classes=num_classes,
        variational=variational,
    )
