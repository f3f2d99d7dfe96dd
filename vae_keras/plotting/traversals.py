"""Images decoded from codes along a line: between two images, or along one dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.plotting._canvas import fit_figure, make_canvas, tile_axes
from vae_keras.plotting._checks import (
    check_dimensions,
    check_numbers,
    check_range,
    check_shape,
    drawn_images,
)
from vae_keras.plotting._text import (
    dimension_name,
    label_columns,
    label_rows,
    thinned,
    write_title,
)
from vae_keras.plotting.style import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_ROWS = 16  # on one page; with more the images are too small


def plot_interpolation(
    images: ArrayLike,
    *,
    first: ArrayLike | None = None,
    second: ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the images decoded between two images, with the originals at both ends.

    Args:
        images: Decoded images, float in `[0, 1]` or uint8: of one interpolation, shape
            `(steps, height, width, channels)`, as `VAE.interpolate` returns them, or of several,
            `(rows, steps, height, width, channels)`, one under the other.
        first: The image at the start, `(height, width, channels)`, or `(rows, ...)` for several:
            drawn at the left with a gap, titled "original". Defaults to none.
        second: The image at the end, in the same form. Defaults to none.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes.

    Raises:
        ArgumentError: If there are no images, or a shape or type is wrong.

    Example:
        >>> plot_interpolation(vae.interpolate(x[0], x[1]), first=x[0], second=x[1])
    """
    several = np.ndim(images) == 5
    paths = drawn_images(
        "images", images if several else np.asarray(images)[None], axes="rows, steps"
    )
    rows, steps, *size = paths.shape
    shape, ends = np.shape(images)[-3:], {}
    for name, end in (("first", first), ("second", second)):
        if end is not None:
            check_shape(name, end, (rows, *shape) if several else shape, "images[:, 0]")
            ends[name] = drawn_images(name, np.asarray(end).reshape(rows, *shape))[:, None]
    blocks = [ends[name] for name in ("first",) if name in ends]
    blocks += [paths, *(ends[name] for name in ("second",) if name in ends)]
    row = np.concatenate(blocks, axis=1)
    columns = row.shape[1]
    start = int("first" in ends)
    apart = [start, start + steps] if ends else []
    canvas, corners = make_canvas(row.reshape(-1, *size), rows, columns, apart_columns=apart)
    centres = [left + size[1] / 2 - 0.5 for _, left in corners[:columns]]
    titles = [((centres[start] + centres[start + steps - 1]) / 2, "decoded")]
    titles += [(centres[0], "original")] if "first" in ends else []
    titles += [(centres[-1], "original")] if "second" in ends else []
    with style():
        given, ax = ax, tile_axes(ax, canvas, columns, size[1])
        ax.set_axis_off()
        for centre, title in titles if ends else ():
            write_title(ax, title, (centre, 1.0), ("data", "axes fraction"))
        fit_figure(ax, given)
    return ax


def plot_traversals(
    images: ArrayLike,
    *,
    low: float = -3.0,
    high: float = 3.0,
    kl: ArrayLike | None = None,
    dimensions: Sequence[int] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the effect of each latent dimension, one row for each dimension.

    Args:
        images: Decoded images, shape `(latent_dim, steps, height, width, channels)`, float in
            `[0, 1]` or uint8, as `VAE.traverse` returns them: in row `i` dimension `i` goes from
            `low` to `high` in equal steps.
        low: First value of the dimension. Defaults to `-3.0`.
        high: Last value. Defaults to `3.0`.
        kl: KL divergence of each dimension in nats, shape `(latent_dim,)`, written at the rows.
            Defaults to none.
        dimensions: Indices, from 0, of the dimensions to draw, in this order; their names count
            from 1. Defaults to the 16 dimensions with the largest KL divergence, in falling order,
            or without `kl` to the first 16; a title says so if there are more.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes, with the values of the code under the columns.

    Raises:
        ArgumentError: If a shape or type is wrong, `low >= high`, or `kl` or `dimensions` do not
            fit the images.
    """
    paths = drawn_images("images", images, axes="latent_dim, steps")
    check_range(low, high)
    latent_dim, steps, *size = paths.shape
    divergence = None if kl is None else check_numbers("kl", kl, "latent_dim", count=latent_dim)
    title = None
    if dimensions is None:
        order = range(latent_dim) if divergence is None else np.argsort(-divergence, kind="stable")
        dimensions = [int(index) for index in order[:_MOST_ROWS]]
        if latent_dim > _MOST_ROWS:
            which = f"the first {_MOST_ROWS}" if divergence is None else f"{_MOST_ROWS}"
            end = "" if divergence is None else ", those with the largest KL"
            title = f"{which} of {latent_dim} latent dimensions{end}"
    check_dimensions(dimensions, latent_dim)
    chosen = paths[list(dimensions)]
    canvas, corners = make_canvas(chosen.reshape(-1, *size), len(chosen), steps)
    names = [dimension_name(index) for index in dimensions]
    if divergence is not None:
        names = [
            f"{name} ({divergence[index]:.2f} nats)"
            for name, index in zip(names, dimensions, strict=True)
        ]
    with style():
        given, ax = ax, tile_axes(ax, canvas, steps, size[1], rows=names, one_page=True)
        centres = [left + size[1] / 2 - 0.5 for _, left in corners[:steps]]
        values = [f"{value:.3g}" for value in np.linspace(low, high, steps)]
        label_columns(ax, *thinned(ax, centres, values))
        label_rows(ax, [top + size[0] / 2 - 0.5 for top, _ in corners[::steps]], names)
        ax.set_xlabel("value of the latent dimension")
        if title is not None:
            ax.set_title(title)
        fit_figure(ax, given)
    return ax
