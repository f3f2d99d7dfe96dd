"""Sprites: 13,824 drawn images, 64 x 64, one white shape each, with exactly known factors.

Every combination of five factors once, in the spirit of dSprites (Higgins et al. 2017, "beta-VAE"),
in a drawing of this package's own: nothing is read or downloaded.
"""

import functools
import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.data.dataset import Source, Split
from vae_keras.errors import ArgumentError

_ORIENTATIONS = 90  # whole degrees
_ROW = 1000  # files of a sub-folder's sub-folder; and images of one draw
SIZE = 64
CLASS_NAMES = ("square", "ellipse", "heart")
# A square looks the same every 90 degrees, so orientations stop short of that. The radii keep all
# sub-pixels off the outlines, where the last bit of a cosine would decide.
FACTORS: dict[str, tuple[float, ...]] = {
    "shape": (0, 1, 2),
    "scale": (8.1, 10.1, 12.1, 14.1),
    "orientation": tuple(90 / 8 * level for level in range(8)),
    "x": tuple(15.5 + 3 * level for level in range(12)),
    "y": tuple(15.5 + 3 * level for level in range(12)),
}
_SUBPIXELS = 8  # along each side of a pixel
_HEART_CENTROID = (math.pi / math.sqrt(2) + 2 * math.sqrt(2) / 3) / (4 + math.pi)
_HEART_UNIT = 1 / (math.sqrt(2) + _HEART_CENTROID)


def read() -> Source:
    """Draw the whole set, which has no published test set.

    The order is mixed, always in the same way, so that the first images of the set
    (`train_size`) hold every level of every factor.
    """
    grid = np.meshgrid(*(np.arange(len(values)) for values in FACTORS.values()), indexing="ij")
    levels = np.stack(grid, axis=-1).reshape(-1, len(FACTORS)).astype(np.int64)
    # Not Generator.permutation: only the raw bits are the same in every version of NumPy.
    levels = levels[np.argsort(np.random.PCG64(0).random_raw(len(levels)), kind="stable")]
    values = [np.array(values)[levels[:, i]] for i, values in enumerate(FACTORS.values())]
    images = draw_sprites(np.stack(values, axis=-1))
    return Source(
        Split(images, levels[:, 0].copy(), levels),
        None,
        "drawn by the package (vae_keras.data.sprites)",
        CLASS_NAMES,
        factor_names=tuple(FACTORS),
    )


def draw_sprites(values: ArrayLike) -> np.ndarray:
    """Draw one white shape on black for each row of factor values, on or off the set's grid.

    The value of a pixel is the covered share of 8 x 8 sub-pixels. The shapes: a square; an
    ellipse with axes 2 : 1; a heart, which is a square on its tip with half discs on the upper
    sides. At orientation 0 the square lies on a side, the long axis of the ellipse is horizontal
    and the tip of the heart points down.

    Args:
        values: Shape `(n, 5)`, one row for each image: shape (0 square, 1 ellipse, 2 heart); scale,
            the distance from the centroid to the farthest point of the shape, in pixels, > 0;
            orientation, in degrees, counter-clockwise; x and y, the centroid, in pixels from
            the left and the top edge of the image. `FACTORS` has the values of the set.

    Returns:
        Images, shape `(n, 64, 64, 1)`, uint8.

    Raises:
        ArgumentError: If there are not five finite values in a row, the shape is not one of the
            three, or it may stick out of the image: x and y must keep `scale` away from the edges.

    Example:
        >>> draw_sprites([[2, 12.0, 30.0, 32.0, 32.0]]).shape
        (1, 64, 64, 1)
    """
    rows = _check_values(values)
    # A stamp sticks out by up to a pixel, which is black, where the shape touches the edge.
    canvas = np.zeros((len(rows), SIZE + 2, SIZE + 2, 1), np.uint8)
    for image, (shape, scale, orientation, x, y) in zip(canvas, rows.tolist(), strict=True):
        column, row = math.floor(x), math.floor(y)
        stamp = _stamp(int(shape), scale, orientation, x - column, y - row)
        left, top = column + 1 - len(stamp) // 2, row + 1 - len(stamp) // 2
        image[top : top + len(stamp), left : left + len(stamp), 0] = stamp
    return canvas[:, 1:-1, 1:-1].copy()


