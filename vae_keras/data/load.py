"""`load_dataset`: one call from a name or a path to three splits."""

import operator
import os
from pathlib import Path

from vae_keras.data.dataset import ImageDataset, Source
from vae_keras.data.images.image_files import EXTENSIONS, holds_images
from vae_keras.data.readers import array, digits, fashion_mnist, folder, mnist, sprites
from vae_keras.data.readers.idx import idx_files
from vae_keras.data.split import split_source
from vae_keras.errors import ArgumentError, DataError, unknown_name

DEFAULT_NAME = "fashion_mnist"
DATASET_NAMES: tuple[str, ...] = (
    "fashion_mnist",
    "mnist",
    "digits",
    "sprites",
    "folder",
    "array",
)
"""Data sets that `load_dataset` knows by name."""
_WITHOUT_FILES = {"digits": "scikit-learn carries", "sprites": "the package draws"}


def load_dataset(
    name: str | None = DEFAULT_NAME,
    path: str | os.PathLike[str] | None = None,
    *,
    train_size: int | None = None,
    validation_size: int = 5000,
    seed: int = 0,
    stream: bool | None = None,
) -> ImageDataset:
    """Load a data set by name, or the user's own images by path.

    Fashion-MNIST and MNIST are looked for in `path` and nowhere else if it is given; otherwise in
    the Keras cache (`$KERAS_HOME/datasets` or `~/.keras/datasets`), where the operating system's
    package puts them, and by a download into the Keras cache, which the environment variable
    `VAE_KERAS_OFFLINE=1` forbids. Where none has Fashion-MNIST, the part of it that travels with
    the package stands in, and `notice` says so.

    Args:
        name: One of `DATASET_NAMES`. `None` is the default.
        path: For `fashion_mnist` a folder with its four IDX files; for `mnist` that, `mnist.npz` or
            its folder; for `folder` a folder of images; for `array` a `.npy` or `.npz` file. With
            the default name, a folder of images or an array file is taken for what it is.
        train_size: Keep only the first so many training images, > 0. Defaults to all.
        validation_size: Training images held out for validation, >= 0; 0 for none. A training part
            of fewer than five times as many gives a tenth of itself instead. Defaults to `5000`.
        seed: Decides which images are held out. Defaults to `0`.
        stream: Whether to read the training images of a folder as they are needed, rather than hold
            them in memory. Defaults to `None`: where all would take more than 2 GiB.

    Returns:
        Train, validation and test images in bytes, with labels where there are any, and for
        `sprites` the factors that they were drawn from. The training images of a folder that is
        streamed are `ImageFiles`, and its test set holds at most 10,000 images and 128 MiB.

    Raises:
        ArgumentError: If an argument makes no sense.
        DataError: If the images cannot be had or read.

    Example:
        >>> data = load_dataset("digits", train_size=1000)
        >>> data.train.images.shape
        (1000, 8, 8, 1)
    """
    if train_size is not None:
        train_size = _whole_number("train_size", train_size, least=1)
    validation_size = _whole_number("validation_size", validation_size, least=0)
    seed = _whole_number("seed", seed, least=0)
    name, given = _resolve(name, path)
    if stream and name != "folder":
        raise ArgumentError(
            "`stream` must go with a folder of images: other data sets are held in memory. "
            f"Received: stream=True with dataset={name!r}"
        )
    return split_source(
        name,
        _read(name, given, stream),
        train_size=train_size,
        validation_size=validation_size,
        seed=seed,
    )


def _resolve(name: str | None, path: str | os.PathLike[str] | None) -> tuple[str, Path | None]:
    """Return the name of the reader that fits, and the path as a `Path`."""
    given = None if path is None else Path(path).expanduser()
    if name is None:
        name = DEFAULT_NAME
    if name not in DATASET_NAMES:
        raise unknown_name("dataset", name, DATASET_NAMES)
    if given is None:
        if name in ("folder", "array"):
            raise ArgumentError(f"`path` must be given with dataset={name!r}. Received: path=None")
        return name, None
    if not os.path.exists(given):
        raise DataError(f"`path` must exist. Received: path={str(path)!r}")
    if name in _WITHOUT_FILES:
        raise ArgumentError(
            f"`path` must not be given with dataset={name!r}, which {_WITHOUT_FILES[name]}. "
            f"Received: path={str(path)!r}"
        )
    return (_kind_of(given) if name == DEFAULT_NAME else name), given


def _kind_of(path: Path) -> str:
    """Return what lies at a path that was given without the name of a data set."""
    if os.path.isdir(path):
        if idx_files(path):
            return DEFAULT_NAME
        if holds_images(path):
            return "folder"
        raise DataError(
            f"`path` must hold images ({', '.join(EXTENSIONS)}) or the four IDX files of "
            f"Fashion-MNIST. Received: path={str(path)!r}, which holds neither"
        )
    if path.suffix.lower() in array.SUFFIXES:
        return "array"
    raise DataError(
        "`path` must be a folder of images, a folder with the four IDX files, or a .npy or .npz "
        f"file. Received: path={str(path)!r}"
    )


def _read(name: str, path: Path | None, stream: bool | None) -> Source:
    """Call the reader of a name."""
    if name == "mnist":
        return mnist.read(path)
    if name == "digits":
        return digits.read()
    if name == "sprites":
        return sprites.read()
    if path is not None and name == "folder":
        return folder.read(path, stream=stream)
    if path is not None and name == "array":
        return array.read(path)
    return fashion_mnist.read(path)


def _whole_number(argument: str, value: object, *, least: int) -> int:
    """Return `value` as an int of at least `least`."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least:
        raise ArgumentError(
            f"`{argument}` must be a whole number >= {least}. Received: {argument}={value!r}"
        )
    return number
