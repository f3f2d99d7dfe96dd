"""Images over their reconstructions, by one model or by several."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.checks import positive_integer
from vae_keras.plotting._canvas import fit_figure, make_canvas, tile_axes
from vae_keras.plotting._checks import (
    check_labels,
    check_names,
    check_shape,
    class_name,
    drawn_images,
)
from vae_keras.plotting._text import column_titles, label_columns, label_rows
from vae_keras.plotting.style import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROWS = ["original", "reconstruction"]
_NAME_LETTERS = 22  # in a line of a model's name; longer names are broken into lines


def plot_reconstructions(
    images: ArrayLike,
    reconstructions: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    max_images: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """Draw each image over its reconstruction, with the mean squared error beneath.

    Args:
        images: Images, shape `(n, height, width, channels)`, float in `[0, 1]` or uint8.
        reconstructions: Their reconstructions, of the same shape.
        labels: Class numbers, shape `(n,)`, integer, for the name over each column. Defaults to
            no names.
        class_names: Name of each class number. Defaults to the numbers.
        max_images: Draw at most this many, the first ones. Defaults to `10`.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes. The error is per pixel and channel, on the `[0, 1]` scale.

    Raises:
        ArgumentError: If there are no images, the shapes differ, or `labels`, `class_names` or
            `max_images` do not fit.
    """
    max_images = positive_integer("max_images", max_images)
    check_shape("reconstructions", reconstructions, np.shape(images), "images")
    all_images, all_copies = np.atleast_1d(images), np.atleast_1d(reconstructions)
    originals = drawn_images("images", all_images[:max_images])
    copies = drawn_images("reconstructions", all_copies[:max_images])
    names = None
    if labels is not None:
        classes = check_labels(labels, len(all_images), class_names, "images")
        names = [class_name(label, class_names) for label in classes[:max_images]]
    errors = _squared_errors(all_images[:max_images], all_copies[:max_images])
    count, height, width = originals.shape[:3]
    canvas, corners = make_canvas(np.concatenate([originals, copies]), 2, count)
    with style():
        given, ax = ax, tile_axes(ax, canvas, count, width, rows=_ROWS)
        centres = [left + width / 2 - 0.5 for _, left in corners[:count]]
        label_columns(ax, centres, [f"{error:.4f}" for error in errors], "MSE")
        middles = [top + height / 2 - 0.5 for top, _ in (corners[0], corners[count])]
        label_rows(ax, middles, _ROWS)
        if names is not None:
            column_titles(ax, centres, names)
        fit_figure(ax, given)
    return ax


def plot_reconstructions_of_models(
    images: ArrayLike,
    reconstructions: ArrayLike,
    *,
    names: Sequence[str],
    max_images: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """Draw images over the reconstructions of several models, one row for each model.

    Args:
        images: Images, shape `(n, height, width, channels)`, float in `[0, 1]` or uint8.
        reconstructions: Their reconstructions by each model, shape
            `(models, n, height, width, channels)`.
        names: Name of each model, written at the left of its row over the mean squared error of
            all its reconstructions, including those that are not drawn.
        max_images: Draw at most this many, the first ones. Defaults to `10`.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes. The error is per pixel and channel, on the `[0, 1]` scale.

    Raises:
        ArgumentError: If there are no images, or the shapes, `names` or `max_images` do not fit.
    """
    max_images = positive_integer("max_images", max_images)
    originals = drawn_images("images", images)
    copies = drawn_images("reconstructions", reconstructions, axes="models, n")
    check_shape("reconstructions[0]", np.asarray(reconstructions)[0], np.shape(images), "images")
    models = len(copies)
    texts = check_names("names", names, models, "models")
    errors = [
        float(_squared_errors(np.asarray(images), model).mean())
        for model in np.asarray(reconstructions)
    ]
    shown = min(max_images, len(originals))
    tiles = np.concatenate([originals[None], copies])[:, :shown]
    height, width = originals.shape[1:3]
    canvas, corners = make_canvas(
        tiles.reshape(-1, *originals.shape[1:]), models + 1, shown, apart_rows=[1]
    )
    rows = [
        f"{textwrap.fill(text, _NAME_LETTERS)}\nMSE {error:.4f}"
        for text, error in zip(texts, errors, strict=True)
    ]
    with style():
        given, ax = ax, tile_axes(ax, canvas, shown, width, rows=rows)
        middles = [top + height / 2 - 0.5 for top, _ in corners[::shown]]
        ax.set_xticks([])
        label_rows(ax, middles, ["original", *rows])
        fit_figure(ax, given)
    return ax


def _squared_errors(images: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """Return the mean squared error of each image, of its values before they are clipped."""
    return np.mean((_unclipped(images) - _unclipped(copies)) ** 2, axis=(1, 2, 3))


def _unclipped(images: np.ndarray) -> np.ndarray:
    return images.astype(np.float64) / (255.0 if images.dtype == np.uint8 else 1.0)
