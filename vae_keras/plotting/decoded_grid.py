"""The latent plane as a map of decoded images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.errors import ArgumentError
from vae_keras.plotting._canvas import draw_canvas, make_canvas
from vae_keras.plotting._checks import check_range, drawn_images
from vae_keras.plotting.style import fix_ticks, new_axes, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SMALL = 20  # pixels; smaller images would run into each other without a gap


def decoded_grid_codes(
    rows: int = 15, columns: int = 15, low: float = -3.0, high: float = 3.0
) -> np.ndarray:
    """Return the codes whose images `plot_decoded_grid` draws.

    Args:
        rows: Values of the second latent dimension, at least 2. Defaults to `15`.
        columns: Values of the first latent dimension, at least 2. Defaults to `15`.
        low: Smallest value of both. Defaults to `-3.0`.
        high: Largest value of both. Defaults to `3.0`.

    Returns:
        Codes, shape `(rows, columns, 2)`, float32: the first dimension rises from left to right,
        the second falls from row 0, where it is `high`, to the last, where it is `low`.

    Raises:
        ArgumentError: If there are fewer than two rows or columns, or `low >= high`.
    """
    if min(rows, columns) < 2:
        raise ArgumentError(
            f"`rows` and `columns` must be at least 2. Received: rows={rows}, columns={columns}"
        )
    check_range(low, high)
    z_1, z_2 = np.meshgrid(np.linspace(low, high, columns), np.linspace(high, low, rows))
    return np.stack([z_1, z_2], axis=-1).astype(np.float32)


def plot_decoded_grid(
    images: ArrayLike, *, low: float = -3.0, high: float = 3.0, ax: Axes | None = None
) -> Axes:
    """Draw the images that a grid of codes decodes to, as a map of the latent plane.

    Args:
        images: Images, shape `(rows, columns, height, width, channels)`, float in `[0, 1]` or
            uint8, decoded from `decoded_grid_codes(rows, columns, low, high)`: row 0, drawn at
            the top, is the highest value of the second latent dimension.
        low: Smallest value of both latent dimensions. Defaults to `-3.0`.
        high: Largest value of both latent dimensions. Defaults to `3.0`.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes, whose units are those of the latent space: the centre of each image lies at
        its code.

    Raises:
        ArgumentError: If the shape or type of `images` is wrong, or `low >= high`.
    """
    tiles = drawn_images("images", images, axes="rows, columns")
    rows, columns, height, width, channels = tiles.shape
    if min(rows, columns) < 2:
        raise ArgumentError(
            "`images` must have at least 2 rows and 2 columns. "
            f"Received: images.shape={tiles.shape}"
        )
    check_range(low, high)
    # The borders of large images are visible anyway, and a map is better without a lattice.
    gap = int(min(height, width) < _SMALL)
    canvas, _ = make_canvas(
        tiles.reshape(-1, height, width, channels), rows, columns, row_gap=gap, column_gap=gap
    )
    # A code is at the centre of its image, so the canvas is half an image wider on each side.
    half_x = (high - low) / (columns - 1) / 2 * width / (width + gap)
    half_y = (high - low) / (rows - 1) / 2 * height / (height + gap)
    extent = (low - half_x, high + half_x, low - half_y, high + half_y)
    span_x, span_y = extent[1] - extent[0], extent[3] - extent[2]
    shape = canvas.shape[0] / canvas.shape[1]
    with style():
        from matplotlib.ticker import MaxNLocator

        ax = new_axes(ax, (6.5, 6.5 * min(max(shape, 0.4), 1.6)))
        draw_canvas(ax, canvas, extent=extent, aspect=shape * span_x / span_y)
        ax.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
        ax.yaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
        ax.set_xlabel("$z_1$")
        ax.set_ylabel("$z_2$")
        fix_ticks(ax)
    return ax
