"""How far several decodes of one image differ from each other, pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.checks import positive_integer
from vae_keras.errors import ArgumentError
from vae_keras.plotting._canvas import fit_figure, make_canvas, tile_axes
from vae_keras.plotting._checks import (
    check_numbers,
    check_shape,
    drawn_images,
)
from vae_keras.plotting._text import label_rows
from vae_keras.plotting.style import fix_ticks, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage


def plot_uncertainty(
    images: ArrayLike,
    deviations: ArrayLike,
    *,
    reconstructions: ArrayLike | None = None,
    max_images: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """Draw each image over its reconstruction and the standard deviation of each pixel.

    Args:
        images: Images, shape `(n, height, width, channels)`, float in `[0, 1]` or uint8.
        deviations: Standard deviation of each pixel over several stochastic decodes of the image,
            of the same shape, in units of the `[0, 1]` scale, never negative. For a colour pixel
            the root mean square over its channels is drawn.
        reconstructions: Reconstructions, or means of the decodes, of the same shape. Defaults to
            none.
        max_images: Draw at most this many, the first ones. Defaults to `10`.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes, with two images on them: the canvas, and the map of deviations, whose colours go
        from 0 to the largest deviation drawn.

    Raises:
        ArgumentError: If there are no images, the shapes differ, a deviation is negative, or
            `max_images` is not positive.
    """
    max_images = positive_integer("max_images", max_images)
    drawn = drawn_images("images", images)
    check_shape("deviations", deviations, np.shape(images), "images")
    spread = check_numbers("deviations", deviations, "n, height, width, channels")
    if spread.min() < 0:
        raise ArgumentError(
            f"`deviations` must not be negative. Received: values down to {spread.min():.3g}"
        )
    rows, names = [drawn[:max_images]], ["image"]
    if reconstructions is not None:
        check_shape("reconstructions", reconstructions, np.shape(images), "images")
        rows.append(drawn_images("reconstructions", reconstructions)[:max_images])
        names.append("reconstruction")
    count, height, width, _ = rows[0].shape
    rows.append(np.ones_like(rows[0]))  # the map's place
    names.append("standard deviation\n(pixels are 0 to 1)")
    canvas, corners = make_canvas(np.concatenate(rows), len(rows), count)
    maps = np.sqrt(np.mean(spread[:max_images] ** 2, axis=-1, keepdims=True))
    row, _ = make_canvas(maps, 1, count)
    inside, _ = make_canvas(np.zeros_like(maps), 1, count)
    with style():
        given, ax = ax, tile_axes(ax, canvas, count, width, rows=names)
        map_top = corners[-1][0]
        image = ax.imshow(
            np.ma.masked_array(row, inside == 1)[..., 0],
            cmap="magma",
            vmin=0.0,
            vmax=float(maps.max()) or 1.0,
            extent=(-0.5, canvas.shape[1] - 0.5, canvas.shape[0] - 0.5, map_top - 0.5),
            interpolation="antialiased",
        )
        ax.set_xlim(-0.5, canvas.shape[1] - 0.5)
        ax.set_ylim(canvas.shape[0] - 0.5, -0.5)
        ax.set_xticks([])
        label_rows(ax, [top + height / 2 - 0.5 for top, _ in corners[::count]], names)
        _draw_bar(ax, image, width / canvas.shape[1], height / canvas.shape[0])
        fit_figure(ax, given)
    return ax


def _draw_bar(ax: Axes, image: AxesImage, width: float, height: float) -> None:
    """Draw the colour bar beside the lowest row; `width` and `height` of an image in axes units."""
    from matplotlib.ticker import MaxNLocator

    # Inset axes leave the layout of the figure unchanged, which may be the caller's.
    bar_axes = ax.inset_axes((1 + 0.12 * width, 0.0, 0.12 * width, height))
    bar = ax.figure.colorbar(image, cax=bar_axes, ticks=MaxNLocator(3, steps=[1, 2, 5, 10]))
    bar.outline.set_visible(False)
    fix_ticks(bar_axes)