@functools.lru_cache(maxsize=256)  # images of the set that differ by whole pixels share one
def _stamp(shape: int, scale: float, orientation: float, x: float, y: float) -> np.ndarray:
    """Draw a shape on a square just large enough, centred at `(x, y)` of its middle pixel."""
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
    # In units of half the side of the square, and from its middle.
    a, b = np.abs(u) / _HEART_UNIT, v / _HEART_UNIT + _HEART_CENTROID
    discs = (a - math.sqrt(0.5)) ** 2 + (b - math.sqrt(0.5)) ** 2 <= 1
    return discs | (a + np.abs(b) <= math.sqrt(2))


def _check_values(values: ArrayLike) -> np.ndarray:
    """Return factor values as float64 of shape `(n, 5)`, one drawable shape in each row."""
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


def sprite_values(numbers: np.ndarray) -> np.ndarray:
    """Return the factor values that the sprites of a folder are drawn from.

    Drawn at random, each image's from its number alone: shape and scale as in `FACTORS`,
    orientations of whole degrees below 90, centres at every pixel that the largest shape leaves.

    Args:
        numbers: Of the images, from 0 on, shape `(n,)`.

    Returns:
        Values as `draw_sprites` takes them, shape `(n, 5)`.
    """
    # A bijection that mixes the bits: splitmix64. Its high bits are as good as any draw.
    mixed = (np.asarray(numbers, np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    centres = np.arange(np.ceil(FACTORS["x"][0]) - 0.5, FACTORS["x"][-1] + 1)
    columns = []
    scales = FACTORS["scale"]
    for values in (FACTORS["shape"], scales, range(_ORIENTATIONS), centres, centres):
        columns.append(np.asarray(values, np.float64)[(mixed % np.uint64(len(values))).astype(int)])
        mixed //= np.uint64(len(values))
    return np.stack(columns, axis=-1)


def write_sprites(
    folder: str | os.PathLike[str],
    count: int,
    *,
    first: int = 0,
    size: int = SIZE,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Draw sprites into a folder of PNG files, with a sub-folder for each shape.

    A folder of more images begins with those of one of fewer. Files that are there stay as they
    are, so that a drawing that was cut off goes on.

    Args:
        folder: The folder, made if need be.
        count: Number of images.
        first: Number of the first image, where several processes share the work. Defaults to `0`.
        size: Side of an image in pixels: images of 64 are drawn, others are scaled from them.
            Defaults to `64`.
        progress: Called from time to time with the number of images done.

    Raises:
        ArgumentError: If a number makes no sense.

    Example:
        >>> write_sprites("sprites", 200_000)
        >>> data = load_dataset("folder", "sprites", stream=True)
    """
    for name, number, least in (("count", count, 1), ("first", first, 0), ("size", size, 1)):
        if not isinstance(number, int) or number < least:
            raise ArgumentError(
                f"`{name}` must be an integer >= {least}. Received: {name}={number!r}"
            )
    folder = Path(folder)
    numbers = np.arange(first, first + count)
    values = sprite_values(numbers)
    # Shapes that differ only in where they are share a stamp, of which the last few are kept.
    order = np.lexsort(values[:, :3].T)
    for start in range(0, count, _ROW):
        part = order[start : start + _ROW]
        shapes = values[part, 0].astype(int)
        paths = [
            folder / CLASS_NAMES[shape] / f"{number // _ROW:04d}" / f"{number:07d}.png"
            for shape, number in zip(shapes, numbers[part], strict=True)
        ]
        missing = [place for place, path in enumerate(paths) if not path.exists()]
        if missing:
            images = draw_sprites(values[part[missing]])
            for place, image in zip(missing, images, strict=True):
                _write(image[..., 0], size, paths[place])
        if progress is not None:
            progress(start + len(part))


def _write(image: np.ndarray, size: int, path: Path) -> None:
    """Write one file, under another name until it is whole."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(image)
    if size != SIZE:
        picture = picture.resize((size, size), Image.Resampling.BILINEAR)
    beside = path.with_name(f".{path.name}")  # which no reader of folders takes
    picture.save(beside, "PNG", compress_level=1)
    beside.replace(path)
