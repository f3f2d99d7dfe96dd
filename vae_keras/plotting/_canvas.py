"""Many images as one array, so that a figure has one image rather than a hundred axes."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vae_keras.plotting._text import text_width
from vae_keras.plotting.style import FIGURE_HEIGHT, FIGURE_WIDTH, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage


_APART = 0.18  # gap before images that are set apart, as a share of an image
_ENOUGH_PIXELS = 1200  # of the shorter side: a page at 150 dots an inch
_PAD = 3 / 72  # inches around a figure, as in the constrained layout


def make_canvas(
    images: np.ndarray,
    rows: int,
    columns: int,
    *,
    row_gap: int | None = None,
    column_gap: int | None = None,
    apart_rows: Collection[int] = (),
    apart_columns: Collection[int] = (),
) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Lay images out row after row on a white canvas with thin separators.

    Args:
        images: Images, shape `(n, height, width, channels)`, float in `[0, 1]`.
        rows: Rows of the canvas; `rows * columns >= n`, the rest stays white.
        columns: Columns of the canvas.
        row_gap: Pixels between two rows. Defaults to the width of a separator.
        column_gap: Pixels between two columns. Defaults to the same.
        apart_rows: Rows with a wider gap above them.
        apart_columns: Columns with a wider gap before them.

    Returns:
        The canvas, shape `(canvas_height, canvas_width, channels)`, and the `(top, left)` pixel
        of each image on it.
    """
    count, height, width, channels = images.shape
    gap = max(1, round(min(height, width) / 28))
    tops, canvas_height = _starts(rows, height, gap if row_gap is None else row_gap, apart_rows)
    lefts, canvas_width = _starts(
        columns, width, gap if column_gap is None else column_gap, apart_columns
    )
    canvas = np.ones((canvas_height, canvas_width, channels), images.dtype)
    corners = [(tops[i // columns], lefts[i % columns]) for i in range(count)]
    for image, (top, left) in zip(images, corners, strict=True):
        canvas[top : top + height, left : left + width] = image
    return canvas, corners


def _starts(count: int, size: int, gap: int, apart: Collection[int]) -> tuple[list[int], int]:
    """Return the first pixel of each of `count` images along an axis, and the axis' length."""
    wide = max(gap, math.ceil(_APART * size))
    starts, end = [], 0
    for index in range(count):
        if index:
            end += wide if index in apart else gap
        starts.append(end)
        end += size
    return starts, end


def draw_canvas(
    ax: Axes,
    canvas: np.ndarray,
    *,
    extent: tuple[float, float, float, float] | None = None,
    aspect: float = 1.0,
) -> AxesImage:
    """Draw a canvas: one channel in grey from 0 to 1, three in colour.

    A canvas of many more pixels than a page shows is shrunk first, which matplotlib would do in
    float64, several times over.
    """
    height, width = canvas.shape[:2]
    left, right, bottom, top = extent or (-0.5, width - 0.5, height - 0.5, -0.5)
    factor = min(height, width) // _ENOUGH_PIXELS
    if factor > 1:
        # What does not fill a block is cut off: less than a pixel of the picture.
        rows, columns = height // factor, width // factor
        right = left + (right - left) * columns * factor / width
        bottom = top + (bottom - top) * rows * factor / height
        blocks = canvas[: rows * factor, : columns * factor]
        blocks = blocks.reshape(rows, factor, columns, factor, canvas.shape[-1])
        canvas = blocks.mean(axis=(1, 3), dtype="float32")
        extent = (left, right, bottom, top)
    return ax.imshow(
        canvas[..., 0] if canvas.shape[-1] == 1 else canvas,
        cmap="gray",
        vmin=0.0,
        vmax=1.0,
        extent=extent,
        aspect=aspect,
        # Sharp pixels if there is room for them, smoothed if the canvas is shrunk.
        interpolation="antialiased",
        origin="upper",
    )


def tile_axes(
    ax: Axes | None,
    canvas: np.ndarray,
    columns: int,
    tile_width: int,
    *,
    rows: Sequence[str] = (),
    one_page: bool = False,
) -> Axes:
    """Draw a canvas on the given axes, or on those of a new figure that it fills.

    The figure is as wide as the page, or less with few columns: no image is wider than 1.2 inches,
    unless it is alone or has more pixels than that can show. `fit_figure` then makes room for the
    texts around the canvas.

    Args:
        ax: Axes to draw on, or None.
        canvas: Shape `(canvas_height, canvas_width, channels)`.
        columns: Columns of images on it.
        tile_width: Width of an image, in pixels.
        rows: Texts at its left.
        one_page: Whether the canvas must be no higher than a page.
    """
    if ax is None:
        largest = max(1.2, tile_width / 100)
        left = text_width(rows) if rows else 0.0
        width = min(FIGURE_WIDTH - left, max(2.0, columns * largest))
        shape = canvas.shape[0] / canvas.shape[1]
        if one_page:
            width = min(width, (FIGURE_HEIGHT - 1) / shape)
        ax = new_axes(None, (width, width * shape))
        _place(ax, (0, 0, 1, 1))
    draw_canvas(ax, canvas)
    return ax


def fit_figure(ax: Axes, given: Axes | None) -> None:
    """Make a figure of `tile_axes` larger by the texts around its axes, up to the page's width.

    Args:
        ax: The axes, with all their texts.
        given: Axes that the caller was given, whose figure is not changed, or None.
    """
    from matplotlib.figure import Figure

    outer = ax.get_tightbbox()
    if given is not None or outer is None or not isinstance(ax.figure, Figure):
        return
    dpi, inner = ax.figure.dpi, ax.get_window_extent()
    margins = np.array(
        [inner.x0 - outer.x0, outer.x1 - inner.x1, inner.y0 - outer.y0, outer.y1 - inner.y1]
    )
    left, right, below, above = np.maximum(margins, 0) / dpi + _PAD
    width = min(inner.width / dpi, FIGURE_WIDTH - left - right)
    height = width * inner.height / inner.width
    whole = (left + width + right, below + height + above)
    ax.figure.set_size_inches(whole)
    _place(ax, (left / whole[0], below / whole[1], width / whole[0], height / whole[1]))


def _place(ax: Axes, bounds: tuple[float, float, float, float]) -> None:
    """Put the axes where the constrained layout will keep them, unless a title is added.

    From its own initial position, with room beside the canvas, that layout can cut off texts.
    """
    ax.set_position(bounds)
    ax.set_in_layout(True)
