"""A folder of drawn images of any number, to try large data with."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from vae_keras.data.readers.sprites import CLASS_NAMES, FACTORS, SIZE, draw_sprites
from vae_keras.errors import ArgumentError

_ORIENTATIONS = 90  # whole degrees
_ROW = 1000  # files of a sub-folder's sub-folder; and images of one draw


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
