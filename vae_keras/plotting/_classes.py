"""Colours of classes and the legend that names them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vae_keras.plotting.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_NAMED = 200


def class_colors(classes: np.ndarray, class_names: Sequence[str] | None) -> np.ndarray:
    """One RGBA colour a class; the same class has the same colour whatever else is drawn."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgba_array

    known = len(class_names) if class_names is not None else int(classes.max()) + 1
    if classes.min() >= 0 and known <= len(PALETTE):
        return to_rgba_array(PALETTE)[classes]
    # More classes than colours: neighbours in number are neighbours in colour.
    return colormaps["viridis"](np.linspace(0, 1, len(classes)))


def draw_class_legend(
    ax: Axes, entries: list[tuple[str, np.ndarray]], title: str | None = None, lines: bool = False
) -> None:
    """Name the classes outside the axes, on the right, with dots or lines of their colours.

    Hundreds of classes go unnamed: their colours are all alike, and the names would fill a wall.
    """
    if len(entries) > _MOST_NAMED:
        return
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            linestyle="-" if lines else "",
            marker="" if lines else "o",
            markersize=7,
            color=tuple(color),
            label=name,
        )
        for name, color in entries
    ]
    ax.legend(
        handles=handles,
        title=title,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
        borderaxespad=0.0,
        handletextpad=0.6 if lines else 0.2,
        handlelength=1.2 if lines else None,
        ncols=1 + (len(handles) - 1) // 20,
    )
