"""Train, validation and test: three disjoint sets, by seed."""

import numpy as np

from vae_keras.data.dataset import BOUNDED_BYTES, ImageDataset, Source, Split
from vae_keras.data.images.lazy_images import ImageFiles
from vae_keras.data.readers.checksum import sha256
from vae_keras.errors import ArgumentError, DataError

TEST_FRACTION = 0.2  # if no test set is published
MOST_TEST_IMAGES = 10_000  # of image files: the test set is held in memory
_SMALL = 5  # below this many times `validation_size`, a tenth of the training part is held out


def split_source(
    name: str,
    source: Source,
    *,
    train_size: int | None,
    validation_size: int,
    seed: int,
) -> ImageDataset:
    """Split what a reader returned.

    The test set is the published one, or a fifth of the images, drawn by `seed`. So is the
    validation set: the published one, or images drawn by `seed` from the others, in the drawn
    order. It then has `validation_size` images; if the training part has fewer than five times as
    many, it has a tenth of that part, at least one image. The rest is for training, in its original
    order; `train_size` keeps the first images of it. So test and validation do not depend on
    `train_size`.

    Of image files, the test and validation sets are read into memory. So they take at most 128 MiB
    each, and a drawn test set has at most 10,000 images.

    Args:
        name: Name of the data set.
        source: What the reader returned.
        train_size: Number of training images to keep, or `None` for all.
        validation_size: Number of validation images; 0 for none.
        seed: Seed of the permutations, >= 0.

    Raises:
        ArgumentError: If `train_size` is larger than the number of images left for training.
        DataError: If there are too few images for the sets asked for.
    """
    generator = np.random.default_rng(seed)
    part, test = source.train, source.test
    parts = (part, test, source.validation)
    checksum = source.checksum or sha256(*(array for one in parts for array in _arrays(one)))
    indices, origin = np.arange(len(part)), source.origin
    if test is None:
        drawn = generator.permutation(len(part))
        fifth = max(1, round(TEST_FRACTION * len(part)))
        held_out = min(fifth, _most(part, MOST_TEST_IMAGES))
        if held_out < fifth:
            origin += f", test set held to {held_out:,} images"
        test = part.take(drawn[:held_out]).in_memory()
        indices = np.sort(drawn[held_out:])
    published = source.validation if validation_size else None
    wanted = 0 if published is not None else min(validation_size, _most(part, validation_size))
    count = _validation_count(len(indices), wanted)
    drawn = generator.permutation(len(indices))
    validation, train = indices[drawn[:count]], indices[np.sort(drawn[count:])]
    _check_counts(source, len(part), len(train), count, train_size)
    return ImageDataset(
        name=name,
        train=part.take(train[:train_size]),
        validation=part.take(validation).in_memory() if published is None else published,
        test=test,
        class_names=source.class_names,
        source=origin,
        checksum=checksum,
        notice=source.notice,
        factor_names=source.factor_names,
        prepared=source.prepared,
    )


def _validation_count(available: int, validation_size: int) -> int:
    """Return the number of images that are held out for validation."""
    if validation_size == 0 or available >= _SMALL * validation_size:
        return validation_size
    return min(validation_size, max(1, available // 10))


def _most(part: Split, count: int) -> int:
    """Return how many images may be held in memory: at most `count` files, or all of an array."""
    if not isinstance(part.images, ImageFiles):
        return len(part)
    return min(count, max(1, BOUNDED_BYTES // int(np.prod(part.images.image_shape))))


def _check_counts(
    source: Source, total: int, available: int, validation: int, train_size: int | None
) -> None:
    """Raise unless there is a training image, and at least `train_size` of them."""
    if available < 1:
        raise DataError(
            f"{source.origin} must hold enough images for the sets asked for, at least one each. "
            f"Received: {total}"
        )
    if train_size is not None and train_size > available:
        raise ArgumentError(
            f"`train_size` must be at most {available}: {source.origin} has {total} images to "
            f"train on, less those held out ({validation} for validation"
            f"{'' if source.test is not None else ', a fifth for the test'}). "
            f"Received: train_size={train_size}"
        )


def _arrays(split: Split | None) -> list[np.ndarray]:
    """Return the arrays that `split` holds."""
    if split is None:
        return []
    arrays = (split.images, split.labels, split.factors)
    return [array for array in arrays if array is not None]
