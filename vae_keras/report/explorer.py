"""The latent explorer: an HTML page for moving through the latent space of a model."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from vae_keras.checks import check_seed, positive_integer
from vae_keras.errors import ArgumentError
from vae_keras.io.files import write_text
from vae_keras.report.decoder_export import export_decoder
from vae_keras.report.decoder_layers import NotExportable
from vae_keras.report.encoding import base64_array
from vae_keras.report.plane import (
    PRIOR_LIMIT,
    PrincipalPlane,
    code_range,
    decoded_grid,
    principal_plane,
)
from vae_keras.report.plot import hex_colors
from vae_keras.report.points import Points, chosen_points
from vae_keras.report.render import explorer_fragment, explorer_page
from vae_keras.report.sheet import largest_count, sheet_columns, sheet_urls

# Characters of the explorer's data. With 1.3 MB of BokehJS a page stays below 5.5 MB, and a report
# with its figures below 8 MB.
_DATA_BYTES = 4_000_000
_CODE_BYTES = 1_200_000
_GRID_BYTES = 2_000_000
_FRAME_HEIGHT = 940  # pixels, in a notebook; a higher page scrolls


@dataclass(frozen=True)
class Explorer:
    """A page for exploring the latent space, which works without Python and without a network.

    A notebook displays it, also when it is opened without being run.

    Attributes:
        data: Everything that the page shows, in types that JSON has.
        title: Title of the page.
    """

    data: dict[str, Any] = field(repr=False)  # megabytes, which a notebook would store as text
    title: str = "Latent explorer"

    @property
    def html(self) -> str:
        """The complete page."""
        return explorer_page(self.title, self.data)

    @property
    def fragment(self) -> str:
        """The explorer as a part of another page, which must have its scripts and styles."""
        return explorer_fragment(self.data)

    def save(self, path: str | Path) -> None:
        """Write the page to a file.

        Raises:
            RunDirectoryError: If the file cannot be written.
        """
        write_text(path, self.html)

    def _repr_html_(self) -> str:
        page = html.escape(self.html, quote=True)
        return (
            f'<iframe srcdoc="{page}" title="{html.escape(self.title)}" loading="lazy" '
            f'style="width:100%;height:{_FRAME_HEIGHT}px;border:0"></iframe>'
        )


def explore(
    model: Any,
    images: Any,
    labels: Any = None,
    *,
    class_names: Sequence[str] | None = None,
    points: int = 2000,
    seed: int = 0,
) -> Explorer:
    """Make a page in which the reader points at codes and sees the images that they stand for.

    The page shows the codes of images as dots. At a dot it shows the image, its reconstruction and
    its metrics; anywhere else the image that the decoder computes from the code there, in the page
    itself and with weights of 16 bits. If the decoder is too large for that, or has layers that
    the page does not know, images on a grid are decoded beforehand, and the page says so.

    Args:
        model: A `VAE`, `ConditionalVAE` or `Autoencoder`.
        images: Shape `(n, height, width, channels)`, uint8 or float in the model's range; 1 or 3
            channels.
        labels: Class of each image, integers of shape `(n,)`, for the colours of the dots. A
            conditional model needs them. Defaults to `None`.
        class_names: Name of each class. Defaults to the numbers.
        points: Largest number of images, which are chosen at random; fewer are shown if the page
            would be larger than 5.5 MB. Defaults to `2000`.
        seed: Seed of the choice. Defaults to `0`.

    Returns:
        The page; `.save(path)` writes it, and a notebook displays it.

    Raises:
        ArgumentError: If an argument is invalid, or the codes are not finite.
        DataError: If the images do not fit the model.

    Example:
        >>> vae_keras.explore(vae, x_test, y_test).save("explorer.html")
    """
    points = positive_integer("points", points)
    check_seed(seed)
    images = model.check_images(np.asarray(images), name="images")
    if images.shape[-1] not in (1, 3):
        raise ArgumentError(
            f"`images` must have 1 or 3 channels to be shown. Received: images.shape={images.shape}"
        )
    labels, names = _checked_classes(model, labels, class_names, len(images))
    decoder, refusal = _exported(model)
    room = _DATA_BYTES - (len(decoder["weights"]) if decoder else _GRID_BYTES)
    most = min(points, largest_count(model.image_shape))
    most = min(most, max(1, _CODE_BYTES // (6 * model.latent_dim)))
    chosen = chosen_points(model, images, labels, count=most, seed=seed)
    chosen, sheets = _fitting(chosen, room - 6 * chosen.codes.size)
    plane = principal_plane(chosen.codes) if model.latent_dim > 2 else None
    grid = None
    if decoder is None:
        prior = model.is_variational
        grid = decoded_grid(model, chosen.codes, plane, prior=prior, max_bytes=_GRID_BYTES)
    return Explorer(
        {
            "shape": model.image_shape,
            "latentDim": model.latent_dim,
            "total": len(images),
            "conditional": bool(model.num_classes),
            "classesGiven": labels is not None,
            "classes": [
                {"name": name, "color": color}
                for name, color in zip(names, hex_colors(names), strict=True)
            ],
            **_data_of_points(chosen),
            "sheets": sheets,
            "columns": sheet_columns(len(chosen.codes), model.image_shape),
            **_data_of_space(chosen.codes, plane, prior=model.is_variational),
            "decoder": decoder,
            "grid": grid,
            "refusal": refusal,
        }
    )


def _data_of_points(points: Points) -> dict[str, Any]:
    """Return what the page holds of each image, and the relevance of each dimension."""
    return {
        "indices": points.indices.tolist(),
        "labels": None if points.labels is None else points.labels.tolist(),
        "codes": base64_array(points.codes.astype("<f4")),
        "measures": [
            {"name": one.name, "unit": one.unit, "values": _rounded(one.values)}
            for one in points.metrics
        ],
        "relevance": _rounded(points.relevance),
        "relevanceName": points.relevance_name,
    }


def _data_of_space(
    codes: np.ndarray, plane: PrincipalPlane | None, *, prior: bool
) -> dict[str, Any]:
    """Return what the page holds of the latent space: its range, origin and principal plane."""
    low, high = code_range(codes, prior=prior)
    # Zero has no special meaning for the codes of an autoencoder.
    origin = np.zeros(codes.shape[1]) if prior else codes.mean(axis=0)
    principal = None
    if plane is not None:
        principal = {
            "center": _rounded(plane.center, 7),
            "axes": [_rounded(axis, 7) for axis in plane.axes],
            "explained": _rounded(plane.explained),
        }
    return {
        "low": _rounded(low),
        "high": _rounded(high),
        "span": [-PRIOR_LIMIT, PRIOR_LIMIT] if prior else [],
        "origin": _rounded(origin),
        "originName": "Prior mean (all 0)" if prior else "Mean of the codes",
        "principal": principal,
    }


def _checked_classes(
    model: Any, labels: Any, class_names: Sequence[str] | None, count: int
) -> tuple[np.ndarray | None, list[str]]:
    """Return labels as a vector, and the name of each class; without labels, one empty name."""
    if model.num_classes:
        labels = model.check_label(labels, count)
    if labels is None:
        return None, [""]
    vector = np.asarray(labels)
    if vector.shape == (count, 1):
        vector = vector[:, 0]
    if vector.shape != (count,) or not np.issubdtype(vector.dtype, np.integer) or vector.min() < 0:
        raise ArgumentError(
            f"`labels` must be integers of at least 0, one for each of the {count} images. "
            f"Received: labels.shape={vector.shape}, labels.dtype={vector.dtype}"
        )
    classes = max(int(vector.max()) + 1, model.num_classes)
    if class_names is None:
        return vector, [str(number) for number in range(classes)]
    if len(class_names) < classes:
        raise ArgumentError(
            f"`class_names` must have a name for each of the {classes} classes. "
            f"Received: {len(class_names)} names"
        )
    return vector, [str(name) for name in class_names]


def _exported(model: Any) -> tuple[dict[str, Any] | None, str]:
    """Return the decoder for the page, or `None` and the reason why the page cannot compute it."""
    try:
        return export_decoder(model), ""
    except NotExportable as refusal:
        return None, str(refusal)


def _fitting(points: Points, max_bytes: int) -> tuple[Points, list[str]]:
    """Return as many of the points as fit in `max_bytes`, and the sheets of their images."""
    while True:
        last = len(points.indices) == 1
        sets = [points.images, points.reconstructions]
        urls = sheet_urls(sets, math.inf if last else max_bytes)
        if urls is not None:
            return points, urls
        points = points.first(max(1, int(0.75 * len(points.indices))))


def _rounded(values: np.ndarray, digits: int = 5) -> list[float]:
    """Return numbers rounded to so many significant digits, to save room in the page."""
    return [float(f"{value:.{digits}g}") for value in np.asarray(values, "float64")]
