"""The pieces that every architecture begins and ends with, and the arithmetic of its sizes."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras

from vae_keras.checks import as_integer, integer, one_of
from vae_keras.errors import ArgumentError
from vae_keras.math import soft_bound

ImageShape = Sequence[int]
Inputs = tuple[Any, Any]  # images or codes, and one-hot labels; `None` for them without classes

_NORMALIZATIONS: dict[str, Any] = {
    "none": None,
    "layer": keras.layers.LayerNormalization,
    "batch": keras.layers.BatchNormalization,
}


def checked_image_shape(image_shape: ImageShape) -> tuple[int, int, int]:
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


def model_inputs(name: str, shape: Sequence[int], num_classes: int) -> Inputs:
    """Open an encoder or a decoder: images or codes, and labels if there are classes.

    Args:
        name: `"images"` or `"codes"`.
        shape: Their shape, without the batch.
        num_classes: Size of the one-hot labels; 0 for a model without.

    Returns:
        `(values, labels)`: input tensors, shapes `(batch, *shape)` and `(batch, num_classes)`;
        `labels` is `None` without classes.

    Raises:
        ArgumentError: If `num_classes` is not an integer of at least 0.
    """
    classes = integer("num_classes", num_classes)
    values = keras.Input(shape, name=name)
    return values, keras.Input((classes,), name="labels") if classes else None


def with_labels(hidden: Any, labels: Any) -> Any:
    """Append one-hot labels to features: as they are to a vector, as constant planes to a grid."""
    if labels is None:
        return hidden
    *grid, _ = hidden.shape[1:]
    if grid:
        planes = keras.layers.RepeatVector(math.prod(grid))(labels)
        labels = keras.layers.Reshape((*grid, labels.shape[-1]))(planes)
    return keras.layers.Concatenate()([hidden, labels])


def activated(
    layer: Callable[..., Any], hidden: Any, activation: str, normalization: str = "none"
) -> Any:
    """Apply `layer(activation=...)`, normalised before its activation if asked for.

    The layer keeps its bias before batch normalisation too, which cancels it: one rule for all,
    and the parameter counts of the published models.
    """
    normalize = _NORMALIZATIONS[normalization]
    if normalize is None:
        return layer(activation=activation)(hidden)
    hidden = normalize()(layer()(hidden))
    return keras.layers.Activation(activation)(hidden)


def dense_stack(
    hidden: Any, units: Sequence[int], activation: str, normalization: str = "none"
) -> Any:
    """Apply one dense layer after another, each `activated`."""
    for width in units:
        hidden = activated(partial(keras.layers.Dense, width), hidden, activation, normalization)
    return hidden


def encoder_model(
    inputs: Inputs,
    hidden: Any,
    latent_dim: int,
    *,
    variational: bool,
    activation: str | None = None,
) -> keras.Model:
    """Close an encoder with its two heads, or with the one of a deterministic encoder.

    The heads stay in float32 under every policy and the log-variance is bounded, so that its
    exponential is finite whatever a batch contains.

    Args:
        inputs: What `model_inputs` gave.
        hidden: Features, shape `(batch, features)`.
        latent_dim: Code size.
        variational: Whether the encoder gives a distribution of codes, or one linear code.
        activation: Activation of the two heads; linear by default.

    Returns:
        Model `inputs -> (z_mean, z_log_var)`, or `inputs -> codes`, each `(batch, latent_dim)`.
    """
    if not variational:
        codes = keras.layers.Dense(latent_dim, dtype="float32", name="codes")(hidden)
        return keras.Model(_given(inputs), codes, name="encoder")
    z_mean = keras.layers.Dense(latent_dim, activation=activation, dtype="float32", name="z_mean")(
        hidden
    )
    z_log_var = keras.layers.Dense(
        latent_dim, activation=activation, dtype="float32", name="z_log_var"
    )(hidden)
    return keras.Model(_given(inputs), [z_mean, soft_bound(z_log_var)], name="encoder")


def decoder_model(
    inputs: Inputs, outputs: Any, image_shape: ImageShape, likelihood: Any
) -> keras.Model:
    """Close a decoder: crop to the image's size and apply the likelihood's activation in float32.

    Args:
        inputs: What `model_inputs` gave.
        outputs: Shape `(batch, at least height, at least width, parameters)`.
        image_shape: `(height, width, channels)`.
        likelihood: Owner of the output activation.

    Returns:
        Model `inputs -> likelihood parameters`.
    """
    too_high = outputs.shape[1] - image_shape[0]
    too_wide = outputs.shape[2] - image_shape[1]
    if too_high or too_wide:
        outputs = keras.layers.Cropping2D(_halves(too_high, too_wide))(outputs)
    outputs = keras.layers.Activation(
        likelihood.output_activation, dtype="float32", name="parameters"
    )(outputs)
    return keras.Model(_given(inputs), outputs, name="decoder")


def output_channels(image_shape: ImageShape, likelihood: Any) -> int:
    """Channels of the decoder's last layer."""
    if not hasattr(likelihood, "parameters_per_channel"):
        raise ArgumentError(
            "`likelihood` must be an instance of `vae_keras.likelihoods.Likelihood`. "
            f"Received: likelihood={likelihood!r}"
        )
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


def _given(inputs: Inputs) -> Any:
    """What a model is called with: one tensor, or a list of two where there are labels."""
    values, labels = inputs
    return values if labels is None else [values, labels]


def _halves(*sizes: int) -> tuple[tuple[int, int], ...]:
    """Part each size evenly into a before and an after, which gets what is odd."""
    return tuple((size // 2, size - size // 2) for size in sizes)
