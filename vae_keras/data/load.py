"""`load_dataset`: one call from a name or a path to three splits."""

import dataclasses
import os
from pathlib import Path

from vae_keras.checks import height_and_width, integer, positive_integer
from vae_keras.data.dataset import ImageDataset, Source, Split
from vae_keras.data.images.image_files import EXTENSIONS, holds_images
from vae_keras.data.images.preparation import Preparation
from vae_keras.data.readers.array import SUFFIXES, read_array_file
from vae_keras.data.readers.digits import read_digits
from vae_keras.data.readers.fashion_mnist import read_fashion_mnist
from vae_keras.data.readers.folder import read_folder
from vae_keras.data.readers.idx import idx_files
from vae_keras.data.readers.mnist import read_mnist
from vae_keras.data.readers.sprites import read_sprites
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
# Data sets without a file, and where their images come from.
WITHOUT_FILES = {"digits": "scikit-learn carries", "sprites": "the package draws"}


def load_dataset(
    name: str | None = DEFAULT_NAME,
    path: str | os.PathLike[str] | None = None,
    *,
    train_size: int | None = None,
    validation_size: int = 5000,
    seed: int = 0,
    stream: bool | None = None,
    image_size: int | tuple[int, int] | str | None = None,
    crop: str = "center",
    background: str = "white",
    channels: int | None = None,
) -> ImageDataset:
    """Load a data set by name, or the user's own images by path.

    If `path` is given, Fashion-MNIST and MNIST are read from there alone. Otherwise they are looked
    for in the Keras cache (`$KERAS_HOME/datasets` or `~/.keras/datasets`), then in the folder of
    the operating system's package, and then downloaded into the Keras cache, unless the environment
    variable `VAE_KERAS_OFFLINE=1` forbids it. If Fashion-MNIST is in none of these places, the part
    of it that comes with the package is used instead, and `notice` says so.

    Args:
        name: One of `DATASET_NAMES`. `None` is the default.
        path: For `fashion_mnist` a folder with its four IDX files; for `mnist` that, `mnist.npz` or
            its folder; for `folder` a folder of images; for `array` a `.npy` or `.npz` file. With
            the default name, a folder of images or an array file is recognised.
        train_size: Number of training images to keep, > 0: the first ones. Defaults to all.
        validation_size: Number of training images held out for validation, >= 0. If the training
            part has fewer than five times as many, a tenth of it is held out instead. Defaults to
            `5000`.
        seed: Determines which images are held out. Defaults to `0`.
        stream: Whether to read the training images of a folder as they are needed, rather than hold
            them in memory. Defaults to `None`: if all would take more than 2 GiB.
        image_size: Size that images of any size are brought to, antialiased: the side of a square,
            or `(height, width)`. Defaults to `None`: images keep their size, and must have one.
        crop: What `image_size` does to an image of another shape: `"center"` cuts off what is
            beyond it, evenly on both sides; `"none"` keeps the whole image and stretches it;
            `"pad"` keeps the whole image in its shape, on the background. Defaults to `"center"`.
        background: Colour behind the transparent images of a folder and behind padded ones: a name
            or `#rrggbb`. Defaults to `"white"`.
        channels: Channels of the images of a folder: 1 for grey, 3 for colour. Defaults to `None`:
            3 if any image is in colour.

    Returns:
        Train, validation and test images in bytes, with labels if there are any, and for `sprites`
        with the factors that they were drawn from. The training images of a streamed folder are
        `ImageFiles`, and its test set has at most 10,000 images and 128 MiB.

    Raises:
        ArgumentError: If an argument is out of range or contradicts another.
        DataError: If the images cannot be found or read.

    Example:
        >>> data = load_dataset("digits", train_size=1000)
        >>> data.train.images.shape
        (1000, 8, 8, 1)
    """
    if train_size is not None:
        train_size = positive_integer("train_size", train_size)
    validation_size = integer("validation_size", validation_size)
    seed = integer("seed", seed)
    name, given = reader_and_path(name, path)
    if stream and name != "folder":
        raise ArgumentError(
            "`stream` must go with a folder of images: other data sets are held in memory. "
            f"Received: stream=True with dataset={name!r}"
        )
    _check_preparation(name, image_size, crop, background, channels)
    size = None if image_size is None else height_and_width("image_size", image_size)
    preparation = Preparation(None if size is None else crop, background)
    return split_source(
        name,
        _read(name, given, stream, size, preparation, channels),
        train_size=train_size,
        validation_size=validation_size,
        seed=seed,
    )


