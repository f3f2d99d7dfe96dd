"""MIG against a double loop over counts, SAP against scipy, DCI's entropies against scipy."""

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.ensemble import RandomForestClassifier

from vae_keras.data.readers import sprites
from vae_keras.evaluation import (
    dci,
    mutual_information_gap,
    separated_attribute_predictability,
)


def _mixed_codes(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Return codes that mix factors unevenly, and the factors, which depend on each other."""
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, 4, (n, 3))
    factors[:, 2] += factors[:, 0]
    codes = factors @ rng.normal(size=(3, 4)) + rng.normal(size=(n, 4))
    return codes, factors


def _reference_information(a: np.ndarray, b: np.ndarray) -> float:
    """Mutual information in nats, pair of values by pair of values."""
    total = 0.0
    for x in set(a.tolist()):
        for y in set(b.tolist()):
            joint = sum(1 for i in range(len(a)) if a[i] == x and b[i] == y) / len(a)
            if joint:
                total += joint * math.log(joint / (np.mean(a == x) * np.mean(b == y)))
    return total


def _reference_mig(codes: np.ndarray, factors: np.ndarray, bins: int) -> float:
    gaps = []
    for v in factors.T:
        informations = []
        for z in codes.T:
            width = (z.max() - z.min()) / bins
            cut = np.array([min(math.floor((value - z.min()) / width), bins - 1) for value in z])
            informations.append(_reference_information(cut, v))
        best, second = sorted(informations, reverse=True)[:2]
        gaps.append((best - second) / stats.entropy(np.unique(v, return_counts=True)[1]))
    return sum(gaps) / len(gaps)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("bins", [5, 20])
def test_mig_against_a_double_loop(seed, bins):
    codes, factors = _mixed_codes(seed)
    expected = _reference_mig(codes, factors, bins)
    assert 0.02 < expected < 0.9
    assert mutual_information_gap(codes, factors, bins=bins) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("seed", [0, 1])
def test_sap_against_scipy_regressions(seed):
    codes, factors = _mixed_codes(seed)
    gaps = []
    for v in factors.T:
        scores = sorted(stats.linregress(z, v).rvalue ** 2 for z in codes.T)
        gaps.append(scores[-1] - scores[-2])
    expected = float(np.mean(gaps))
    assert 0.02 < expected < 0.9
    assert separated_attribute_predictability(codes, factors) == pytest.approx(expected, rel=1e-10)


def _best_thresholds(z: np.ndarray, classes: np.ndarray) -> float:
    """Return the best balanced accuracy of any two thresholds, classes 0, 1, 2 from the left."""
    cuts = np.quantile(z, np.linspace(0, 1, 60))
    best = 0.0
    for low in cuts:
        for high in cuts[cuts >= low]:
            told = (z > low).astype(int) + (z > high)
            best = max(best, float(np.mean([np.mean(told[classes == c] == c) for c in range(3)])))
    return best


def test_sap_of_a_class_against_the_best_thresholds():
    rng = np.random.default_rng(0)
    classes = np.repeat([0, 1, 2], [4000, 400, 400])
    codes = np.stack([classes + 0.4 * rng.normal(size=len(classes)), np.ones(len(classes))], -1)
    expected = _best_thresholds(codes[:, 0], classes) - 1 / 3
    sap = separated_attribute_predictability(codes, classes[:, np.newaxis], categorical=(0,))
    assert 0.4 < expected < 0.6
    assert sap == pytest.approx(expected, abs=0.03)


def test_dci_against_scipy_entropies_of_forests_importances():
    codes, factors = _mixed_codes(0, n=600)
    rng = np.random.default_rng(1)
    tested = rng.random(600) < 0.3
    forests = [
        RandomForestClassifier(60, min_samples_leaf=20, max_features=None, random_state=7).fit(
            codes[~tested], v[~tested]
        )
        for v in factors.T
    ]
    importances = np.stack([forest.feature_importances_ for forest in forests], axis=-1)
    rows = [1 - stats.entropy(row, base=3) for row in importances]
    disentanglement = np.average(rows, weights=importances.sum(axis=1))
    completeness = np.mean([1 - stats.entropy(column, base=4) for column in importances.T])
    scored = zip(forests, factors.T, strict=True)
    accuracy = np.mean([forest.score(codes[tested], v[tested]) for forest, v in scored])
    result = dci(codes, factors)
    assert 0.05 < disentanglement < 0.95
    assert 0.05 < completeness < 0.95
    # Another split and other trees, so not to the last digit.
    np.testing.assert_allclose(result, [disentanglement, completeness, accuracy], atol=0.05)


@pytest.mark.thorough
def test_factors_of_sprites_as_codes_are_perfect():
    factors = sprites.read_sprites().train.factors
    assert factors is not None
    rng = np.random.default_rng(0)
    codes = np.hstack([factors + 0.1 * rng.normal(size=factors.shape), rng.normal(size=(13824, 2))])
    assert mutual_information_gap(codes, factors) > 0.98
    # The shape adds at most 2/3.
    sap = separated_attribute_predictability(codes, factors, categorical=(0,))
    assert sap == pytest.approx((2 / 3 + 4) / 5, abs=0.02)
    few = slice(3000)
    np.testing.assert_allclose(dci(codes[few], factors[few]), 1.0, atol=0.02)
