"""Functions that several likelihoods share: ranges, squashed means and bounded scales."""

import math
from collections.abc import Iterable

import numpy as np
from keras import ops

from vae_keras._types import Tensor
from vae_keras.errors import ArgumentError
from vae_keras.math import soft_bound

DataRange = tuple[float, float]

UNIT: DataRange = (0.0, 1.0)
_ACTIVATIONS = {UNIT: "sigmoid", (-1.0, 1.0): "tanh"}
_LEVELS = 256  # of 8-bit images
_MARGIN = 1e-3  # share of the range that a mean keeps from its ends, as in Burda et al. (2016)


def checked_range(data_range: Iterable[float]) -> DataRange:
    """Return `data_range` as a pair of floats, or raise `ArgumentError` unless it is one of two."""
    try:
        checked = tuple(float(bound) for bound in data_range)
    except (TypeError, ValueError):
        checked = ()
    if checked not in _ACTIVATIONS:
        raise ArgumentError(
            f"`data_range` must be (0, 1) or (-1, 1). Received: data_range={data_range!r}"
        )
    return checked


def range_activation(data_range: DataRange) -> str:
    """Return Keras' name of the activation whose values fill `data_range`."""
    return _ACTIVATIONS[data_range]


def squash(values: Tensor, data_range: DataRange) -> Tensor:
    """Map any value into `data_range`, by the sigmoid or tanh, in float32."""
    values = ops.cast(values, "float32")
    return ops.sigmoid(values) if data_range == UNIT else ops.tanh(values)


def unsquash(mean: np.ndarray, data_range: DataRange) -> np.ndarray:
    """Invert `squash` on an array, after the mean is clipped 0.1% of the range from its ends."""
    low, high = data_range
    share = (np.asarray(mean, "float64") - low) / (high - low)
    share = np.clip(share, _MARGIN, 1.0 - _MARGIN)
    logits = np.log(share) - np.log1p(-share)
    # tanh(v) = 2 sigmoid(2 v) - 1
    return (logits if data_range == UNIT else 0.5 * logits).astype("float32")


def level_step(data_range: DataRange, levels: int = _LEVELS) -> float:
    """Return the distance of two neighbouring levels in pixel units, by default of 8-bit images."""
    low, high = data_range
    return (high - low) / (levels - 1)


def log_scale_above(raw: Tensor, min_scale: float) -> Tensor:
    """Return the logarithm of `min_scale + exp(raw)`, finite and with a gradient for any `raw`."""
    floor = math.log(min_scale)
    return floor + ops.softplus(soft_bound(ops.cast(raw, "float32")) - floor)


def mean_and_raw_log_scale(
    mean: np.ndarray, data_range: DataRange, units: float = 1.0
) -> np.ndarray:
    """Decoder outputs of a member with a scale per pixel value: means first, then log-scales.

    The scales are such that the standard deviation is a quarter of the range, about that of the
    pixels of a data set.

    Args:
        mean: Expected image, shape `(..., channels)`, in `data_range`.
        data_range: Lowest and highest pixel value.
        units: Standard deviation at scale 1.

    Returns:
        Shape `(..., 2 * channels)`, float32.
    """
    low, high = data_range
    raw = unsquash(mean, data_range)
    log_scale = np.full_like(raw, math.log(0.25 * (high - low) / units))
    return np.concatenate([raw, log_scale], axis=-1)
