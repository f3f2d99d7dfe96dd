"""Many small images in one large one, small enough for a page."""

import io
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from vae_keras.report.encoding import data_url

_LARGEST_SIDE = 16_000  # pixels; the limit of WebP is 16,383
_LARGEST_AREA = 8_000_000  # pixels, of which a browser takes four bytes each, and WebP twenty
_QUALITIES = (None, 92, 85, 75, 60)  # of WebP; `None` is lossless


def sheet_columns(count: int, image_shape: tuple[int, int, int]) -> int:
    """Return the number of images in a row of a sheet that is about square."""
    height, width, _ = image_shape
    return max(1, min(round(math.sqrt(count * height / width)), _LARGEST_SIDE // width))


def largest_count(image_shape: tuple[int, int, int]) -> int:
    """Return the largest number of images in a sheet."""
    height, width, _ = image_shape
    return max(
        1, min(_LARGEST_AREA // (height * width), (_LARGEST_SIDE // max(height, width)) ** 2)
    )


def sheet_urls(sets: Sequence[np.ndarray], max_bytes: float) -> list[str] | None:
    """Encode each set of images as one WebP sheet, with the least loss that the bound allows.

    Args:
        sets: Images, each `(n, height, width, channels)`, uint8, channels 1 or 3.
        max_bytes: Bound on the length of all URLs together.

    Returns:
        A data URL for each set, in rows of `sheet_columns` images; `None` if even the lowest
        quality is too long.
    """
    sheets = [_sheet(images) for images in sets]
    for quality in _QUALITIES:
        urls = [_webp(sheet, quality) for sheet in sheets]
        if sum(map(len, urls)) <= max_bytes:
            return urls
    return None


def _sheet(images: np.ndarray) -> Image.Image:
    """Lay images out row after row, the rest black."""
    count, height, width, channels = images.shape
    columns = sheet_columns(count, (height, width, channels))
    rows = math.ceil(count / columns)
    tiles = np.zeros((rows * columns, height, width, channels), "uint8")
    tiles[:count] = images
    canvas = tiles.reshape(rows, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    canvas = canvas.reshape(rows * height, columns * width, channels)
    return Image.fromarray(canvas[..., 0] if channels == 1 else canvas).convert("RGB")


def _webp(sheet: Image.Image, quality: int | None) -> str:
    file = io.BytesIO()
    if quality is None:
        sheet.save(file, "webp", lossless=True, quality=50, method=2)
    else:
        sheet.save(file, "webp", quality=quality, method=2)
    return data_url(file.getvalue(), "image/webp")
