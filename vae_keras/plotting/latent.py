"""Scatter plots of codes, in two of their dimensions or embedded in the plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.errors import ArgumentError
from vae_keras.plotting._checks import check_labels, check_numbers, check_plane
from vae_keras.plotting._classes import draw_class_legend
from vae_keras.plotting._text import name_dimensions
from vae_keras.plotting.style import PALETTE, new_axes, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Points beyond which a vector drawing is slow to open and larger than a bitmap.
_RASTER_POINTS = 2000


def plot_latent_scatter(
    codes: ArrayLike,
    labels: ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    *,
    dimensions: tuple[int, int] = (0, 1),
    ax: Axes | None = None,
) -> Axes:
    """Draw codes in two of their dimensions, coloured by class.

    Both axes have the same scale. Points are drawn in a shuffled order, always the same, so that
    the last class does not hide the others.

    Args:
        codes: Codes, shape `(n, latent_dim)` with `latent_dim >= 2`.
        labels: Class numbers, shape `(n,)`, integer. Defaults to one colour for all.
        class_names: Name of each class number. Defaults to the numbers.
        dimensions: Indices, from 0, of the two dimensions to draw; the axes count from 1.
            Defaults to the first two, `(0, 1)`.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes, with a legend outside on the right if there are labels.

    Raises:
        ArgumentError: If `codes` are empty, not finite or have fewer than two dimensions, or
            `labels`, `class_names` or `dimensions` do not fit them.
    """
    points = check_plane(codes, dimensions)
    with style():
        ax = new_axes(ax, (7.0, 5.6))
        _scatter(ax, points, labels, class_names, "codes")
        ax.grid(True)
        name_dimensions(ax, dimensions)
    return ax


def plot_embedding(
    points: ArrayLike,
    labels: ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    *,
    method: str = "t-SNE",
    ax: Axes | None = None,
) -> Axes:
    """Draw codes that were embedded in the plane, coloured by class.

    The axes have one scale but no ticks: the units of an embedding such as t-SNE have no meaning,
    nor have the sizes of its clusters and the distances between them.

    Args:
        points: Embedded codes, shape `(n, 2)`.
        labels: Class numbers, shape `(n,)`, integer. Defaults to one colour for all.
        class_names: Name of each class number. Defaults to the numbers.
        method: Method of the embedding, for the axes. Defaults to `"t-SNE"`.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes, with a legend outside on the right if there are labels.

    Raises:
        ArgumentError: If `points` are empty, not finite or not in the plane, or `labels` or
            `class_names` do not fit them.

    References:
        van der Maaten & Hinton (2008), "Visualizing data using t-SNE", JMLR 9.
    """
    plane = check_numbers("points", points, "n, 2")
    if plane.shape[1] != 2:
        raise ArgumentError(
            f"`points` must have the shape (n, 2). Received: points.shape={plane.shape}"
        )
    with style():
        ax = new_axes(ax, (7.0, 5.6))
        _scatter(ax, plane, labels, class_names, "points")
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_xlabel(f"{method} 1")
        ax.set_ylabel(f"{method} 2")
    return ax


def _scatter(
    ax: Axes,
    points: np.ndarray,
    labels: ArrayLike | None,
    class_names: Sequence[str] | None,
    of: str,
) -> None:
    """Draw points `(n, 2)` on one scale, and a legend if they have classes."""
    order = np.random.default_rng(0).permutation(len(points))
    points = points[order]
    colors: str | np.ndarray = PALETTE[0]
    if labels is not None:
        numbers = check_labels(labels, len(points), class_names, of)
        classes, indices = np.unique(numbers, return_inverse=True)
        colors = draw_class_legend(ax, classes, class_names)[indices[order]]
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
