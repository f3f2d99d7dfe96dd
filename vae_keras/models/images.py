"""Images as users hold them, checked and brought to the range that a likelihood accepts."""

from typing import Any

import keras
import numpy as np
from keras import ops

from vae_keras._types import ImageShape, Tensor
from vae_keras.data import ImageFiles
from vae_keras.errors import DataError

# Resizing overshoots the range a little; values further out are of another range altogether.
TOLERANCE = 1e-3


def checked_images(
    x: Any, image_shape: ImageShape, data_range: tuple[float, float], *, name: str = "x"
) -> Any:
    """Check an array of images, or files, against a model; anything else passes unchanged.

    Args:
        x: Images, shape `(n, height, width, channels)`, or `(n, height, width)` for one channel;
            uint8, boolean or float in `data_range`.
        image_shape: `(height, width, channels)` of the model.
        data_range: Lowest and highest float value accepted.
        name: Name of the argument in messages.

    Returns:
        The same array, with a channel axis; never a converted copy.

    Raises:
        DataError: On another shape or type, on NaN or infinite values, on values out of range.
    """
    if isinstance(x, list):
        x = np.asarray(x)
    if not isinstance(x, np.ndarray | ImageFiles):
        return x
    if x.ndim == 3 and image_shape[-1] == 1 and x.shape[1:] == image_shape[:2]:
        x = x[..., np.newaxis]
    if x.shape[1:] != image_shape:
        raise DataError(
            f"`{name}` must hold images of shape (n, {', '.join(map(str, image_shape))}). "
            f"Received: {name}.shape={x.shape}"
        )
    if len(x) == 0:
        raise DataError(f"`{name}` must hold at least one image. Received: {name}.shape={x.shape}")
    if x.dtype in (np.uint8, np.bool_):
        return x
    if not np.issubdtype(x.dtype, np.floating):
        raise DataError(
            f"`{name}` must be uint8 (0 to 255) or float in {list(data_range)}. "
            f"Received: {name}.dtype={x.dtype}"
        )
    low, high = float(x.min()), float(x.max())
    if not np.isfinite([low, high]).all():
        bad = int(np.sum(~np.isfinite(x).reshape(len(x), -1).all(axis=1)))
        raise DataError(
            f"`{name}` must be finite. Received: {bad} of {len(x)} images with NaN or infinity"
        )
    if low < data_range[0] - TOLERANCE or high > data_range[1] + TOLERANCE:
        hint = " (divide by 255, or keep uint8, which is scaled for you)" if high > 1.5 else ""
        raise DataError(
            f"`{name}` must lie in {list(data_range)}, the likelihood's range{hint}. "
            f"Received: values from {low:.4g} to {high:.4g}"
        )
    return x


def to_data_range(x: Tensor, data_range: tuple[float, float]) -> Tensor:
    """Bring a batch to float32 in `data_range`, inside the graph.

    uint8 is scaled from `[0, 255]`, boolean from `{0, 1}`. A float outside the range becomes NaN:
    data sets and generators are only seen in the graph, batch by batch, too late for an error, and
    a likelihood outside its range would give losses that look almost right.

    Args:
        x: Shape `(batch, height, width, channels)`, uint8, boolean or float.
        data_range: Lowest and highest value of the likelihood.
    """
    low, high = data_range
    x = ops.convert_to_tensor(x)
    dtype = keras.backend.standardize_dtype(x.dtype)
    if dtype in ("uint8", "bool"):
        return ops.cast(x, "float32") * ((high - low) / (255.0 if dtype == "uint8" else 1.0)) + low
    x = ops.cast(x, "float32")
    inside = ops.logical_and(x >= low - TOLERANCE, x <= high + TOLERANCE)
    return ops.where(inside, x, float("nan"))
