"""The Frechet inception distance, by the package torchmetrics."""

import os
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_images
from vae_keras.checks import positive_integer
from vae_keras.errors import ArgumentError
from vae_keras.evaluation.metrics._images import check_same_size, check_unit_range

_INSTALL = "`pip install 'vae-keras[fid]'` (torch, torchmetrics and torch-fidelity)"


def frechet_inception_distance(
    images: ArrayLike,
    other_images: ArrayLike,
    *,
    weights: str | os.PathLike[str] | None = None,
    batch_size: int = 50,
) -> float:
    """Compute the Frechet inception distance (FID) of two sets of images.

    `torchmetrics.image.fid.FrechetInceptionDistance`: from the 2,048 pooled features of the
    published Inception network, whose weights the package torch-fidelity provides. Images are
    converted to 8 bits and resized to 299 x 299; grey images are repeated in three channels.

    Published values are of 50,000 samples; fewer samples give a larger distance, and fewer than
    2,048 singular covariances. The network was trained on photographs: for small grey images the
    `frechet_distance` in the features of a classifier of such images is more informative. It takes
    about 0.2 s per image on a CPU core.

    Args:
        images: Shape `(n, height, width, channels)`, one or three channels, float in `[0, 1]` or
            uint8, n > 1; usually real images.
        other_images: Shape `(m, height, width, channels)`, m > 1; usually samples.
        weights: File of the network's weights (`weights-inception-2015-12-05-6726825d.pth`).
            Defaults to `None`: torch-fidelity takes them from PyTorch's cache, or downloads them
            into it. Such a file can contain code that runs when it is opened, so use only files
            that you trust.
        batch_size: Number of images in a batch, > 0. Defaults to `50`.

    Returns:
        The distance; less is better.

    Raises:
        ArgumentError: If the packages are not installed, the weights cannot be loaded, or the
            images do not fit.

    References:
        Heusel et al. (2017), "GANs trained by a two time-scale update rule converge to a local Nash
        equilibrium". arXiv:1706.08500
    """
    first = check_images("images", images, at_least=2)
    second = check_images("other_images", other_images, at_least=2)
    check_same_size("images", first, "other_images", second)
    if first.shape[-1] not in (1, 3):
        raise ArgumentError(
            f"`images` must have one channel or three. Received: images.shape={first.shape}"
        )
    check_unit_range("images", first)
    check_unit_range("other_images", second)
    positive_integer("batch_size", batch_size)
    if weights is not None and not Path(weights).is_file():
        raise ArgumentError(f"`weights` must be a file. Received: weights={os.fspath(weights)!r}")

    metric = _metric(weights)
    import torch

    for array, real in ((first, True), (second, False)):
        for start in range(0, len(array), batch_size):
            batch = _to_channels_first(array[start : start + batch_size])
            metric.update(torch.from_numpy(batch), real=real)
    return float(metric.compute())


def _metric(weights: str | os.PathLike[str] | None) -> Any:
    try:
        import torch_fidelity  # type: ignore[import-not-found,unused-ignore] # noqa: F401
        from torchmetrics.image.fid import (  # type: ignore[import-not-found,unused-ignore]
            FrechetInceptionDistance,
        )
    except ImportError as error:
        raise ArgumentError(
            f"The Frechet inception distance needs optional packages: {_INSTALL}, or take "
            f"`frechet_distance` with features of your own. Received: {error}"
        ) from error
    path = None if weights is None else os.fspath(weights)
    try:
        return FrechetInceptionDistance(feature_extractor_weights_path=path)
    except (OSError, RuntimeError, UnpicklingError, EOFError) as error:
        # A failed download is an OSError; PyTorch raises the others for a file of other content.
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ArgumentError(
            "`weights` must be the Inception weights of torch-fidelity, which it downloads into "
            "PyTorch's cache ($TORCH_HOME/hub/checkpoints, ~/.cache/torch/hub/checkpoints). Put "
            "weights-inception-2015-12-05-6726825d.pth (from torch-fidelity's releases) there, or "
            f"give its path. Received: weights={path!r}, {reason}"
        ) from error


def _to_channels_first(images: np.ndarray) -> np.ndarray:
    """Return a batch as uint8 of shape `(n, 3, height, width)`."""
    if images.dtype != np.uint8:
        images = np.rint(np.clip(images, 0, 1) * 255).astype(np.uint8)
    rgb = np.repeat(images, 3, axis=-1) if images.shape[-1] == 1 else images
    return np.ascontiguousarray(np.moveaxis(rgb, -1, 1))
