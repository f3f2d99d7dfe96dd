"""Many images as one array, so that a figure holds one image and not a hundred axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vae_keras.plotting.style import FIGURE_WIDTH, SMALL_FONT_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

# Points: the width of a wide letter of matplotlib's default font.
_LETTER = 0.62 * SMALL_FONT_SIZE
_SLANT = 40


def make_canvas(
    images: np.ndarray, rows: int, columns: int, *, row_gap: int | None = None
) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Lay images out row after row on a white canvas with thin separators.

    Args:
        images: Images, shape `(n, height, width, channels)`, float in `[0, 1]`.
        rows: Rows of the canvas; `rows * columns >= n`, the rest stays white.
        columns: Columns of the canvas.
        row_gap: Pixels between two rows. Defaults to the width of a separator.

    Returns:
        The canvas, shape `(canvas_height, canvas_width, channels)`, and the `(top, left)` pixel
        of each image on it.
    """
    count, height, width, channels = images.shape
    gap = max(1, round(min(height, width) / 28))
    row_gap = gap if row_gap is None else row_gap
    shape = (rows * (height + row_gap) - row_gap, columns * (width + gap) - gap, channels)
    canvas = np.ones(shape, images.dtype)
    corners = [
        (i // columns * (height + row_gap), i % columns * (width + gap)) for i in range(count)
    ]
    for image, (top, left) in zip(images, corners, strict=True):
        canvas[top : top + height, left : left + width] = image
    return canvas, corners


def draw_canvas(
    ax: Axes,
    canvas: np.ndarray,
    *,
    extent: tuple[float, float, float, float] | None = None,
    aspect: float = 1.0,
) -> AxesImage:
    """Draw a canvas: one channel in grey from 0 to 1, three in colour."""
    return ax.imshow(
        canvas[..., 0] if canvas.shape[-1] == 1 else canvas,
        cmap="gray",
        vmin=0.0,
        vmax=1.0,
        extent=extent,
        aspect=aspect,
        # Sharp pixels where there is room for them, smoothed where the canvas is shrunk.
        interpolation="antialiased",
        origin="upper",
    )


def tile_figsize(
    canvas: np.ndarray,
    columns: int,
    tile_width: int,
    *,
    left: float = 0.0,
    text: float = 0.0,
) -> tuple[float, float]:
    """Choose a figure for a canvas: as wide as the page, less where there are few columns.

    Args:
        canvas: Shape `(canvas_height, canvas_width, channels)`.
        columns: Columns of images on it.
        tile_width: Width of an image, in pixels.
        left: Inches at the left that hold text.
        text: Inches above and below that hold text.

    Returns:
        Width and height in inches; no image is wider than 1.2 inches, unless it is alone or has
        more pixels than that can show.
    """
    largest = max(1.2, tile_width / 100)
    width = min(FIGURE_WIDTH - left, max(2.0, columns * largest))
    return width + left, width * canvas.shape[0] / canvas.shape[1] + text


def write_title(
    ax: Axes,
    title: str,
    xy: tuple[float, float],
    xycoords: str | tuple[str, str] = "data",
    *,
    rotation: float = 0,
) -> None:
    """Write a text just above a point: centred, or from there on if it is slanted."""
    ax.annotate(
        title,
        xy,
        xycoords=xycoords,
        xytext=(0, 5),
        textcoords="offset points",
        ha="left" if rotation else "center",
        va="baseline",
        rotation=rotation,
        rotation_mode="anchor",
        fontsize=SMALL_FONT_SIZE,
        linespacing=1.05,
    )


def column_titles(ax: Axes, centres: Sequence[float], names: Sequence[str]) -> float:
    """Write a name over each column: on two lines or slanted where it would not fit on one.

    Returns:
        Inches that the names take above the axes.
    """
    canvas_width = abs(float(np.subtract(*ax.get_xlim())))
    step = centres[1] - centres[0] if len(centres) > 1 else canvas_width
    points = ax.get_window_extent().width / ax.figure.dpi * 72
    letters = int(points * step / canvas_width / _LETTER)
    texts = [_wrap(name, letters) for name in names]
    slanted = max(len(line) for text in texts for line in text.split("\n")) > letters
    for centre, name, text in zip(centres, names, texts, strict=True):
        place = (centre, 1.0), ("data", "axes fraction")
        write_title(ax, name if slanted else text, *place, rotation=_SLANT if slanted else 0)
    if slanted:
        longest = max(len(name) for name in names) * _LETTER * math.sin(math.radians(_SLANT))
    else:
        longest = SMALL_FONT_SIZE * 1.3 * max(text.count("\n") for text in texts)
    return (longest + SMALL_FONT_SIZE + 5) / 72


def _wrap(name: str, letters: int) -> str:
    if len(name) <= letters:
        return name
    for mark in (" ", "/", "-"):
        if mark in name:
            first, rest = name.split(mark, 1)
            return f"{(first + mark).rstrip()}\n{rest}"
    return name
