"""What a classifier of real images tells about generated ones, from its class probabilities."""

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_labels, check_matrix
from vae_keras.errors import ArgumentError


def classifier_accuracy(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Compute the share of images whose most probable class is their label.

    On real test images it tells how good the classifier is; on images generated for a class, how
    well they show that class, as far as the classifier can tell.

    Args:
        probabilities: Of each class, shape `(n, num_classes)`.
        labels: Class of each image, shape `(n,)`.

    Returns:
        Share in `[0, 1]`.

    Raises:
        ArgumentError: If the rows are no probabilities, or the labels do not fit them.
    """
    matrix = _check_probabilities(probabilities)
    classes = check_labels("labels", labels, len(matrix), "probabilities")
    return float(np.mean(matrix.argmax(axis=1) == classes))


def sample_confidence(probabilities: ArrayLike) -> float:
    """Compute the mean over images of the largest probability.

    It is low if samples lie between the classes. As a classifier may also be confident about images
    of no class at all, compare with its confidence on real test images.

    Args:
        probabilities: Of each class, shape `(n, num_classes)`.

    Returns:
        Mean in `[1 / num_classes, 1]`.

    Raises:
        ArgumentError: If the rows are no probabilities.
    """
    return float(np.mean(_check_probabilities(probabilities).max(axis=1)))


def sample_class_entropy(probabilities: ArrayLike) -> float:
    """Compute the entropy of the mean prediction, which is low if classes are missing.

    `-sum_c p_c log p_c` with `p_c` the mean probability of class `c` over the images.

    Args:
        probabilities: Of each class, shape `(n, num_classes)`.

    Returns:
        Nats, from 0 if all images are surely of one class to `log(num_classes)` if the classes are
        equally frequent.

    Raises:
        ArgumentError: If the rows are no probabilities.
    """
    from scipy.special import entr  # type: ignore[import-untyped]

    return float(entr(_check_probabilities(probabilities).mean(axis=0)).sum())


def _check_probabilities(probabilities: ArrayLike) -> np.ndarray:
    """Return probabilities of shape `(n, num_classes)` as float64; each row sums to 1."""
    matrix = check_matrix("probabilities", probabilities)
    sums = matrix.sum(axis=1)
    if matrix.min() < 0 or np.abs(sums - 1).max() > 1e-3:
        raise ArgumentError(
            "`probabilities` must be at least 0 and sum to 1 in each row. Received: values from "
            f"{matrix.min():.4g}, sums in [{sums.min():.4g}, {sums.max():.4g}]"
        )
    return matrix
