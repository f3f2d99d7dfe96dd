"""Curves over the epochs, on limits that show their course."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vae_keras.plotting.style import SMALL_FONT_SIZE, fix_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

MOST_DOTS = 30  # epochs; with more the dots touch, and the line alone is clearer


def draw_curve(
    ax: Axes,
    curve: np.ndarray,
    limits: tuple[float, float],
    *,
    color: str,
    linestyle: str = "-",
    triangle: float = 7,
    dots: bool,
    label: str,
) -> Line2D:
    """Draw one value for each epoch, with triangles at the axis' edges for values beyond them.

    Args:
        ax: Axes to draw on.
        curve: One value for each epoch, from epoch 1.
        limits: Lowest and highest value of the axis.
        color: Colour of the line.
        linestyle: Dashes of the line, in matplotlib's notation.
        triangle: Size of the triangles, in points.
        dots: Whether to draw a dot at each epoch.
        label: Name of the line.
    """
    low, high = limits
    epochs = np.arange(1, len(curve) + 1)
    (line,) = ax.plot(
        epochs,
        curve,
        color=color,
        linestyle=linestyle,
        marker="o" if dots else "",
        markersize=4,
        label=label,
    )
    for edge, mark, off in ((high, "^", curve > high), (low, "v", curve < low)):
        # An empty line that is not clipped breaks the constrained layout.
        if np.any(off):
            at_edge = np.full(np.count_nonzero(off), edge)
            ax.plot(epochs[off], at_edge, mark, color=color, markersize=triangle, clip_on=False)
    return line


def fit_limits(ax: Axes, curves: Sequence[np.ndarray], limits: tuple[float, float]) -> None:
    """Set the limits, and write in the corner how far values go beyond them."""
    low, high = limits
    ax.set_ylim(low, high)
    values = np.concatenate(list(curves))
    notes = [f"▲ up to {np.nanmax(values):.4g}"] if np.nanmax(values) > high else []
    notes += [f"▼ down to {np.nanmin(values):.4g}"] if np.nanmin(values) < low else []
    ax.set_title(", ".join(notes), loc="right", fontsize=SMALL_FONT_SIZE)


def epoch_axis(ax: Axes, epochs: int) -> None:
    """Make the x axis one of epochs, from 1."""
    from matplotlib.ticker import MaxNLocator

    ax.set_xlabel("epoch")
    ax.set_xlim(1 - max(0.5, 0.02 * epochs), epochs + max(0.5, 0.02 * epochs))
    ax.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    ax.grid(True)
    fix_ticks(ax)
