"""Excludes classes from a data set; their test images become anomalies."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from vae_keras.data.dataset import ImageDataset, Split
from vae_keras.errors import ArgumentError, DataError, unknown_name


def without_classes(dataset: ImageDataset, classes: Sequence[str]) -> ImageDataset:
    """Exclude classes from all three splits; their test images become `anomalies`.

    Args:
        dataset: Images with labels.
        classes: Names of the classes, or their numbers as text. The other classes keep their
            numbers.

    Raises:
        DataError: If there are no labels.
        ArgumentError: If a class does not exist, or a split would be empty.
    """
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    if any(len(part) and part.labels is None for part in parts.values()):
        raise DataError(
            "`exclude_classes` must go with images that have labels. "
            f"Received: {dataset.name}, without labels"
        )
    numbers = [_class_number(name, dataset) for name in classes]
    kept = {name: _part_of(part, numbers, inside=False) for name, part in parts.items()}
    for name, part in parts.items():
        if len(part) and not len(kept[name]):
            raise ArgumentError(
                f"`exclude_classes` must leave images to the {name} set. "
                f"Received: exclude_classes={tuple(classes)!r}"
            )
    return dataclasses.replace(
        dataset,
        train=kept["train"],
        validation=kept["validation"],
        test=kept["test"],
        anomalies=_part_of(dataset.test, numbers, inside=True),
    )


def _class_number(name: str, dataset: ImageDataset) -> int:
    """Return the number of a class given by name or number; a name takes precedence."""
    parts = (np.asarray(dataset.train.labels), np.asarray(dataset.test.labels))
    known = np.unique(np.concatenate(parts)).tolist()
    names = dataset.class_names or tuple(str(number) for number in range(known[-1] + 1))
    if name in names:
        return names.index(name)
    if name.isdecimal() and int(name) in known:
        return int(name)
    raise unknown_name("exclude_classes", name, names)


def _part_of(split: Split, numbers: list[int], *, inside: bool) -> Split:
    """Return the images of a split that are in the classes, or those that are not."""
    if split.labels is None:  # an empty split
        return split
    return split.take(np.isin(split.labels, numbers) == inside)
