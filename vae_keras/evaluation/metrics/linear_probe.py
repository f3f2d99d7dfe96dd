"""Accuracy of a linear classifier on codes."""

import warnings

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_labels, check_matrix
from vae_keras.errors import ArgumentError

# Steps of the optimiser. On 55,000 Fashion-MNIST images, reduced to 64 principal components, it
# converges in about 100 steps and 2 s; with fewer the accuracy is lower by a tenth of a percent.
MOST_ITERATIONS = 200


def linear_probe_accuracy(
    train_codes: ArrayLike,
    train_labels: ArrayLike,
    test_codes: ArrayLike,
    test_labels: ArrayLike,
) -> float:
    """Classify the test set by logistic regression on the training codes.

    One multinomial regression on codes standardised by the training set, with scikit-learn's
    default penalty (C = 1, negligible for thousands of codes), fitted for at most 200 steps of
    L-BFGS. Unlike `knn_accuracy` it cannot represent a class that forms several clusters. A
    dimension that is constant in the training set is left out; if all are constant, the most
    frequent class is predicted.

    Args:
        train_codes: Codes of the training set, shape `(n_train, latent_dim)`.
        train_labels: Their labels, shape `(n_train,)`, of at least two classes.
        test_codes: Codes of the test set, shape `(n_test, latent_dim)`, on the same scale.
        test_labels: Their labels, shape `(n_test,)`. A label that is not among the training labels
            counts as an error.

    Returns:
        Share of the test set that is classified correctly, in `[0, 1]`.

    Raises:
        ArgumentError: If shapes do not fit, codes are not finite, or the training labels are all
            the same.

    References:
        Alain & Bengio (2017), "Understanding intermediate layers using linear classifier probes".
        arXiv:1610.01644
    """
    train, test = check_matrix("train_codes", train_codes), check_matrix("test_codes", test_codes)
    if train.shape[1] != test.shape[1]:
        raise ArgumentError(
            "`test_codes` must have as many dimensions as `train_codes`, "
            f"{train.shape[1]}. Received: test_codes.shape={test.shape}"
        )
    train_classes = check_labels("train_labels", train_labels, len(train), "train_codes")
    test_classes = check_labels("test_labels", test_labels, len(test), "test_codes")
    if (train_classes == train_classes[0]).all():
        raise ArgumentError(
            f"`train_labels` must be of at least two classes. Received: all {train_classes[0]}"
        )
    # Not by the standard deviation, which may be above zero for equal values.
    varies = (train != train[0]).any(axis=0)
    if not varies.any():  # a collapsed posterior
        classes, counts = np.unique(train_classes, return_counts=True)
        return float(np.mean(test_classes == classes[counts.argmax()]))
    mean, std = train[:, varies].mean(axis=0), train[:, varies].std(axis=0)
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # The matrices are narrow: on a busy machine threads wait for each other longer than they work.
    with warnings.catch_warnings(), threadpool_limits(1, user_api="blas"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe = LogisticRegression(max_iter=MOST_ITERATIONS)
        probe.fit((train[:, varies] - mean) / std, train_classes)
        predicted = probe.predict((test[:, varies] - mean) / std)
    return float(np.mean(predicted == test_classes))
