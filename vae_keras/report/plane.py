"""Planes through the codes, and a grid of decoded images for a page that cannot decode."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from vae_keras.models.inference.batches import INFERENCE_BATCH_SIZE, usual_batch_size
from vae_keras.report.sheet import largest_count, sheet_columns, sheet_urls

PRIOR_LIMIT = 3.0  # standard deviations of a prior, the least range that is shown
_TILES = 1681  # 41 x 41, in all classes together
_LONGEST = 201  # tiles on a side


@dataclass(frozen=True)
class PrincipalPlane:
    """The plane through the codes' mean along which they vary most.

    Attributes:
        center: Mean of the codes, shape `(latent_dim,)`.
        axes: Orthonormal directions, shape `(2, latent_dim)`.
        explained: Share of the codes' variance along each, shape `(2,)`.
    """

    center: np.ndarray
    axes: np.ndarray
    explained: np.ndarray

    def coordinates(self, codes: np.ndarray) -> np.ndarray:
        """Return the coordinates of each code's projection on the plane, shape `(n, 2)`."""
        return (codes - self.center) @ self.axes.T

    def codes(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the codes at coordinates on the plane, shape `(n, latent_dim)`."""
        return self.center + coordinates @ self.axes


def principal_plane(codes: np.ndarray) -> PrincipalPlane:
    """Return the plane of the first two principal axes of codes `(n, latent_dim >= 2)`."""
    codes = codes.astype("float64")
    center = codes.mean(axis=0)
    covariance = (codes - center).T @ (codes - center) / len(codes)
    variances, vectors = np.linalg.eigh(covariance)
    axes = vectors.T[:-3:-1]
    # Of an axis's two directions, take the one in which its largest component is positive.
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    total = max(variances.sum(), np.finfo("float64").tiny)
    return PrincipalPlane(center, axes * np.sign(largest), variances[:-3:-1] / total)


def code_range(codes: np.ndarray, *, prior: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest value shown of each dimension, each `(latent_dim,)`.

    Args:
        codes: Shape `(n, latent_dim)`.
        prior: Whether to include three standard deviations of a prior.
    """
    low, high = codes.min(axis=0), codes.max(axis=0)
    if prior:
        return np.minimum(low, -PRIOR_LIMIT), np.maximum(high, PRIOR_LIMIT)
    margin = 0.05 * np.maximum(high - low, 1e-3)
    return low - margin, high + margin


def _decoded_bytes(model: Any, codes: np.ndarray, label: int | None) -> np.ndarray:
    """Decode codes to uint8 images, in parts: floats of all of them would fill the memory."""
    size = usual_batch_size(INFERENCE_BATCH_SIZE, model.image_shape)
    return np.concatenate(
        [
            np.round(255 * model.to_unit_range(model.decode(part, label=label))).astype("uint8")
            for part in np.split(codes, range(size, len(codes), size))
        ]
    )


def decoded_grid(
    model: Any, codes: np.ndarray, plane: PrincipalPlane | None, *, prior: bool, max_bytes: int
) -> dict[str, Any]:
    """Decode a grid of codes on a plane; with a conditional model, one grid for each class.

    Args:
        model: Any model of images.
        codes: Codes that the grid has to cover, shape `(n, latent_dim)`.
        plane: Plane of the grid, for more than two dimensions; `None` takes the dimensions
            themselves.
        prior: Whether to include three standard deviations of a prior.
        max_bytes: Bound on the length of the sheets' URLs.

    Returns:
        A mapping for JSON: `sheets`, a data URL for each class (one without classes); `columns`,
        images in a row of a sheet; `counts`, `low` and `high` of the grid along each axis.
    """
    places = codes if plane is None else plane.coordinates(codes)
    low, high = code_range(places, prior=prior)
    classes = range(model.num_classes) if model.num_classes else [None]
    dimensions = places.shape[1]
    tiles = min(_TILES // len(classes), largest_count(model.image_shape))
    side = min(_LONGEST, math.floor(tiles ** (1 / dimensions) + 1e-9))
    side -= (side - 1) % 4  # so that every second tile, twice over, still includes both ends
    lines = [np.linspace(a, b, side) for a, b in zip(low, high, strict=True)]
    # The first axis varies fastest.
    grid = np.stack(np.meshgrid(*lines), axis=-1)
    points = grid.reshape(-1, dimensions)
    codes_of_grid = points if plane is None else plane.codes(points)
    shape = (*grid.shape[:-1], *model.image_shape)
    images = [_decoded_bytes(model, codes_of_grid, one).reshape(shape) for one in classes]
    for bound in (max_bytes, max_bytes, math.inf):
        flat = [one.reshape(-1, *model.image_shape) for one in images]
        urls = sheet_urls(flat, bound)
        if urls is not None:
            break
        every_second = (slice(None, None, 2),) * dimensions
        images = [one[every_second] for one in images]
    side = images[0].shape[0]
    return {
        "sheets": urls,
        "columns": sheet_columns(side**dimensions, model.image_shape),
        "counts": [side] * dimensions,
        "low": low.tolist(),
        "high": high.tolist(),
    }
