"""MNIST: 60,000 + 10,000 greyscale images of handwritten digits, 28 x 28."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from vae_keras.data.dataset import Source
from vae_keras.data.readers import checksum, download, keras_cache
from vae_keras.data.readers.array import read_array_file
from vae_keras.data.readers.idx import idx_files, read_idx_folder
from vae_keras.errors import DataError

CLASS_NAMES = tuple("0123456789")
URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
# sha256 of the arrays in mnist.npz; checksum.py says why not of the file.
CHECKSUMS = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}


def read_mnist(path: Path | None = None) -> Source:
    """Read MNIST from the Keras cache, or download it there.

    Args:
        path: `mnist.npz`, a folder that holds it, or a folder with the four IDX files, which is
            then read instead. Defaults to `None`.

    Raises:
        DataError: If the file is damaged, or was neither found nor downloaded.
    """
    if path is not None:
        return _read_users_files(path)
    cached = keras_cache.datasets_folder() / "mnist.npz"
    place = "Keras cache"
    if not os.path.exists(cached):
        place = "download into the Keras cache"
        _download(cached)
    published = _read_published(cached, "Delete the file to have it downloaded again")
    return replace(published, origin=f"{place} ({keras_cache.shown(cached)})")


def _read_users_files(path: Path) -> Source:
    """Read the user's own files."""
    npz = path / "mnist.npz" if os.path.isdir(path) else path
    if os.path.isfile(npz):
        return _read_npz(npz)
    if idx_files(path):
        train, test = read_idx_folder(path)
        return Source(train, test, f"folder {keras_cache.shown(path)}", CLASS_NAMES)
    raise DataError(
        f"{path} must be mnist.npz, or a folder with it or with the four IDX .gz files. "
        "Received: a folder with neither"
    )


def _read_npz(path: Path) -> Source:
    """Read mnist.npz like any array file, and name the classes if they are the digits."""
    source = read_array_file(path)
    labels = [part.labels for part in (source.train, source.test) if part is not None]
    known = all(one is None or one.max() < len(CLASS_NAMES) for one in labels)
    return replace(source, class_names=CLASS_NAMES if known else None)


def _download(target: Path) -> None:
    """Download mnist.npz into the Keras cache."""
    try:
        download.download(URL, target, lambda part: _read_published(part, "Try again"))
    except download.DownloadFailed as error:
        raise DataError(
            f"MNIST was not found in {target} and not downloaded ({error}). Put mnist.npz there "
            f"(from {URL}), or give its folder with `--data FOLDER`. Received: name='mnist'"
        ) from error


def _read_published(path: Path, advice: str) -> Source:
    """Read `path`, which must hold the published arrays."""
    try:
        source = _read_npz(path)
    except DataError as error:
        raise DataError(f"{advice}: {error}") from error
    for part, split in (("train", source.train), ("test", source.test)):
        if split is None or split.labels is None:
            raise DataError(f"{path} must be MNIST. {advice}. Received: no x_{part} or y_{part}")
        checksum.check_published(split.images, CHECKSUMS[f"x_{part}"], path, advice)
        checksum.check_published(
            split.labels.astype(np.uint8), CHECKSUMS[f"y_{part}"], path, advice
        )
    return source
