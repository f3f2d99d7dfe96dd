"""Texts beside points, placed so that they cover neither the points nor each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from vae_keras.plotting._text import LETTER
from vae_keras.plotting.style import SMALL_FONT_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Directions to try, the usual ones first: right above, left above, right below, left below, ...
_DIRECTIONS = ((1, 1), (-1, 1), (1, -1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1))
_DISTANCES = (5.0, 14.0, 26.0)  # points, from the middle of the point to the text
_ALIGN_X = {1: "left", 0: "center", -1: "right"}
_ALIGN_Y = {1: "bottom", 0: "center", -1: "top"}


def label_points(
    ax: Axes, places: np.ndarray, texts: Sequence[str], *, obstacles: np.ndarray
) -> None:
    """Write a text at each point; a thin line joins them if the text is far from it.

    Args:
        ax: Axes to draw on, whose limits are final.
        places: Points, shape `(n, 2)`, in data units.
        texts: A text for each point.
        obstacles: Points that no text should cover, shape `(m, 2)`, in data units.
    """
    scale = 72 / ax.figure.dpi
    points = ax.transData.transform(places) * scale
    taken = [(*point - 4, *point + 4) for point in ax.transData.transform(obstacles) * scale]
    frame = ax.get_window_extent()
    room = tuple(scale * edge for edge in (frame.x0, frame.y0, frame.x1, frame.y1))
    for place, point, text in zip(places, points, texts, strict=True):
        size = np.array([len(text) * LETTER * 0.9, SMALL_FONT_SIZE * 1.2])
        tried = [
            (_box(point + distance * np.array(way), way, size), way, distance)
            for distance in _DISTANCES
            for way in _DIRECTIONS
        ]
        box, way, distance = min(tried, key=lambda option: _cost(option[0], taken, room))
        taken.append(box)
        line = {"arrowstyle": "-", "color": "0.5", "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3}
        ax.annotate(
            text,
            tuple(place),
            xytext=(distance * way[0], distance * way[1]),
            textcoords="offset points",
            ha=_ALIGN_X[way[0]],
            va=_ALIGN_Y[way[1]],
            fontsize=SMALL_FONT_SIZE,
            arrowprops=line if distance > _DISTANCES[0] else None,
        )


def _box(anchor: np.ndarray, way: tuple[int, int], size: np.ndarray) -> tuple[float, ...]:
    """Return left, bottom, right and top of a text in a direction from its anchor."""
    corner = anchor + size * (np.array(way) - 1) / 2
    return (*corner, *(corner + size))


def _cost(
    box: tuple[float, ...], taken: Sequence[tuple[float, ...]], room: tuple[float, ...]
) -> float:
    """Return the area that a text covers, and three times the area outside the axes."""
    hidden = sum(_overlap(box, other) for other in taken)
    outside = (box[2] - box[0]) * (box[3] - box[1]) - _overlap(box, room)
    return hidden + 3 * outside


def _overlap(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return max(width, 0.0) * max(height, 0.0)
