"""Sprites: drawn images, 64 x 64, one white shape each, with exactly known factors.

The data set has 13,824 of them: every combination of five factors once, in the spirit of dSprites
(Higgins et al. 2017, "beta-VAE"), but drawn by this package: nothing is read or downloaded. A
folder of any number of sprites, drawn from more values of the factors, can be written as files.
"""

import functools
import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from vae_keras._types import Images
from vae_keras.checks import integer, positive_integer
from vae_keras.data.dataset import Source, Split
from vae_keras.errors import ArgumentError

SIZE = 64  # pixels
CLASS_NAMES = ("square", "ellipse", "heart")
# The values of the data set. A square looks the same every 90 degrees, so orientations stop short
# of that. With these radii no sub-pixel lies on an outline, where the last bit of a cosine would
# decide.
FACTORS: dict[str, tuple[float, ...]] = {
    "shape": (0, 1, 2),
    "scale": (8.1, 10.1, 12.1, 14.1),
    "orientation": tuple(90 / 8 * level for level in range(8)),
    "x": tuple(15.5 + 3 * level for level in range(12)),
    "y": tuple(15.5 + 3 * level for level in range(12)),
}
_SUBPIXELS = 8  # along each side of a pixel
# Of a heart whose square has sides of 2: the height of its centroid above the square's middle, and
# the scale that puts its tip at distance 1 from the centroid.
_HEART_CENTROID = (math.pi / math.sqrt(2) + 2 * math.sqrt(2) / 3) / (4 + math.pi)
_HEART_UNIT = 1 / (math.sqrt(2) + _HEART_CENTROID)
_FOLDER_ORIENTATIONS = 90  # of sprites in a folder, in whole degrees
_FOLDER_FILES = 1000  # in each innermost folder; so many sprites are drawn together


def read_sprites() -> Source:
    """Draw the whole data set, which has no published test set.

    The order is shuffled, always in the same way, so that the first images of the set
    (`train_size`) have every level of every factor.
    """
    grid = np.meshgrid(*(np.arange(len(values)) for values in FACTORS.values()), indexing="ij")
    levels = np.stack(grid, axis=-1).reshape(-1, len(FACTORS)).astype(np.int64)
    # Not `Generator.permutation`: only the raw bits are the same in every version of NumPy.
    levels = levels[np.argsort(np.random.PCG64(0).random_raw(len(levels)), kind="stable")]
    values = [np.array(values)[levels[:, i]] for i, values in enumerate(FACTORS.values())]
    images = draw_sprites(np.stack(values, axis=-1))
    return Source(
        Split(images, levels[:, 0].copy(), levels),
        None,
        "drawn by the package (vae_keras.data.draw_sprites)",
        CLASS_NAMES,
        factor_names=tuple(FACTORS),
    )


def draw_sprites(values: ArrayLike) -> Images:
    """Draw one white shape on black for each row of factor values.

    The value of a pixel is the covered share of its 8 x 8 sub-pixels. The shapes are a square; an
    ellipse with axes 2 : 1; and a heart, which is a square on its tip with half discs on the upper
    sides. At orientation 0 the square lies on a side, the long axis of the ellipse is horizontal
    and the tip of the heart points down.

    Args:
        values: Shape `(n, 5)`, one row for each image: shape (0 square, 1 ellipse, 2 heart); scale,
            the distance from the centroid to the farthest point of the shape, in pixels, > 0;
            orientation, in degrees, counter-clockwise; x and y, the centroid, in pixels from
            the left and the top edge of the image. The values need not be those of the data set.

    Returns:
        Images, shape `(n, 64, 64, 1)`, uint8.

    Raises:
        ArgumentError: If a row does not have five finite values, the shape is not one of the three,
            or it may reach beyond the image: x and y must be at least `scale` from the edges.

    Example:
        >>> draw_sprites([[2, 12.0, 30.0, 32.0, 32.0]]).shape
        (1, 64, 64, 1)
    """
    rows = _check_values(values)
    # Where a shape touches the edge, its stamp reaches a pixel beyond it, which is black.
    canvas = np.zeros((len(rows), SIZE + 2, SIZE + 2, 1), np.uint8)
    for image, (shape, scale, orientation, x, y) in zip(canvas, rows.tolist(), strict=True):
        column, row = math.floor(x), math.floor(y)
        stamp = _stamp(int(shape), scale, orientation, x - column, y - row)
        left, top = column + 1 - len(stamp) // 2, row + 1 - len(stamp) // 2
        image[top : top + len(stamp), left : left + len(stamp), 0] = stamp
    return canvas[:, 1:-1, 1:-1].copy()


