"""The mean of a metric over the images of each class."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_class_numbers, check_labels, check_vector
from vae_keras.checks import positive_integer
from vae_keras.errors import ArgumentError
from vae_keras.evaluation.metrics.estimates import standard_error


@dataclass(frozen=True)
class ClassMeans:
    """Means of a value over the images of each class; see `mean_by_class`.

    Attributes:
        classes: The labels, in order, shape `(k,)`.
        mean: Mean of each class, shape `(k,)`, float64; NaN for a class without images.
        standard_error: Standard error of each mean, shape `(k,)`, float64; NaN for a class of
            fewer than two images.
        count: Number of images of each class, shape `(k,)`, int64.
    """

    classes: np.ndarray
    mean: np.ndarray
    standard_error: np.ndarray
    count: np.ndarray


def mean_by_class(
    values: ArrayLike, labels: ArrayLike, num_classes: int | None = None
) -> ClassMeans:
    """Average values of images over each class.

    Args:
        values: Value of each image, say its loss, shape `(n,)`.
        labels: Class of each image, shape `(n,)`.
        num_classes: Number of classes, some of which may have no image; labels must then be whole
            numbers below it. Defaults to `None`: the classes are the labels that occur.

    Returns:
        Mean, standard error and count of each class.

    Raises:
        ArgumentError: If the shapes do not fit, a value is not finite, or a label is not a class.
    """
    vector = check_vector("values", values)
    names = check_labels("labels", labels, len(vector), "values")
    if num_classes is None:
        classes = np.unique(names)
    else:
        positive_integer("num_classes", num_classes)
        names = check_class_numbers("labels", names)
        if names.max() >= num_classes:
            raise ArgumentError(
                f"`labels` must be below `num_classes`, {num_classes}. Received: {names.max()}"
            )
        classes = np.arange(num_classes)
    parts = [vector[names == name] for name in classes]
    return ClassMeans(
        classes=classes,
        mean=np.array([part.mean() if len(part) else np.nan for part in parts]),
        standard_error=np.array([standard_error(part) if len(part) else np.nan for part in parts]),
        count=np.array([len(part) for part in parts]),
    )
