"""Fashion-MNIST: 60,000 + 10,000 greyscale images of clothes, 28 x 28, ten classes."""

import hashlib
import io
from functools import partial
from importlib import resources
from pathlib import Path

import numpy as np

from vae_keras.data.dataset import Source, Split
from vae_keras.data.readers import checksum, download, keras_cache
from vae_keras.data.readers.idx import IDX_FILES, idx_files, read_idx, read_idx_folder
from vae_keras.errors import DataError

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
SYSTEM_FOLDER = Path("/usr/share/datasets/fashion-mnist")  # Debian: dataset-fashion-mnist
# sha256 of the content after the IDX header; checksum.py says why not of the files.
CHECKSUMS = {
    "train-images-idx3-ubyte.gz": (
        "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012"
    ),
    "train-labels-idx1-ubyte.gz": (
        "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9"
    ),
}
BUNDLED_FILE = "fashion_mnist_part.npz"
BUNDLED_SHA256 = "009dc909d6914f083fba08e5fd702ecb398ce07d2710ca2194130aea5eedb6e1"


def read_fashion_mnist(path: Path | None = None) -> Source:
    """Read Fashion-MNIST from the first of several places that has it.

    The places: the Keras cache; the folder of Debian's package; a download into the Keras cache;
    the part that comes with this package (10,000 training and 2,000 test images), of which `notice`
    tells.

    Args:
        path: A folder with the four IDX files, which is then the only place, and whose images need
            not be the published ones. Defaults to `None`.

    Raises:
        DataError: If the files that were found are damaged.
    """
    if path is not None:
        return _read_users_folder(path)
    cache = keras_cache.datasets_folder() / "fashion-mnist"
    if len(idx_files(cache)) == len(IDX_FILES):
        return _read_cache(cache, "Keras cache")
    if len(idx_files(SYSTEM_FOLDER)) == len(IDX_FILES):
        advice = "Reinstall the package dataset-fashion-mnist"
        train, test = read_idx_folder(SYSTEM_FOLDER, CHECKSUMS, advice)
        return Source(train, test, f"system package ({SYSTEM_FOLDER})", CLASS_NAMES)
    try:
        _download_missing(cache)
    except download.DownloadFailed as error:
        return _read_bundled_part(str(error))
    return _read_cache(cache, "download into the Keras cache")


def _read_users_folder(folder: Path) -> Source:
    """Read the user's own files, published or not."""
    train, test = read_idx_folder(folder)
    largest = max(int(part.labels.max()) for part in (train, test) if part.labels is not None)
    names = CLASS_NAMES if largest < len(CLASS_NAMES) else None
    return Source(train, test, f"folder {keras_cache.shown(folder)}", names)


def _read_cache(folder: Path, place: str) -> Source:
    """Read the files in the Keras cache, which must be the published ones."""
    train, test = read_idx_folder(folder, CHECKSUMS, "Delete the file to have it downloaded again")
    return Source(train, test, f"{place} ({keras_cache.shown(folder)})", CLASS_NAMES)


def _download_missing(folder: Path) -> None:
    """Download the files that `folder` lacks; stop at the first failure."""
    present = idx_files(folder)
    for name in IDX_FILES:
        if name not in present:
            download.download(URL + name, folder / name, partial(_verify, name=name))


def _verify(part: Path, name: str) -> None:
    """Raise `DataError` unless `part` holds the array that is published as `name`."""
    array = read_idx(part, 3 if "images" in name else 1)
    checksum.check_published(array, CHECKSUMS[name], part, "Try again")


def _read_bundled_part(reason: str) -> Source:
    """Read the part that comes with the package; `reason` says why the whole is missing."""
    file = resources.files("vae_keras.data.bundled") / BUNDLED_FILE
    content = file.read_bytes()
    received = hashlib.sha256(content).hexdigest()
    if received != BUNDLED_SHA256:
        raise DataError(
            f"{file} is damaged. Reinstall vae-keras. Expected sha256: {BUNDLED_SHA256}. "
            f"Received: {received}"
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        train, test = (
            Split(arrays[f"x_{part}"][..., np.newaxis], arrays[f"y_{part}"].astype(np.int64))
            for part in ("train", "test")
        )
    notice = (
        f"Only a part of Fashion-MNIST is used: the {len(train):,} training and {len(test):,} test "
        "images that come with the package. The whole needs a network, "
        "`apt install dataset-fashion-mnist` or `--data FOLDER` with its four .gz files "
        f"({reason})."
    )
    return Source(train, test, f"bundled part ({BUNDLED_FILE})", CLASS_NAMES, notice)
