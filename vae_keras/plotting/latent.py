"""Pictures of the latent space: where the codes lie and what the decoder makes of a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.errors import ArgumentError
from vae_keras.plotting._canvas import draw_canvas
from vae_keras.plotting._checks import check_images, check_labels, class_name
from vae_keras.plotting.style import PALETTE, fix_ticks, new_axes, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A vector drawing of more points than this is slow to open and larger than a bitmap.
_RASTER_POINTS = 2000


def plot_latent_scatter(
    codes: ArrayLike,
    labels: ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw the first two dimensions of codes, coloured by class.

    Both axes have the same scale. Points are drawn in a shuffled order, always the same, so that
    the last class does not hide the others.

    Args:
        codes: Codes, shape `(n, latent_dim)` with `latent_dim >= 2`.
        labels: Class numbers, shape `(n,)`, integer. Defaults to one colour for all.
        class_names: Name of each class number. Defaults to the numbers.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes, with a legend outside on the right if there are labels.

    Raises:
        ArgumentError: If `codes` are empty, not finite or have fewer than two dimensions, or
            `labels` or `class_names` do not fit them.
    """
    points = np.asarray(codes)
    if points.ndim != 2 or len(points) == 0 or points.shape[1] < 2:
        raise ArgumentError(
            "`codes` must have the shape (n, latent_dim) with n >= 1 and latent_dim >= 2. "
            f"Received: codes.shape={points.shape}"
        )
    points = points[:, :2].astype(np.float64)
    if not np.all(np.isfinite(points)):
        raise ArgumentError("`codes` must be finite numbers. Received: NaN or infinity")
    order = np.random.default_rng(0).permutation(len(points))
    points = points[order]
    with style():
        colors: str | np.ndarray = PALETTE[0]
        legend: list[tuple[str, np.ndarray]] = []
        if labels is not None:
            numbers = check_labels(labels, len(points), class_names, "codes")
            classes, indices = np.unique(numbers, return_inverse=True)
            table = _class_colors(classes, class_names)
            names = [class_name(label, class_names) for label in classes]
            legend = list(zip(names, table, strict=True))
            colors = table[indices[order]]
        ax = new_axes(ax, (7.0, 5.6))
        ax.grid(True)
        ax.scatter(
            points[:, 0],
            points[:, 1],
            c=colors,
            s=float(np.clip(30_000 / len(points), 5, 25)),
            alpha=0.6,
            linewidths=0,
            rasterized=len(points) > _RASTER_POINTS,
        )
        ax.set_aspect("equal", adjustable="datalim")
        ax.set_xlabel("$z_1$")
        ax.set_ylabel("$z_2$")
        fix_ticks(ax)
        if legend:
            _draw_legend(ax, legend)
    return ax


def decoded_grid_codes(
    rows: int = 15, columns: int = 15, low: float = -3.0, high: float = 3.0
) -> np.ndarray:
    """Return the codes that `plot_decoded_grid` shows the images of.

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
    _check_range(low, high)
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
    tiles = check_images("images", images, dims=5)
    rows, columns, height, width, channels = tiles.shape
    if min(rows, columns) < 2:
        raise ArgumentError(
            "`images` must have at least 2 rows and 2 columns. "
            f"Received: images.shape={tiles.shape}"
        )
    _check_range(low, high)
    canvas = tiles.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, channels)
    # A code is the centre of its image, so the canvas goes on for half an image on each side.
    half_x, half_y = ((high - low) / (n - 1) / 2 for n in (columns, rows))
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


def _check_range(low: float, high: float) -> None:
    if not low < high:
        raise ArgumentError(f"`low` must be less than `high`. Received: low={low}, high={high}")


def _class_colors(classes: np.ndarray, class_names: Sequence[str] | None) -> np.ndarray:
    """One RGBA colour a class; the same class has the same colour whatever else is drawn."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgba_array

    known = len(class_names) if class_names is not None else int(classes.max()) + 1
    if classes.min() >= 0 and known <= len(PALETTE):
        return to_rgba_array(PALETTE)[classes]
    # More classes than colours: neighbours in number are neighbours in colour.
    return colormaps["viridis"](np.linspace(0, 1, len(classes)))


def _draw_legend(ax: Axes, entries: list[tuple[str, np.ndarray]]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], linestyle="", marker="o", markersize=7, color=tuple(color), label=name)
        for name, color in entries
    ]
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        borderaxespad=0.0,
        handletextpad=0.2,
        ncols=1 + (len(handles) - 1) // 20,
    )
