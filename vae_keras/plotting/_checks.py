"""Checks of the arguments of plots, and names as texts of a figure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_finite, check_images, visible_channels
from vae_keras.errors import ArgumentError
from vae_keras.io.text import printable

_LONGEST_CLASS = 40  # characters of a class's name; there may be many beside each other


def unit_images(name: str, images: ArrayLike, *, axes: str = "n") -> np.ndarray:
    """Return images as float in `[0, 1]`, of any channels; see `array_checks.check_images`.

    uint8 is divided by 255. Floats outside `[0, 1]`, which the mean of an unbounded likelihood may
    have, are clipped, as a figure cannot show them.
    """
    array = check_images(name, images, axes=axes)
    if array.dtype == np.uint8:
        return array / np.float32(255)
    check_finite(name, array)
    return np.clip(array, 0, 1)


def drawn_images(name: str, images: ArrayLike, *, axes: str = "n") -> np.ndarray:
    """Return images as they are drawn: float in `[0, 1]`, of 1 or 3 channels.

    Of two channels that is their mean, of more than three the first three.
    """
    return visible_channels(unit_images(name, images, axes=axes))


def check_labels(
    labels: ArrayLike, count: int, class_names: Sequence[str] | None, of: str
) -> np.ndarray:
    """Return the labels as class numbers, one for each of the `count` entries of `of`."""
    vector = np.asarray(labels)
    if vector.shape != (count,) or not np.issubdtype(vector.dtype, np.integer):
        raise ArgumentError(
            f"`labels` must be integers, one for each of the {count} entries of `{of}`. "
            f"Received: labels.shape={vector.shape}, labels.dtype={vector.dtype}"
        )
    if class_names is not None and not 0 <= vector.min() <= vector.max() < len(class_names):
        raise ArgumentError(
            f"`class_names` must have a name for each label, {vector.min()} to {vector.max()}. "
            f"Received: {len(class_names)} names"
        )
    return vector


def check_numbers(
    name: str, values: ArrayLike, axes: str, *, count: int | None = None
) -> np.ndarray:
    """Return finite numbers as float64.

    Args:
        name: Name of the argument.
        values: The numbers.
        axes: Names of the axes, with commas between them.
        count: Length of the first axis; any if `None`.
    """
    array = np.asarray(values)
    wrong_length = count is not None and array.shape[:1] != (count,)
    if array.ndim != axes.count(",") + 1 or array.size == 0 or wrong_length:
        form = axes if "," in axes else f"{axes},"
        length = "" if count is None else f" with {axes.split(',')[0]} = {count}"
        raise ArgumentError(
            f"`{name}` must have the shape ({form}){length}, none of them zero. "
            f"Received: {name}.shape={array.shape}"
        )
    if not np.issubdtype(array.dtype, np.number):
        raise ArgumentError(f"`{name}` must be numbers. Received: {name}.dtype={array.dtype}")
    check_finite(name, array)
    return array.astype(np.float64)


def check_shape(name: str, array: ArrayLike, shape: tuple[int, ...], of: str) -> None:
    """Raise `ArgumentError` unless the array has the shape of `of`."""
    if np.shape(array) != shape:
        raise ArgumentError(
            f"`{name}` must have the shape of `{of}`, {shape}. "
            f"Received: {name}.shape={np.shape(array)}"
        )


def check_names(name: str, names: Sequence[object], count: int, of: str) -> list[str]:
    """Return the names as texts of a figure, one for each of the `count` `of`."""
    if len(names) != count:
        raise ArgumentError(
            f"`{name}` must have one entry for each of the {count} {of}. "
            f"Received: {len(names)} entries"
        )
    return [figure_text(entry) for entry in names]


def check_plane(codes: ArrayLike, dimensions: tuple[int, int]) -> np.ndarray:
    """Return two dimensions of codes, shape `(n, 2)`, float64."""
    points = np.asarray(codes)
    if points.ndim != 2 or len(points) == 0 or points.shape[1] < 2:
        raise ArgumentError(
            "`codes` must have the shape (n, latent_dim) with n >= 1 and latent_dim >= 2. "
            f"Received: codes.shape={points.shape}"
        )
    check_dimensions(dimensions, points.shape[1])
    if len(dimensions) != 2:
        raise ArgumentError(
            f"`dimensions` must be two indices. Received: dimensions={dimensions!r}"
        )
    points = points[:, list(dimensions)].astype(np.float64)
    check_finite("codes", points)
    return points


def check_dimensions(dimensions: Sequence[int], latent_dim: int) -> None:
    """Raise `ArgumentError` unless they are different indices of latent dimensions."""
    known = set(range(latent_dim))
    if not dimensions or len(set(dimensions)) < len(dimensions) or not set(dimensions) <= known:
        raise ArgumentError(
            f"`dimensions` must be different integers from 0 to {latent_dim - 1}. "
            f"Received: dimensions={dimensions!r}"
        )


def check_range(low: float, high: float) -> None:
    """Raise `ArgumentError` unless `low < high`."""
    if not low < high:
        raise ArgumentError(f"`low` must be less than `high`. Received: low={low}, high={high}")


def class_name(label: int, class_names: Sequence[str] | None) -> str:
    """Return the name of a class; its number if there are no names."""
    return str(label) if class_names is None else figure_text(class_names[label], _LONGEST_CLASS)


def figure_text(name: object, most: int = 80) -> str:
    """Return a name as text on one line of a figure, of at most `most` characters.

    Dollar signs are escaped: matplotlib would take them for a formula, and may fail to draw it.
    """
    text = printable(name)
    if len(text) > most:
        text = f"{text[: most - 11]}…{text[-10:]}"  # file names often differ only at the end
    return text.replace("$", r"\$")
