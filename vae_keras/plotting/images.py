"""Images in a grid: any images, samples, one of each class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.checks import positive_integer
from vae_keras.errors import ArgumentError
from vae_keras.plotting._canvas import fit_figure, make_canvas, tile_axes
from vae_keras.plotting._checks import check_labels, class_name, drawn_images
from vae_keras.plotting._text import column_titles, write_title
from vae_keras.plotting.style import style

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

    Grey images are drawn on the fixed scale from 0 (black) to 1 (white), whatever their values, so
    that figures can be compared; three channels are drawn in colour.

    Args:
        images: Images, shape `(n, height, width, channels)`, float in `[0, 1]` (clipped) or
            uint8. Of two channels the mean is drawn, of more than three the first three.
        columns: Images in a row. Defaults to a square-ish grid.
        titles: A text over each image. Defaults to none.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes, with the canvas as their only image.

    Raises:
        ArgumentError: If there are no images, their shape or type is wrong, or `columns` or
            `titles` do not fit them.
    """
    drawn = drawn_images("images", images)
    count, height, width = drawn.shape[:3]
    if columns is None:
        columns = math.ceil(math.sqrt(count))
    columns = positive_integer("columns", columns)
    if titles is not None and len(titles) != count:
        raise ArgumentError(
            f"`titles` must have one text for each of the {count} images. "
            f"Received: {len(titles)} titles"
        )
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    # The titles of a row are in the gap above it, those of the first row outside the canvas.
    gap = math.ceil(0.26 * height) if titles is not None else None
    canvas, corners = make_canvas(drawn, rows, columns, row_gap=gap)
    with style():
        given, ax = ax, tile_axes(ax, canvas, columns, width)
        ax.set_axis_off()
        for (top, left), title in zip(corners, titles or (), strict=False):
            write_title(ax, title, (left + width / 2 - 0.5, top - 0.5))
        fit_figure(ax, given)
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
            uint8; usually those of a row are from one code.
        class_names: Name of each class number. Defaults to the numbers.
        ax: Axes to draw on. Defaults to those of a new figure.

    Raises:
        ArgumentError: If there are no images, or their shape, type or `class_names` is wrong.
    """
    drawn = drawn_images("images", images, axes="rows, classes")
    rows, classes, *size = drawn.shape
    if class_names is not None and len(class_names) != classes:
        raise ArgumentError(
            f"`class_names` must have a name for each of the {classes} classes. "
            f"Received: {len(class_names)} names"
        )
    canvas, corners = make_canvas(drawn.reshape(-1, *size), rows, classes)
    names = [class_name(label, class_names) for label in range(classes)]
    centres = [left + size[1] / 2 - 0.5 for _, left in corners[:classes]]
    with style():
        given, ax = ax, tile_axes(ax, canvas, classes, size[1])
        ax.set_axis_off()
        column_titles(ax, centres, names)
        fit_figure(ax, given)
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
    # Only the chosen images are converted, as the argument may be a whole training set.
    drawn_images("images", array[:1])
    classes, first = np.unique(
        check_labels(labels, len(array), class_names, "images"), return_index=True
    )
    return plot_image_grid(
        array[first],
        columns=5,
        titles=[class_name(label, class_names) for label in classes],
        ax=ax,
    )
