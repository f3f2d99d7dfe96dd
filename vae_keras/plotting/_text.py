"""Texts around a canvas of images, names of dimensions, and numbers as texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vae_keras.plotting.style import SMALL_FONT_SIZE, fix_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Points: the width of a wide letter of matplotlib's default font.
LETTER = 0.62 * SMALL_FONT_SIZE
_SLANT = 40


def write_title(
    ax: Axes,
    title: str,
    xy: tuple[float, float],
    xycoords: str | tuple[str, str] = "data",
    *,
    rotation: float = 0,
) -> None:
    """Write a text just above a point: centred, or beginning there if it is slanted."""
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


def column_titles(ax: Axes, centres: Sequence[float], names: Sequence[str]) -> None:
    """Write a name over each column: on two lines, or slanted, if one line is too short."""
    canvas_width = abs(float(np.subtract(*ax.get_xlim())))
    step = centres[1] - centres[0] if len(centres) > 1 else canvas_width
    letters = int(_points(ax, step) / LETTER)
    texts = [_wrap(name, letters) for name in names]
    slanted = max(len(line) for text in texts for line in text.split("\n")) > letters
    for centre, name, text in zip(centres, names, texts, strict=True):
        place = (centre, 1.0), ("data", "axes fraction")
        write_title(ax, name if slanted else text, *place, rotation=_SLANT if slanted else 0)


def label_rows(ax: Axes, middles: Sequence[float], names: Sequence[str]) -> None:
    """Write a name at the left of each row of images, and take the frame away."""
    ax.set_yticks(middles, names)
    _bare(ax)


def label_columns(
    ax: Axes, centres: Sequence[float], texts: Sequence[str], note: str | None = None
) -> None:
    """Write a text under each column, upright if they would touch; `note` says what they are."""
    step = centres[1] - centres[0] if len(centres) > 1 else math.inf
    upright = max(len(text) for text in texts) * LETTER > _points(ax, step)
    ax.set_xticks(centres, texts, rotation=90 if upright else 0)
    _bare(ax)
    if note is not None:
        ax.annotate(
            note,
            (0, 0),
            xycoords="axes fraction",
            xytext=(-4, -4),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=SMALL_FONT_SIZE,
        )


def thinned(
    ax: Axes, centres: Sequence[float], texts: Sequence[str]
) -> tuple[Sequence[float], Sequence[str]]:
    """Return all texts of a scale if there is room, else both ends and some in between."""
    count = len(texts)
    fitting = max(len(text) for text in texts) * LETTER / max(_points(ax, centres[-1]), 1e-9)
    steps = [step for step in range(1, count) if (count - 1) % step == 0]
    step = next((step for step in steps if step / (count - 1) >= fitting), max(1, count - 1))
    return centres[::step], texts[::step]


def dimension_name(index: int) -> str:
    """Return the name of a latent dimension, counted from 1; its index counts from 0."""
    return f"$z_{{{index + 1}}}$"


def name_dimensions(ax: Axes, dimensions: tuple[int, int]) -> None:
    """Name the axes by the two latent dimensions that they show."""
    ax.set_xlabel(dimension_name(dimensions[0]))
    ax.set_ylabel(dimension_name(dimensions[1]))
    fix_ticks(ax)


def number_text(value: float) -> str:
    """Return a number with three significant digits, or more if it is large."""
    return f"{value:.1f}" if 99.95 <= abs(value) < 1e5 else f"{value:#.3g}"


def text_width(texts: Sequence[str]) -> float:
    """Return an upper estimate of the width of the texts' longest line, in inches."""
    return max(len(line) for text in texts for line in text.split("\n")) * LETTER / 72 + 0.1


def _bare(ax: Axes) -> None:
    fix_ticks(ax)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)


def _points(ax: Axes, distance: float) -> float:
    """Return a distance along the x axis in points."""
    ax.apply_aspect()
    span = abs(float(np.subtract(*ax.get_xlim())))
    return ax.get_window_extent().width / ax.figure.dpi * 72 * distance / span


def _wrap(name: str, letters: int) -> str:
    if len(name) <= letters:
        return name
    for mark in (" ", "/", "-"):
        if mark in name:
            first, rest = name.split(mark, 1)
            return f"{(first + mark).rstrip()}\n{rest}"
    return name
