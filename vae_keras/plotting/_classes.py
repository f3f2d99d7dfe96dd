"""Colours of classes and the legend that names them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vae_keras.plotting._checks import class_name
from vae_keras.plotting.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_NAMED = 200  # classes in a legend; of more the colours are too similar


def class_colors(classes: np.ndarray, class_names: Sequence[str] | None) -> np.ndarray:
    """Return an RGBA colour for each class, which does not depend on the other classes drawn."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgba_array

    known = len(class_names) if class_names is not None else int(classes.max()) + 1
    if classes.min() >= 0 and known <= len(PALETTE):
        return to_rgba_array(PALETTE)[classes]
    # More classes than colours: similar numbers get similar colours.
    return colormaps["viridis"](np.linspace(0, 1, len(classes)))


def draw_class_legend(
    ax: Axes,
    classes: np.ndarray,
    class_names: Sequence[str] | None,
    *,
    title: str | None = None,
    lines: bool = False,
) -> np.ndarray:
    """Draw a legend of up to 200 classes at the right of the axes; return their colours.

    Args:
        ax: Axes to draw on.
        classes: The class numbers, each once.
        class_names: Name of each class number, or `None` for the numbers.
        title: Title of the legend. Defaults to none.
        lines: Whether its marks are lines. Defaults to dots.
    """
    colors = class_colors(classes, class_names)
    if len(classes) > _MOST_NAMED:
        return colors
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            linestyle="-" if lines else "",
            marker="" if lines else "o",
            markersize=7,
            color=tuple(color),
            label=class_name(label, class_names),
        )
        for label, color in zip(classes, colors, strict=True)
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
    return colors
