"""Samples beside their nearest training images, which show whether they are copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import visible_channels
from vae_keras.checks import positive_integer
from vae_keras.plotting._canvas import fit_figure, make_canvas, tile_axes
from vae_keras.plotting._checks import (
    check_numbers,
    check_shape,
    unit_images,
)
from vae_keras.plotting._text import label_columns, label_rows
from vae_keras.plotting.style import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMES = ["sample", "nearest\ntraining image"]


def plot_samples_with_neighbors(
    samples: ArrayLike,
    neighbors: ArrayLike,
    *,
    distances: ArrayLike | None = None,
    max_images: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """Draw each sample over its nearest training image, with their distance beneath.

    A sample that equals its neighbour was memorised, not generated.

    Args:
        samples: Generated images, shape `(n, height, width, channels)`, float in `[0, 1]` or
            uint8.
        neighbors: The nearest training image of each sample, of the same shape.
        distances: Root-mean-square distance of each pair, shape `(n,)`: per pixel and channel,
            on the `[0, 1]` scale. Defaults to the distances of the images as drawn.
        max_images: Draw at most this many, the first ones. Defaults to `10`.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes.

    Raises:
        ArgumentError: If there are no images, the shapes differ, or `distances` or `max_images`
            do not fit.
    """
    max_images = positive_integer("max_images", max_images)
    upper = unit_images("samples", samples)
    check_shape("neighbors", neighbors, upper.shape, "samples")
    lower = unit_images("neighbors", neighbors)
    if distances is None:
        numbers = np.sqrt(np.mean((upper - lower) ** 2, axis=(1, 2, 3)))
    else:
        numbers = check_numbers("distances", distances, "n", count=len(upper))
    shown = min(max_images, len(upper))
    _, height, width, _ = upper.shape
    drawn = visible_channels(np.concatenate([upper[:shown], lower[:shown]]))
    canvas, corners = make_canvas(drawn, 2, shown)
    with style():
        given, ax = ax, tile_axes(ax, canvas, shown, width, rows=_NAMES)
        centres = [left + width / 2 - 0.5 for _, left in corners[:shown]]
        label_columns(ax, centres, [f"{number:.3f}" for number in numbers[:shown]], "RMS distance")
        label_rows(ax, [top + height / 2 - 0.5 for top, _ in corners[::shown]], _NAMES)
        fit_figure(ax, given)
    return ax
