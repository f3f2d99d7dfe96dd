"""Disentanglement, completeness and informativeness of codes, from predictors of each factor."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.errors import ArgumentError
from vae_keras.evaluation.metrics._factors import check_pair, split_by_level

TREES = 50
# Smaller leaves fit noise, which then seems important; larger ones cannot separate the levels of a
# factor that several dimensions share. The results are close to those of gradient boosting, in a
# tenth of the time.
LEAF = 20


class DCI(NamedTuple):
    """The three metrics of `dci`, each in `[0, 1]`."""

    disentanglement: float
    completeness: float
    informativeness: float


def dci(codes: ArrayLike, factors: ArrayLike, *, test_fraction: float = 0.3, seed: int = 0) -> DCI:
    """Measure disentanglement, completeness and informativeness.

    A random forest classifies the levels of each factor from the whole code. `R[i, j]` is the
    importance of dimension `i` for factor `j` (the mean fall of the Gini impurity). With `p` a row
    of `R` scaled to sum to 1, and `H` in base number of factors, a dimension's disentanglement is
    `1 - H(p)`; the mean over dimensions is weighted by their share of `R`. A factor's completeness
    is the same for a column, in base `latent_dim`, with a mean weighted in the same way.
    Informativeness is the mean over factors of the accuracy on the tested part.

    Unlike MIG and SAP, DCI distinguishes a factor that is spread over dimensions (low completeness)
    from a dimension that mixes factors (low disentanglement). A leaf of a tree holds at least 20
    codes: use hundreds for each level of a factor, and compare only values from equally many codes.

    Args:
        codes: Codes, usually posterior means, shape `(n, latent_dim)`, `latent_dim >= 2`.
        factors: Level of each factor, whole numbers, shape `(n, number of factors)`, at least two
            factors.
        test_fraction: Share of the codes on which informativeness is measured, in `(0, 1)`.
            Defaults to `0.3`.
        seed: Seed of the split and of the forests. Defaults to `0`.

    Returns:
        `disentanglement`: 1 if each dimension predicts one factor, 0 if each predicts all factors
        equally. `completeness`: 1 if each factor is predicted by one dimension, 0 if by all
        equally. `informativeness`: 1 if every level is predicted correctly; guessing scores the
        share of the most frequent level, so compare it only between codes of the same factors.

    Raises:
        ArgumentError: If shapes do not fit, codes are not finite, factors are not whole numbers,
            there is only one factor, a factor is constant, or a level is too rare to be in both
            parts.

    References:
        Eastwood & Williams (2018), "A framework for the quantitative evaluation of disentangled
        representations", ICLR. https://openreview.net/forum?id=By-7dz-AZ
    """
    points, levels = check_pair(codes, factors)
    if levels.shape[1] < 2:
        raise ArgumentError(
            f"`factors` must have at least two columns. Received: factors.shape={levels.shape}"
        )
    importances = np.empty((points.shape[1], levels.shape[1]))
    accuracies = np.empty(levels.shape[1])
    for j in range(levels.shape[1]):
        parts = split_by_level(points, levels[:, j], j, test_fraction=test_fraction, seed=seed)
        importances[:, j], accuracies[j] = _forest(*parts, seed=seed)
    return DCI(
        disentanglement=_concentration(importances),
        completeness=_concentration(importances.T),
        informativeness=float(accuracies.mean()),
    )


def _forest(
    train: np.ndarray,
    test: np.ndarray,
    train_levels: np.ndarray,
    test_levels: np.ndarray,
    *,
    seed: int,
) -> tuple[np.ndarray, float]:
    """Return the importance of each dimension for one factor, and the accuracy on the test part."""
    from sklearn.ensemble import RandomForestClassifier

    # Every split may use all dimensions: otherwise a tree that may not use the right one would
    # credit a wrong one.
    forest = RandomForestClassifier(
        TREES, min_samples_leaf=LEAF, max_features=None, random_state=seed
    ).fit(train, train_levels)
    return forest.feature_importances_, float(forest.score(test, test_levels))


def _concentration(weights: np.ndarray) -> float:
    """Return the mean over rows, weighted by their sums, of 1 - entropy of the scaled row.

    For a matrix of zeros, where nothing predicts anything, the result is 0.
    """
    sums = weights.sum(axis=1)
    if not sums.any():
        return 0.0
    rows, sums = weights[sums > 0], sums[sums > 0]
    shares = rows / sums[:, np.newaxis]
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    entropies = -(shares * logs).sum(axis=1) / np.log(weights.shape[1])
    return float(np.average(1 - entropies, weights=sums))