def write_sprites(
    folder: str | os.PathLike[str],
    count: int,
    *,
    first: int = 0,
    size: int = SIZE,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Draw sprites into a folder of PNG files, with a sub-folder for each shape.

    An image depends on its number alone, so a larger folder contains the images of a smaller one.
    Files that exist are kept, so that an interrupted call can be repeated to continue.

    Args:
        folder: The folder, created if need be.
        count: Number of images, > 0.
        first: Number of the first image, >= 0, if several processes share the work. Defaults to
            `0`.
        size: Side of an image in pixels, > 0. Images are drawn at 64 and scaled to other sizes.
            Defaults to `64`.
        progress: Called from time to time with the number of images done. Defaults to `None`.

    Raises:
        ArgumentError: If a number is out of range.

    Example:
        >>> write_sprites("sprites", 200_000)
        >>> data = load_dataset("folder", "sprites", stream=True)
    """
    count, first = positive_integer("count", count), integer("first", first)
    size = positive_integer("size", size)
    folder = Path(folder)
    numbers = np.arange(first, first + count)
    values = sprite_values(numbers)
    # In this order, images that share a stamp follow each other, and the cache of stamps serves.
    order = np.lexsort(values[:, :3].T)
    for start in range(0, count, _FOLDER_FILES):
        part = order[start : start + _FOLDER_FILES]
        shapes = values[part, 0].astype(int)
        paths = [
            folder / CLASS_NAMES[shape] / f"{number // _FOLDER_FILES:04d}" / f"{number:07d}.png"
            for shape, number in zip(shapes, numbers[part], strict=True)
        ]
        missing = [index for index, path in enumerate(paths) if not path.exists()]
        if missing:
            images = draw_sprites(values[part[missing]])
            for index, image in zip(missing, images, strict=True):
                _write_png(image[..., 0], size, paths[index])
        if progress is not None:
            progress(start + len(part))


def sprite_values(numbers: np.ndarray) -> np.ndarray:
    """Return the factor values of the sprites in a folder of `write_sprites`.

    They are random, and depend on the number of the image alone: shape and scale as in `FACTORS`,
    orientations in whole degrees below 90, centres at every pixel where the largest shape fits.

    Args:
        numbers: Numbers of the images, counted from 0, shape `(n,)`.

    Returns:
        Values for `draw_sprites`, shape `(n, 5)`.
    """
    # splitmix64, a bijection that mixes the bits as well as a random draw.
    mixed = (np.asarray(numbers, np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    centres = np.arange(np.ceil(FACTORS["x"][0]) - 0.5, FACTORS["x"][-1] + 1)
    columns = []
    shapes, scales = FACTORS["shape"], FACTORS["scale"]
    for values in (shapes, scales, range(_FOLDER_ORIENTATIONS), centres, centres):
        columns.append(np.asarray(values, np.float64)[(mixed % np.uint64(len(values))).astype(int)])
        mixed //= np.uint64(len(values))
    return np.stack(columns, axis=-1)


@functools.lru_cache(maxsize=256)  # images that differ by whole pixels share a stamp
def _stamp(shape: int, scale: float, orientation: float, x: float, y: float) -> np.ndarray:
    """Draw a shape on the smallest square for it, centred at `(x, y)` within its middle pixel."""
    reach = math.ceil(scale)
    side = 2 * reach + 1
    points = (np.arange(side * _SUBPIXELS) + 0.5) / _SUBPIXELS - reach
    right, up = (points[np.newaxis] - x) / scale, (y - points[:, np.newaxis]) / scale
    angle = math.radians(orientation)
    u = right * math.cos(angle) + up * math.sin(angle)
    v = up * math.cos(angle) - right * math.sin(angle)
    inside = (_square, _ellipse, _heart)[shape](u, v)
    covered = inside.reshape(side, _SUBPIXELS, side, _SUBPIXELS).sum(axis=(1, 3))
    return np.rint(covered * (255 / _SUBPIXELS**2)).astype(np.uint8)


def _square(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(u), np.abs(v)) <= math.sqrt(0.5)


def _ellipse(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return u**2 + (2 * v) ** 2 <= 1


def _heart(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    # Coordinates from the middle of the square, in units of half its side.
    a, b = np.abs(u) / _HEART_UNIT, v / _HEART_UNIT + _HEART_CENTROID
    discs = (a - math.sqrt(0.5)) ** 2 + (b - math.sqrt(0.5)) ** 2 <= 1
    return discs | (a + np.abs(b) <= math.sqrt(2))


def _check_values(values: ArrayLike) -> np.ndarray:
    """Return factor values as float64 of shape `(n, 5)`; raise unless all can be drawn."""
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != len(FACTORS):
        raise ArgumentError(
            f"`values` must hold {', '.join(FACTORS)} in each row, shape (n, {len(FACTORS)}). "
            f"Received: values.shape={rows.shape}"
        )
    shape, scale, orientation, *centre = rows.T
    rules = (
        (np.isin(shape, FACTORS["shape"]), "a shape of 0, 1 or 2"),
        ((scale > 0) & np.isfinite(orientation), "a scale > 0 and a finite orientation"),
        *(
            ((middle >= scale) & (middle <= SIZE - scale), f"{name} from scale to {SIZE} - scale")
            for name, middle in zip("xy", centre, strict=True)
        ),
    )
    for holds, expected in rules:
        if not holds.all():
            wrong = rows[np.argmin(holds)].tolist()
            raise ArgumentError(f"`values` must have {expected} in each row. Received: {wrong}")
    return rows


def _write_png(image: np.ndarray, size: int, path: Path) -> None:
    """Write one file, under another name until it is whole."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    drawing = Image.fromarray(image)
    if size != SIZE:
        drawing = drawing.resize((size, size), Image.Resampling.BILINEAR)
    beside = path.with_name(f".{path.name}")  # hidden: readers of folders leave it out
    drawing.save(beside, "PNG", compress_level=1)
    beside.replace(path)
