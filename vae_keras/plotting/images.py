"""Pictures of images: grids, reconstructions, samples, one of each class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.errors import ArgumentError
from vae_keras.plotting._canvas import (
    column_titles,
    draw_canvas,
    make_canvas,
    tile_figsize,
    write_title,
)
from vae_keras.plotting._checks import check_images, check_labels, class_name
from vae_keras.plotting.style import SMALL_FONT_SIZE, fix_ticks, new_axes, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_image_grid(
    images: ArrayLike,
    *,
    columns: int | None = None,
    titles: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw images side by side on one canvas, row after row.

    Grey images are drawn on the fixed scale from 0 (black) to 1 (white), whatever they hold, so
    that two figures can be compared; three channels are drawn in colour.

    Args:
        images: Images, shape `(n, height, width, channels)`, float in `[0, 1]` (clipped) or
            uint8, with 1 or 3 channels.
        columns: Images in a row. Defaults to a square-ish grid.
        titles: A text over each image. Defaults to none.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes, with the canvas as their only image.

    Raises:
        ArgumentError: If there are no images, their shape or type is wrong, or `columns` or
            `titles` do not fit them.
    """
    pictures = check_images("images", images)
    count, height, width = pictures.shape[:3]
    if columns is None:
        columns = math.ceil(math.sqrt(count))
    if columns < 1:
        raise ArgumentError(f"`columns` must be at least 1. Received: columns={columns}")
    if titles is not None and len(titles) != count:
        raise ArgumentError(
            f"`titles` must have one text for each of the {count} images. "
            f"Received: {len(titles)} titles"
        )
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    # A row's titles stand in the gap above it; the first row's stand outside the canvas.
    gap = math.ceil(0.26 * height) if titles is not None else None
    canvas, corners = make_canvas(pictures, rows, columns, row_gap=gap)
    with style():
        ax = new_axes(ax, tile_figsize(canvas, columns, width, text=0.3 if titles else 0.0))
        draw_canvas(ax, canvas)
        ax.set_axis_off()
        for (top, left), title in zip(corners, titles or (), strict=False):
            write_title(ax, title, (left + width / 2 - 0.5, top - 0.5))
    return ax


def plot_samples(images: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw generated images as a square-ish grid.

    Args:
        images: Images, shape `(n, height, width, channels)`, float in `[0, 1]` or uint8; 64 or
            100 fill a square.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes.

    Raises:
        ArgumentError: If there are no images or their shape or type is wrong.
    """
    return plot_image_grid(images, ax=ax)


def plot_samples_by_class(
    images: ArrayLike, class_names: Sequence[str] | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw generated images in columns, one for each class, with the class's name over it.

    Args:
        images: Images, shape `(rows, classes, height, width, channels)`, float in `[0, 1]` or
            uint8; those of a row as a rule from one code.
        class_names: Name of each class number. Defaults to the numbers.
        ax: Axes to draw on. Defaults to those of a new figure.

    Raises:
        ArgumentError: If there are no images, or their shape, type or `class_names` is wrong.
    """
    pictures = check_images("images", images, dims=5)
    rows, classes, *size = pictures.shape
    if class_names is not None and len(class_names) != classes:
        raise ArgumentError(
            f"`class_names` must have a name for each of the {classes} classes. "
            f"Received: {len(class_names)} names"
        )
    canvas, corners = make_canvas(pictures.reshape(-1, *size), rows, classes)
    names = [class_name(label, class_names) for label in range(classes)]
    centres = [left + size[1] / 2 - 0.5 for _, left in corners[:classes]]
    with style():
        given, ax = ax, new_axes(ax, tile_figsize(canvas, classes, size[1], text=0.1))
        draw_canvas(ax, canvas)
        ax.set_axis_off()
        ax.set_anchor("N")  # the layout reckons with the names above the room for the images
        _write_columns(ax, centres, names, given)
    return ax


def plot_one_per_class(
    images: ArrayLike,
    labels: ArrayLike,
    class_names: Sequence[str] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw the first image of each class, with the class's name over it.

    Args:
        images: Images, shape `(n, height, width, channels)`, float in `[0, 1]` or uint8.
        labels: Class numbers, shape `(n,)`, integer.
        class_names: Name of each class number. Defaults to the numbers.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes; classes in the order of their numbers, five in a row.

    Raises:
        ArgumentError: If there are no images, or `labels` or `class_names` do not fit them.
    """
    array = np.atleast_1d(images)
    # Only the chosen images are converted: a whole training set is a usual argument.
    check_images("images", array[:1])
    classes, first = np.unique(
        check_labels(labels, len(array), class_names, "images"), return_index=True
    )
    return plot_image_grid(
        array[first],
        columns=5,
        titles=[class_name(label, class_names) for label in classes],
        ax=ax,
    )


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
        labels: Class numbers, shape `(n,)`, integer; the class is written over each column.
            Defaults to no text.
        class_names: Name of each class number. Defaults to the numbers.
        max_images: Draw at most this many, the first ones. Defaults to `10`.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes. The error is per pixel and channel, on the `[0, 1]` scale.

    Raises:
        ArgumentError: If there are no images, the shapes differ, or `labels`, `class_names` or
            `max_images` do not fit.
    """
    if max_images < 1:
        raise ArgumentError(f"`max_images` must be at least 1. Received: max_images={max_images}")
    if np.shape(images) != np.shape(reconstructions):
        raise ArgumentError(
            f"`reconstructions` must have the shape of `images`, {np.shape(images)}. "
            f"Received: reconstructions.shape={np.shape(reconstructions)}"
        )
    all_images, all_copies = np.atleast_1d(images), np.atleast_1d(reconstructions)
    originals = check_images("images", all_images[:max_images])
    copies = check_images("reconstructions", all_copies[:max_images])
    names = None
    if labels is not None:
        classes = check_labels(labels, len(all_images), class_names, "images")
        names = [class_name(label, class_names) for label in classes[:max_images]]
    # The error is that of the numbers, not of the clipped picture.
    difference = _unclipped(all_images[:max_images]) - _unclipped(all_copies[:max_images])
    errors = np.mean(difference**2, axis=(1, 2, 3))
    count, height, width = originals.shape[:3]
    canvas, corners = make_canvas(np.concatenate([originals, copies]), 2, count)
    with style():
        figsize = tile_figsize(canvas, count, width, left=1.2, text=0.35)
        given, ax = ax, new_axes(ax, figsize)
        draw_canvas(ax, canvas)
        centres = [left + width / 2 - 0.5 for _, left in corners[:count]]
        ax.set_xticks(centres, [f"{error:.4f}" for error in errors])
        middles = [top + height / 2 - 0.5 for top, _ in (corners[0], corners[count])]
        ax.set_yticks(middles, ["original", "reconstruction"])
        fix_ticks(ax)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        ax.annotate(
            "MSE",
            (0, 0),
            xycoords="axes fraction",
            xytext=(-4, -4),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=SMALL_FONT_SIZE,
        )
        if names is not None:
            _write_columns(ax, centres, names, given)
    return ax


def _write_columns(
    ax: Axes, centres: Sequence[float], names: Sequence[str], given: Axes | None
) -> None:
    """Write a name over each column; a figure of our own becomes taller by what they take."""
    from matplotlib.figure import Figure

    header = column_titles(ax, centres, names)
    if given is None and isinstance(ax.figure, Figure):
        width, height = ax.figure.get_size_inches()
        ax.figure.set_size_inches(width, height + header)


def _unclipped(images: np.ndarray) -> np.ndarray:
    return images.astype(np.float64) / (255.0 if images.dtype == np.uint8 else 1.0)