def reader_and_path(
    name: str | None, path: str | os.PathLike[str] | None
) -> tuple[str, Path | None]:
    """Return the name of the reader for these arguments, and the path as a `Path`."""
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
    if name in WITHOUT_FILES:
        raise ArgumentError(
            f"`path` must not be given with dataset={name!r}, which {WITHOUT_FILES[name]}. "
            f"Received: path={str(path)!r}"
        )
    return (_kind_of(given) if name == DEFAULT_NAME else name), given


def _kind_of(path: Path) -> str:
    """Return the data set that a path holds, if the user has not named one."""
    if os.path.isdir(path):
        if idx_files(path):
            return DEFAULT_NAME
        if holds_images(path):
            return "folder"
        raise DataError(
            f"`path` must hold images ({', '.join(EXTENSIONS)}) or the four IDX files of "
            f"Fashion-MNIST. Received: path={str(path)!r}, which holds neither"
        )
    if path.suffix.lower() in SUFFIXES:
        return "array"
    raise DataError(
        "`path` must be a folder of images, a folder with the four IDX files, or a .npy or .npz "
        f"file. Received: path={str(path)!r}"
    )


def _check_preparation(
    name: str, image_size: object, crop: str, background: str, channels: int | None
) -> None:
    """Raise `ArgumentError` for an argument that would change nothing."""
    if image_size is None and crop != "center":
        raise ArgumentError(
            "`crop` must go with `image_size`, the size to bring images to. "
            f"Received: crop={crop!r}"
        )
    if name != "folder" and crop != "pad" and background != "white":
        raise ArgumentError(
            "`background` must go with a folder of images, or with crop='pad': other images have "
            f"none. Received: background={background!r} with dataset={name!r}"
        )
    if channels is not None and (name != "folder" or channels not in (1, 3)):
        raise ArgumentError(
            "`channels` must be 1 or 3, for a folder of images. "
            f"Received: channels={channels!r} with dataset={name!r}"
        )


def _read(
    name: str,
    path: Path | None,
    stream: bool | None,
    image_size: tuple[int, int] | None,
    preparation: Preparation,
    channels: int | None,
) -> Source:
    """Read a data set, its images in the size that is asked for."""
    if path is not None and name == "folder":
        return read_folder(
            path,
            stream=stream,
            image_size=image_size,
            channels=channels,
            preparation=preparation,
        )
    source = _read_arrays(name, path)
    return source if image_size is None else _fitted(source, image_size, preparation)


def _read_arrays(name: str, path: Path | None) -> Source:
    """Call the reader of a data set that is held in arrays."""
    if name == "mnist":
        return read_mnist(path)
    if name == "digits":
        return read_digits()
    if name == "sprites":
        return read_sprites()
    if path is not None and name == "array":
        return read_array_file(path)
    return read_fashion_mnist(path)


def _fitted(source: Source, size: tuple[int, int], preparation: Preparation) -> Source:
    """Return a source of arrays with its images in another size."""
    before = source.train.images.shape[1:3]
    if before == size:
        return source

    def fitted(split: Split) -> Split:
        images = preparation.fitted_array(split.images, size, source.origin)
        return dataclasses.replace(split, images=images)

    return dataclasses.replace(
        source,
        train=fitted(source.train),
        test=source.test and fitted(source.test),
        validation=source.validation and fitted(source.validation),
        prepared=f"images of {before[0]} x {before[1]}, {preparation.described(size)}",
    )
