"""Sprites against outlines filled by matplotlib, and against areas in closed form."""

import math

import numpy as np
import pytest
from matplotlib.path import Path

from vae_keras.data import draw_sprites

SQUARE, ELLIPSE, HEART = range(3)
# Heart of a square of side 2: area 4 + pi, and the centroid above the middle of the square is
# that of two half discs of area pi / 2, 4 / (3 pi) out from the middle of their diameter.
CENTROID = math.pi * (1 + 4 / (3 * math.pi)) * math.sqrt(0.5) / (4 + math.pi)
TIP = math.sqrt(2) + CENTROID
AREAS = {SQUARE: 2.0, ELLIPSE: math.pi / 2, HEART: (4 + math.pi) / TIP**2}


def _reference_outline(shape: int) -> np.ndarray:
    """Return the outline at scale 1 and orientation 0, y upwards, shape `(points, 2)`."""
    turn = np.linspace(0, 2 * math.pi, 400)
    if shape == SQUARE:
        return math.sqrt(0.5) * np.array([[1, 1], [-1, 1], [-1, -1], [1, -1], [1, 1]])
    if shape == ELLIPSE:
        return np.stack([np.cos(turn), 0.5 * np.sin(turn)], axis=-1)
    right = np.linspace(-math.pi / 4, 3 * math.pi / 4, 200)  # the half disc, up to the notch
    arc = math.sqrt(0.5) + np.stack([np.cos(right), np.sin(right)], axis=-1)
    mirrored = arc[::-1] * [-1, 1]
    tip = [[0.0, -math.sqrt(2)]]
    return (np.concatenate([tip, arc, mirrored, tip]) - [0, CENTROID]) / TIP


def _reference_image(shape: int, scale: float, turn: float, x: float, y: float) -> np.ndarray:
    """Fill the turned outline on 8 x 8 points a pixel."""
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    outline = scale * _reference_outline(shape) @ np.array([[cos, sin], [-sin, cos]])
    path = Path(outline * [1, -1] + [x, y])
    points = (np.arange(512) + 0.5) / 8
    grid = np.stack(np.meshgrid(points, points), axis=-1).reshape(-1, 2)
    return 255 * path.contains_points(grid).reshape(64, 8, 64, 8).mean(axis=(1, 3))


@pytest.mark.parametrize("shape", [SQUARE, ELLIPSE, HEART])
@pytest.mark.parametrize(
    ("scale", "turn", "x", "y"),
    [(14.1, 0.0, 32.0, 32.0), (8.1, 33.75, 15.5, 48.5), (11.3, -70.0, 40.2, 21.9)],
)
def test_drawing_against_filled_outlines(shape, scale, turn, x, y):
    image = draw_sprites([[shape, scale, turn, x, y]])[0, ..., 0]
    expected = _reference_image(shape, scale, turn, x, y)
    assert expected.sum() > 100 * 255
    np.testing.assert_allclose(image, expected, atol=255 / 64 * 1.5)  # a sub-pixel, rounded


@pytest.mark.parametrize("shape", [SQUARE, ELLIPSE, HEART])
@pytest.mark.parametrize("scale", [5.0, 8.1, 14.1, 30.0])
def test_area_in_closed_form(shape, scale):
    turns = np.arange(0, 360, 15)
    image = draw_sprites([[shape, scale, turn, 32.3, 31.9] for turn in turns]) / 255.0
    np.testing.assert_allclose(image.mean(axis=0).sum(), AREAS[shape] * scale**2, rtol=2e-3)
