"""Accuracy of a nearest-neighbour classifier on codes, which tells how well they separate classes.

Two protocols are in use, with different results; each function names its own.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_finite, check_labels
from vae_keras.errors import ArgumentError

# MiB for scikit-learn's block of distances; its default is 1 GiB, much for a notebook.
_WORKING_MEMORY = 64


def knn_accuracy(
    train_codes: ArrayLike,
    train_labels: ArrayLike,
    test_codes: ArrayLike,
    test_labels: ArrayLike,
    *,
    k: int = 5,
) -> float:
    """Classify the test set by the nearest training codes.

    Protocol "train": the classifier holds all the training set's codes and is scored on all the
    test set's codes. Given pixels in place of codes, it is the baseline to compare with. Euclidean
    distance, majority of `k`; of a tie the smallest label.

    Args:
        train_codes: Codes of the training set, shape `(n_train, latent_dim)`. More dimensions
            (images, float or uint8) are flattened.
        train_labels: Their labels, shape `(n_train,)`.
        test_codes: Codes of the test set, shape `(n_test, latent_dim)`, on the same scale.
        test_labels: Their labels, shape `(n_test,)`.
        k: Number of neighbours. Defaults to `5`.

    Returns:
        Share of the test set that is classified correctly, in `[0, 1]`.

    Raises:
        ArgumentError: If shapes or scales do not fit, codes are not finite, or `k` is not in
            `[1, n_train]`.
    """
    train, test = _as_points("train_codes", train_codes), _as_points("test_codes", test_codes)
    kinds = [np.asarray(one).dtype for one in (train_codes, test_codes)]
    if kinds[0] != kinds[1] and np.dtype(np.uint8) in kinds:
        raise ArgumentError(
            "`test_codes` must be on the scale of `train_codes`: both of 8 bits, or neither. "
            f"Received: {kinds[0]} and {kinds[1]}"
        )
    if train.shape[1] != test.shape[1]:
        raise ArgumentError(
            "`test_codes` must have as many values for each point as `train_codes`, "
            f"{train.shape[1]}. Received: test_codes with {test.shape[1]}"
        )
    train_classes = check_labels("train_labels", train_labels, len(train), "train_codes")
    test_classes = check_labels("test_labels", test_labels, len(test), "test_codes")
    if not 1 <= k <= len(train):
        raise ArgumentError(
            f"`k` must be at least 1 and at most the number of points that the classifier holds, "
            f"{len(train)}. Received: k={k}"
        )
    import sklearn
    from sklearn.neighbors import KNeighborsClassifier

    with sklearn.config_context(working_memory=_WORKING_MEMORY):
        classifier = KNeighborsClassifier(n_neighbors=k).fit(train, train_classes)
        predicted = classifier.predict(test)
    return float(np.mean(predicted == test_classes))


def knn_accuracy_of_split(
    codes: ArrayLike,
    labels: ArrayLike,
    *,
    k: int = 5,
    test_fraction: float = 0.3,
    seed: int = 0,
) -> float:
    """Classify a part of a set of codes by the nearest of the others.

    Protocol "split": one set of codes, usually the test set's, is split 70/30 with the classes in
    equal proportion; the classifier holds the larger part and is scored on the other. It holds
    fewer points than in `knn_accuracy`, so the two cannot be compared.

    Args:
        codes: Codes, shape `(n, latent_dim)`. More dimensions (images, float or uint8) are
            flattened.
        labels: Their labels, shape `(n,)`.
        k: Number of neighbours. Defaults to `5`.
        test_fraction: Share of the codes that is scored, in `(0, 1)`. Defaults to `0.3`.
        seed: Seed of the split. Defaults to `0`.

    Returns:
        Share of the scored part that is classified correctly, in `[0, 1]`.

    Raises:
        ArgumentError: If shapes do not fit, codes are not finite, a class is too small to be
            in both parts, or `k` is more than the classifier holds.
    """
    points = _as_points("codes", codes)
    classes = check_labels("labels", labels, len(points), "codes")
    _check_split(classes, test_fraction)
    from sklearn.model_selection import train_test_split

    train, test, train_classes, test_classes = train_test_split(
        points, classes, test_size=test_fraction, stratify=classes, random_state=seed
    )
    return knn_accuracy(train, train_classes, test, test_classes, k=k)


def _as_points(name: str, codes: ArrayLike) -> np.ndarray:
    array = np.asarray(codes)
    if array.ndim < 2 or array.size == 0:
        raise ArgumentError(
            f"`{name}` must have the shape (n, latent_dim), neither of them zero. "
            f"Received: {name}.shape={array.shape}"
        )
    points = np.ascontiguousarray(array.reshape(len(array), -1), dtype=np.float32)
    check_finite(name, points)
    return points


def _check_split(labels: np.ndarray, test_fraction: float) -> None:
    if not 0 < test_fraction < 1:
        raise ArgumentError(
            f"`test_fraction` must lie in (0, 1). Received: test_fraction={test_fraction}"
        )
    names, counts = np.unique(labels, return_counts=True)
    if counts.min() < 2:
        raise ArgumentError(
            "`labels` must have at least two codes of each class, one for each part. "
            f"Received: one code of class {names[counts.argmin()]}"
        )
    test_count = math.ceil(test_fraction * len(labels))
    if min(test_count, len(labels) - test_count) < len(names):
        raise ArgumentError(
            f"`test_fraction` must leave at least one code of each of the {len(names)} classes in "
            f"both parts. Received: test_fraction={test_fraction} of {len(labels)} codes"
        )
