"""The frame that every architecture builds its layers into, and the blocks that several share."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import keras

from vae_keras._types import ImageShape, Tensor
from vae_keras.checks import as_integer, integer, one_of, positive_integer
from vae_keras.errors import ArgumentError
from vae_keras.math import soft_bound

_Inputs = tuple[Tensor, Tensor | None]  # images or codes; one-hot labels, `None` without classes

_NORMALIZATIONS: dict[str, Callable[[], Callable[[Tensor], Tensor]] | None] = {
    "none": None,
    "layer": keras.layers.LayerNormalization,
    "batch": keras.layers.BatchNormalization,
}


class DecoderOutput(Protocol):
    """What an architecture has to know of a likelihood."""

    parameters_per_channel: int
    output_activation: str


def paired(
    image_shape: ImageShape,
    latent_dim: int,
    likelihood: DecoderOutput,
    *,
    encode: Callable[[Tensor], Tensor],
    decode: Callable[[Tensor, int], Tensor],
    stride: int | None = None,
    head_activation: str | None = None,
    num_classes: int,
    variational: bool,
) -> tuple[keras.Model, keras.Model]:
    """Build an encoder and a decoder around the layers that are an architecture's own.

    Args:
        image_shape: `(height, width, channels)`, as `checked_image_shape` returns it.
        latent_dim: Code size.
        likelihood: Decides the channels and the activation of the decoder's last layer.
        encode: The encoder's layers, from images to features of shape `(batch, features)`.
        decode: The decoder's layers, from codes and a number of channels to an output of shape
            `(batch, height, width, channels)`, each size at least the image's.
        stride: Images are padded to a multiple of it, and labels join them as constant planes.
            Defaults to `None`: images become vectors, which labels join as they are.
        head_activation: Activation of the encoder's two heads. Defaults to `None`, linear.
        num_classes: Size of the one-hot labels; 0 for models without.
        variational: Whether the encoder gives a distribution of codes, or codes.

    Returns:
        `(encoder, decoder)`, as `vae_keras.architectures` describes them.

    Raises:
        ArgumentError: If `latent_dim` or `num_classes` is out of range, or `likelihood` is not a
            likelihood.
    """
    latent_dim = positive_integer("latent_dim", latent_dim)
    if not hasattr(likelihood, "parameters_per_channel"):
        raise ArgumentError(
            "`likelihood` must be an instance of `vae_keras.likelihoods.Likelihood`. "
            f"Received: likelihood={likelihood!r}"
        )
    images, labels = inputs = _inputs("images", image_shape, num_classes)
    images = (
        keras.layers.Flatten()(images) if stride is None else _padded(images, image_shape, stride)
    )
    features = encode(with_labels(images, labels))
    encoder = _encoder(inputs, features, latent_dim, variational, head_activation)

    codes, labels = inputs = _inputs("codes", (latent_dim,), num_classes)
    channels = image_shape[2] * likelihood.parameters_per_channel
    outputs = decode(with_labels(codes, labels), channels)
    return encoder, _decoder(inputs, outputs, image_shape, likelihood)


def checked_image_shape(image_shape: Sequence[int]) -> ImageShape:
    """Return `(height, width, channels)`, or raise `ArgumentError` unless all are positive."""
    sizes = tuple(as_integer(size) or 0 for size in image_shape)
    if len(sizes) != 3 or min(sizes) < 1:
        raise ArgumentError(
            "`image_shape` must be (height, width, channels), positive integers. "
            f"Received: image_shape={image_shape!r}"
        )
    return sizes[0], sizes[1], sizes[2]


def check_normalization(normalization: str) -> None:
    """Raise `ArgumentError`, with the nearest names, unless `activated` knows it."""
    one_of("normalization", normalization, _NORMALIZATIONS)


def with_labels(hidden: Tensor, labels: Tensor | None) -> Tensor:
    """Append one-hot labels to features: as they are to a vector, as constant planes to a grid."""
    if labels is None:
        return hidden
    *grid, _ = hidden.shape[1:]
    if grid:
        planes = keras.layers.RepeatVector(math.prod(grid))(labels)
        labels = keras.layers.Reshape((*grid, labels.shape[-1]))(planes)
    return keras.layers.Concatenate()([hidden, labels])


def activated(
    layer: Callable[..., Callable[[Tensor], Tensor]],
    hidden: Tensor,
    activation: str,
    normalization: str = "none",
) -> Tensor:
    """Apply `layer(activation=...)`, normalised before its activation if asked for.

    The layer keeps its bias before batch normalisation too, although that cancels it: one rule for
    all normalisations, and the parameter counts of the published models.
    """
    normalize = _NORMALIZATIONS[normalization]
    if normalize is None:
        return layer(activation=activation)(hidden)
    hidden = normalize()(layer()(hidden))
    return keras.layers.Activation(activation)(hidden)


def dense_stack(
    hidden: Tensor, units: Sequence[int], activation: str, normalization: str = "none"
) -> Tensor:
    """Apply one dense layer after another, each `activated`."""
    for width in units:
        hidden = activated(partial(keras.layers.Dense, width), hidden, activation, normalization)
    return hidden


def dense_to_grid(
    hidden: Tensor, grid: tuple[int, int], channels: int, activation: str | None = None
) -> Tensor:
    """Apply a dense layer whose output is a grid, shape `(batch, rows, columns, channels)`."""
    rows, columns = grid
    hidden = keras.layers.Dense(rows * columns * channels, activation=activation)(hidden)
    return keras.layers.Reshape((rows, columns, channels))(hidden)


def grid_size(image_shape: ImageShape, stride: int) -> tuple[int, int]:
    """Return rows and columns of the smallest feature grid that covers the image at `stride`."""
    return math.ceil(image_shape[0] / stride), math.ceil(image_shape[1] / stride)


def _inputs(name: str, shape: tuple[int, ...], num_classes: int) -> _Inputs:
    """Return the inputs of a model: `values` of this shape, and labels if there are classes."""
    classes = integer("num_classes", num_classes)
    values = keras.Input(shape, name=name)
    return values, keras.Input((classes,), name="labels") if classes else None


def _padded(images: Tensor, image_shape: ImageShape, stride: int) -> Tensor:
    """Pad images with zeros, evenly on both sides, to the next multiple of `stride`."""
    rows, columns = grid_size(image_shape, stride)
    high, wide = rows * stride - image_shape[0], columns * stride - image_shape[1]
    if not (high or wide):
        return images
    return keras.layers.ZeroPadding2D(_halves(high, wide))(images)


def _encoder(
    inputs: _Inputs, hidden: Tensor, latent_dim: int, variational: bool, activation: str | None
) -> keras.Model:
    """Close an encoder with its two heads, or with the single head of a deterministic encoder.

    The heads stay in float32 under every policy, and the log-variance is bounded so that its
    exponential is finite whatever a batch contains.
    """
    if not variational:
        codes = keras.layers.Dense(latent_dim, dtype="float32", name="codes")(hidden)
        return keras.Model(_given(inputs), codes, name="encoder")
    z_mean, z_log_var = (
        keras.layers.Dense(latent_dim, activation=activation, dtype="float32", name=name)(hidden)
        for name in ("z_mean", "z_log_var")
    )
    return keras.Model(_given(inputs), [z_mean, soft_bound(z_log_var)], name="encoder")


def _decoder(
    inputs: _Inputs, outputs: Tensor, image_shape: ImageShape, likelihood: DecoderOutput
) -> keras.Model:
    """Close a decoder: crop to the image, and apply the likelihood's activation in float32."""
    too_high = outputs.shape[1] - image_shape[0]
    too_wide = outputs.shape[2] - image_shape[1]
    if too_high or too_wide:
        outputs = keras.layers.Cropping2D(_halves(too_high, too_wide))(outputs)
    outputs = keras.layers.Activation(
        likelihood.output_activation, dtype="float32", name="parameters"
    )(outputs)
    return keras.Model(_given(inputs), outputs, name="decoder")


def _given(inputs: _Inputs) -> Tensor | list[Tensor]:
    """Return what a model is called with: one tensor, or a list of two where there are labels."""
    values, labels = inputs
    return values if labels is None else [values, labels]


def _halves(*sizes: int) -> tuple[tuple[int, int], ...]:
    """Part each size into a half before and a half after; an odd one has more after."""
    return tuple((size // 2, size - size // 2) for size in sizes)
