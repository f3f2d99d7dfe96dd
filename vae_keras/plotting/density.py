"""The density of codes, the region of each class, and the holes between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.plotting._checks import check_labels, check_plane
from vae_keras.plotting._classes import draw_class_legend
from vae_keras.plotting._text import name_dimensions
from vae_keras.plotting.style import SMALL_FONT_SIZE, fix_ticks, new_axes, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CELLS = 240
_REACH = 2.3  # least reach of the axes: the prior's second standard deviation and a margin
# Length of the axes beyond which the prior's circles are too small for a text between them.
_NO_ROOM = 15.0


def plot_latent_density(
    codes: ArrayLike,
    labels: ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    *,
    dimensions: tuple[int, int] = (0, 1),
    ax: Axes | None = None,
) -> Axes:
    """Draw the density of codes in grey and, for each class, the region of half of its codes.

    White regions have no codes: holes, if the prior has mass there. The dashed circles are one and
    two standard deviations of a standard normal prior. The density is a histogram, smoothed by a
    Gaussian whose width falls with the number of codes; grey follows its square root, so that
    regions of low density are visible. The region of a class is that of its highest density.

    Args:
        codes: Codes, shape `(n, latent_dim)` with `latent_dim >= 2`.
        labels: Class numbers, shape `(n,)`, integer. Defaults to the density alone.
        class_names: Name of each class number. Defaults to the numbers.
        dimensions: Indices, from 0, of the two dimensions to draw; the axes count from 1.
            Defaults to the first two, `(0, 1)`.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes, with the colour bar above, in share of the codes per unit of area, and a legend
        outside on the right if there are labels.

    Raises:
        ArgumentError: If `codes` are empty, not finite or have fewer than two dimensions, or
            `labels`, `class_names` or `dimensions` do not fit them.
    """
    points = check_plane(codes, dimensions)
    edges = _edges(points)
    extent = (edges[0][0], edges[0][-1], edges[1][0], edges[1][-1])
    density = _density(points, edges)
    cell = edges[0][1] - edges[0][0]
    with style():
        from matplotlib.colors import PowerNorm
        from matplotlib.ticker import MaxNLocator

        shape = density.shape[0] / density.shape[1]
        entries = 0 if labels is None else min(len(np.unique(np.asarray(labels))), 20)
        height = max(1.3 + 4.8 * min(max(shape, 0.3), 1.5), 1.5 + 0.2 * entries)
        ax = new_axes(ax, (7.0, height))
        image = ax.imshow(
            density,
            extent=extent,
            origin="lower",
            cmap="Greys",
            norm=PowerNorm(0.5, 0.0, float(density.max())),
            interpolation="bilinear",
        )
        ax.set_aspect("equal", adjustable="datalim")  # beyond the density it is white too
        if labels is not None:
            numbers = check_labels(labels, len(points), class_names, "codes")
            classes = np.unique(numbers)
            title = "half of each class"
            colors = draw_class_legend(ax, classes, class_names, title=title, lines=True)
            for label, color in zip(classes, colors, strict=True):
                own = _density(points[numbers == label], edges)
                level = half_level(own)
                ax.contour(own, [level], extent=extent, colors=[color], linewidths=1.8)
        _draw_prior(ax, small=max(density.shape) * cell > _NO_ROOM)
        name_dimensions(ax, dimensions)
        bar_axes = ax.inset_axes((0.0, 1 + 0.03 / shape, 0.5, 0.025 / shape))
        bar = ax.figure.colorbar(
            image, cax=bar_axes, orientation="horizontal", ticks=MaxNLocator(3)
        )
        bar.set_label("share of the codes per unit of area", fontsize=SMALL_FONT_SIZE)
        bar_axes.xaxis.set_ticks_position("top")
        bar_axes.xaxis.set_label_position("top")
        fix_ticks(bar_axes)
    return ax


def half_level(density: np.ndarray) -> float:
    """Return the density above which half of the mass is."""
    falling = np.sort(density, axis=None)[::-1]
    index = int(np.searchsorted(np.cumsum(falling), 0.5 * falling.sum()))
    # The highest value itself encloses nothing.
    return float(falling[max(index, 1)])


def _edges(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges of square cells that cover all codes and the prior's circles."""
    low, high = np.minimum(points.min(axis=0), -_REACH), np.maximum(points.max(axis=0), _REACH)
    margin = max(0.04 * float(np.max(high - low)), 3 * _width(points))
    low, high = low - margin, high + margin
    cell = float(np.max(high - low)) / _CELLS
    counts = np.ceil((high - low) / cell).astype(int)
    x, y = (start + cell * np.arange(n + 1) for start, n in zip(low, counts, strict=True))
    return x, y


def _density(points: np.ndarray, edges: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return the density of points in the cells, shape `(rows, columns)`, row 0 the lowest."""
    from scipy.ndimage import gaussian_filter  # type: ignore[import-untyped]

    cell = edges[0][1] - edges[0][0]
    counts = np.histogram2d(points[:, 1], points[:, 0], [edges[1], edges[0]])[0]
    smooth = gaussian_filter(counts, max(_width(points) / cell, 1.0), mode="constant")
    return smooth / (len(points) * cell**2)


def _width(points: np.ndarray) -> float:
    """Return half of Scott's width, which is meant for one Gaussian and would close the holes."""
    return 0.5 * float(points.std(axis=0).mean()) * len(points) ** (-1 / 6)


def _draw_prior(ax: Axes, *, small: bool) -> None:
    """Draw the circles, with a name at each, or if they are small at the outer one only."""
    from matplotlib.patches import Circle

    for radius, name in ((1, "" if small else "1 std"), (2, "2 std of the prior")):
        ax.add_patch(Circle((0, 0), radius, fill=False, color="0.1", linewidth=0.9, linestyle="--"))
        ax.annotate(
            name,
            (0, -radius),
            xytext=(0, -2),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=SMALL_FONT_SIZE,
        )
