"""How well each factor of variation is confined to one dimension of the code: MIG and SAP.

Both are gaps between the best and the second best dimension of each factor; see also `dci`.
"""

import operator
from collections.abc import Collection

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.checks import integer
from vae_keras.errors import ArgumentError
from vae_keras.evaluation.metrics._factors import check_pair, split_by_level


def mutual_information_gap(codes: ArrayLike, factors: ArrayLike, *, bins: int = 20) -> float:
    """Compute the mutual information gap, MIG.

    `mean over factors v of (I(z_best; v) - I(z_second; v)) / H(v)`, where `z_best` and `z_second`
    are the two dimensions of the code with the largest mutual information with the factor. Each
    dimension is cut into `bins` intervals of equal width between its smallest and its largest
    value; mutual information and entropy are those of the counts. MIG is low both if a dimension
    mixes factors and if a factor is in more than one dimension.

    Intervals of equal width cannot separate levels that a strongly nonlinear dimension crowds into
    one of them. Mutual information estimated from counts is biased upwards, in all dimensions
    equally: use many more codes than `bins` times the levels of a factor.

    Args:
        codes: Codes, usually posterior means, shape `(n, latent_dim)`, `latent_dim >= 2`.
        factors: Level of each factor, whole numbers, shape `(n, number of factors)`.
        bins: Intervals of each dimension, >= 2. Defaults to `20`.

    Returns:
        The gap, in `[0, 1]`: 1 if each factor is entirely in one dimension and no other has
        information on it, 0 if the two best dimensions of every factor are equally informative.

    Raises:
        ArgumentError: If shapes do not fit, codes are not finite, factors are not whole numbers,
            a factor is constant, or `bins` is out of range.

    Example:
        >>> factors = np.stack(np.meshgrid(range(5), range(5)), axis=-1).reshape(-1, 2)
        >>> mutual_information_gap(10.0 * factors, factors)
        1.0

    References:
        Chen, Li, Grosse & Duvenaud (2018), "Isolating sources of disentanglement in variational
        autoencoders", section 4. arXiv:1802.04942
    """
    points, levels = check_pair(codes, factors)
    bins = integer("bins", bins, at_least=2)
    from sklearn.metrics import mutual_info_score

    binned = [_intervals(dimension, bins) for dimension in points.T]
    scores = np.array([[mutual_info_score(v, z) for v in levels.T] for z in binned])
    entropies = np.array([mutual_info_score(v, v) for v in levels.T])
    return float(np.mean(_gap(scores) / entropies))


def separated_attribute_predictability(
    codes: ArrayLike,
    factors: ArrayLike,
    *,
    categorical: Collection[int] = (),
    test_fraction: float = 0.3,
    seed: int = 0,
) -> float:
    """Compute the separated attribute predictability, SAP.

    `mean over factors of S_best - S_second`, where `S` is how well a single dimension of the code
    predicts the factor. For an ordinal factor, whose levels are equal steps of a quantity, it is
    the R^2 of a linear regression: the squared correlation. For a categorical factor it is the
    balanced accuracy, on the tested part, of linear support vector machines on that dimension, one
    for each pair of classes; these are thresholds, so that more than two classes can lie along one
    line.

    Args:
        codes: Codes, usually posterior means, shape `(n, latent_dim)`, `latent_dim >= 2`.
        factors: Level of each factor, whole numbers, shape `(n, number of factors)`.
        categorical: Columns of `factors` that are categorical, e.g. `(0,)` for the shape of the
            data set `sprites`. Defaults to none.
        test_fraction: Share of the codes on which the classifiers are scored, in `(0, 1)`.
            Defaults to `0.3`.
        seed: Seed of the split and of the classifiers. Defaults to `0`.

    Returns:
        The gap, in `[0, 1]`. An ordinal factor contributes at most 1, if one dimension is linear in
        it and no other is correlated with it. A categorical factor of `c` classes contributes at
        most `1 - 1/c`, since guessing scores `1/c`.

    Raises:
        ArgumentError: If shapes do not fit, codes are not finite, factors are not whole numbers,
            a factor is constant, `categorical` names no column, or a class is too small to be in
            both parts.

    References:
        Kumar, Sattigeri & Balakrishnan (2018), "Variational inference of disentangled latent
        concepts from unlabeled observations", section 3. arXiv:1711.00848
    """
    points, levels = check_pair(codes, factors)
    classes = _check_categorical(categorical, levels.shape[1])
    scores = _squared_correlations(points, levels)
    for column in classes:
        parts = split_by_level(
            points, levels[:, column], column, test_fraction=test_fraction, seed=seed
        )
        scores[:, column] = _accuracies(*parts, seed=seed)
    return float(np.mean(_gap(scores)))


def _gap(scores: np.ndarray) -> np.ndarray:
    """Return best minus second best of each column, shape `(number of factors,)`."""
    second, best = np.sort(scores, axis=0)[-2:]
    gap: np.ndarray = best - second
    return gap


def _intervals(values: np.ndarray, bins: int) -> np.ndarray:
    edges = np.linspace(values.min(), values.max(), bins + 1)
    return np.asarray(np.digitize(values, edges[1:-1]))


def _squared_correlations(points: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return R^2 of each dimension with each factor; 0 for a constant dimension."""
    z, v = _standardised(points), _standardised(levels)
    correlations: np.ndarray = z.T @ v / len(z)
    return correlations**2


def _standardised(columns: np.ndarray) -> np.ndarray:
    """Return columns of mean 0 and variance 1, or all 0 where nothing varies."""
    centred: np.ndarray = columns - columns.mean(axis=0)
    deviations = columns.std(axis=0)
    return centred / np.where(deviations > 0, deviations, 1)


def _accuracies(
    train: np.ndarray,
    test: np.ndarray,
    train_levels: np.ndarray,
    test_levels: np.ndarray,
    *,
    seed: int,
) -> np.ndarray:
    """Return the balanced test accuracy of each dimension alone, shape `(latent_dim,)`."""
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.multiclass import OneVsOneClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    machine = LinearSVC(class_weight="balanced", dual=False, random_state=seed)
    model = make_pipeline(StandardScaler(), OneVsOneClassifier(machine))
    return np.array(
        [
            balanced_accuracy_score(
                test_levels, model.fit(train[:, [i]], train_levels).predict(test[:, [i]])
            )
            for i in range(train.shape[1])
        ]
    )


def _check_categorical(categorical: Collection[int], count: int) -> list[int]:
    """Return the columns as a list without repetition."""
    try:
        columns = sorted({operator.index(column) for column in categorical})
    except TypeError:
        columns = [-1]
    if columns and not (columns[0] >= 0 and columns[-1] < count):
        raise ArgumentError(
            f"`categorical` must hold columns of `factors`, whole numbers from 0 to {count - 1}. "
            f"Received: categorical={categorical!r}"
        )
    return columns
