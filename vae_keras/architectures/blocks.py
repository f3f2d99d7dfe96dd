"""The pieces that every architecture ends with, and the arithmetic of its sizes."""

import math
from collections.abc import Sequence
from typing import Any

import keras

from vae_keras.errors import ArgumentError, unknown_name
from vae_keras.math import soft_bound

ImageShape = Sequence[int]

_NORMALIZATIONS: dict[str, Any] = {
    "none": None,
    "layer": keras.layers.LayerNormalization,
    "batch": keras.layers.BatchNormalization,
}


def checked_image_shape(image_shape: ImageShape, latent_dim: int) -> tuple[int, int, int]:
    """Return `(height, width, channels)`, or raise `ArgumentError` on sizes that make no sense."""
    shape = tuple(image_shape)
    if len(shape) != 3 or not all(isinstance(n, int) and n > 0 for n in shape):
        raise ArgumentError(
            "`image_shape` must be (height, width, channels), positive integers. "
            f"Received: image_shape={image_shape!r}"
        )
    if not isinstance(latent_dim, int) or latent_dim < 1:
        raise ArgumentError(
            f"`latent_dim` must be a positive integer. Received: latent_dim={latent_dim!r}"
        )
    return shape


def checked_sizes(name: str, sizes: Sequence[int], *, at_least: int = 0) -> tuple[int, ...]:
    """Return layer sizes as a tuple, or raise `ArgumentError` unless all are positive integers."""
    if len(sizes) < at_least or not all(isinstance(n, int) and n > 0 for n in sizes):
        some = "a sequence" if at_least == 0 else f"at least {at_least}"
        raise ArgumentError(
            f"`{name}` must be {some} of positive integers. Received: {name}={sizes!r}"
        )
    return tuple(sizes)


def dense_stack(
    hidden: Any, units: Sequence[int], activation: str, normalization: str = "none"
) -> Any:
    """Apply one dense layer after another, each normalised before its activation if asked for."""
    if normalization not in _NORMALIZATIONS:
        raise unknown_name("normalization", normalization, _NORMALIZATIONS)
    layer = _NORMALIZATIONS[normalization]
    for width in units:
        if layer is None:
            hidden = keras.layers.Dense(width, activation=activation)(hidden)
        else:
            hidden = layer()(keras.layers.Dense(width)(hidden))
            hidden = keras.layers.Activation(activation)(hidden)
    return hidden


def encoder_model(
    images: Any, hidden: Any, latent_dim: int, *, activation: str | None = None
) -> keras.Model:
    """Close an encoder with its two heads.

    The heads stay in float32 under every policy and the log-variance is bounded, so that its
    exponential is finite whatever a batch contains.

    Args:
        images: Input tensor, shape `(batch, height, width, channels)`.
        hidden: Features, shape `(batch, features)`.
        latent_dim: Code size.
        activation: Activation of both heads; linear by default.

    Returns:
        Model `images -> (z_mean, z_log_var)`, each `(batch, latent_dim)`.
    """
    z_mean = keras.layers.Dense(latent_dim, activation=activation, dtype="float32", name="z_mean")(
        hidden
    )
    z_log_var = keras.layers.Dense(
        latent_dim, activation=activation, dtype="float32", name="z_log_var"
    )(hidden)
    return keras.Model(images, [z_mean, soft_bound(z_log_var)], name="encoder")


def decoder_model(
    codes: Any, outputs: Any, image_shape: ImageShape, likelihood: Any
) -> keras.Model:
    """Close a decoder: crop to the image's size and apply the likelihood's activation in float32.

    Args:
        codes: Input tensor, shape `(batch, latent_dim)`.
        outputs: Shape `(batch, at least height, at least width, parameters)`.
        image_shape: `(height, width, channels)`.
        likelihood: Owner of the output activation.

    Returns:
        Model `codes -> likelihood parameters`.
    """
    too_high = outputs.shape[1] - image_shape[0]
    too_wide = outputs.shape[2] - image_shape[1]
    if too_high or too_wide:
        outputs = keras.layers.Cropping2D(_halves(too_high, too_wide))(outputs)
    outputs = keras.layers.Activation(
        likelihood.output_activation, dtype="float32", name="parameters"
    )(outputs)
    return keras.Model(codes, outputs, name="decoder")


def output_channels(image_shape: ImageShape, likelihood: Any) -> int:
    """Channels of the decoder's last layer."""
    return image_shape[2] * likelihood.parameters_per_channel


def grid_size(image_shape: ImageShape, stride: int) -> tuple[int, int]:
    """Height and width of the smallest feature grid that covers the image at `stride`."""
    return math.ceil(image_shape[0] / stride), math.ceil(image_shape[1] / stride)


def padded_to(images: Any, image_shape: ImageShape, stride: int) -> Any:
    """Pad images with zeros, evenly on both sides, to the next multiple of `stride`."""
    rows, columns = grid_size(image_shape, stride)
    high, wide = rows * stride - image_shape[0], columns * stride - image_shape[1]
    if not (high or wide):
        return images
    return keras.layers.ZeroPadding2D(_halves(high, wide))(images)


def _halves(*sizes: int) -> tuple[tuple[int, int], ...]:
    """Part each size evenly into a before and an after, which gets what is odd."""
    return tuple((size // 2, size - size // 2) for size in sizes)
