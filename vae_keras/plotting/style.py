"""The style of all figures, applied only while they are drawn."""

from __future__ import annotations

import functools
import io
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Ten colours that readers with any of the usual colour-vision deficiencies can tell apart:
# Petroff (2021), "Accessible color sequences for data visualization", arXiv:2107.02270.
PALETTE = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)

# Inches: the width of a notebook's output or a page, so that the reader sees fonts in their size.
FIGURE_WIDTH = 8.0
FIGURE_HEIGHT = 10.0  # inches, of a page with margins
FONT_SIZE = 10.0
SMALL_FONT_SIZE = 9.0

_RC: dict[str, Any] = {
    "font.size": FONT_SIZE,
    "axes.titlesize": 11.0,
    "axes.titleweight": "normal",
    "axes.labelsize": FONT_SIZE,
    "xtick.labelsize": SMALL_FONT_SIZE,
    "ytick.labelsize": SMALL_FONT_SIZE,
    "legend.fontsize": SMALL_FONT_SIZE,
    "legend.frameon": False,
    "axes.facecolor": "white",
    "axes.edgecolor": "0.3",
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "0.88",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "text.color": "0.1",
    "figure.facecolor": "white",
    "figure.dpi": 100.0,
}


def style() -> AbstractContextManager[None]:
    """Return a context in which matplotlib draws in the package's style.

    The global `rcParams` are as before when the context is left.

    Example:
        >>> with style():
        ...     ax = new_axes(None, (8.0, 4.0))
    """
    import matplotlib

    return matplotlib.rc_context(_RC)  # type: ignore[arg-type]


@functools.cache
def _figure_class() -> type[Figure]:
    """Return a class of figures that a notebook displays without `pyplot`."""
    from matplotlib.figure import Figure

    class NotebookFigure(Figure):
        def _repr_png_(self) -> bytes:
            content = io.BytesIO()
            self.savefig(content, format="png", bbox_inches="tight")
            return content.getvalue()

    return NotebookFigure


def new_figure(figsize: tuple[float, float]) -> Figure:
    """Return a new figure, made without `pyplot`: no window, no backend, nothing to close.

    Args:
        figsize: Width and height, in inches.
    """
    return _figure_class()(figsize=figsize, layout="constrained")


def new_axes(ax: Axes | None, figsize: tuple[float, float]) -> Axes:
    """Return the given axes, or those of a new figure.

    Args:
        ax: Axes to draw on, or None.
        figsize: Width and height of the new figure, in inches.

    Returns:
        The axes to draw on.
    """
    return new_figure(figsize).add_subplot() if ax is None else ax


def fix_ticks(ax: Axes) -> None:
    """Write the style's settings for ticks into the axes.

    Matplotlib makes ticks when it draws, after the style's context has been left.
    """
    ax.tick_params(labelsize=SMALL_FONT_SIZE, color="0.3", labelcolor="0.1", width=0.8)
