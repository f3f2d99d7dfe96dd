"""Binary images, and the draw that makes them of grey ones."""

import numpy as np


def is_binary(x: np.ndarray) -> bool:
    """Whether every pixel value is the lowest or the highest one there is."""
    if x.dtype == np.bool_:
        return True
    highest = 255 if x.dtype == np.uint8 else 1
    return bool(np.isin(x, (0, highest)).all())


def drawn_binary(x: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Draw each pixel as true with its grey value as the probability.

    Args:
        x: uint8, boolean, or float in `[0, 1]`.
        generator: Source of the draw.

    Returns:
        Boolean, same shape; images that are binary already come back the same.
    """
    if x.dtype == np.bool_:
        return x
    scale = 255.0 if x.dtype == np.uint8 else 1.0
    return generator.random(x.shape, dtype="float32") * scale < x
