import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.evaluation import frechet_distance


def test_equal_and_shifted_sets():
    features = np.random.default_rng(0).normal(size=(40, 6))
    assert frechet_distance(features, features) == pytest.approx(0.0, abs=1e-12)
    shift = np.arange(6.0)
    assert frechet_distance(features, features[::-1] + shift) == pytest.approx(55.0)


def test_known_distance_of_scaled_sets():
    # Of one covariance and its fourfold: tr(S + 4 S - 2 * 2 S) = tr(S).
    features = np.random.default_rng(1).normal(size=(30, 4))
    features -= features.mean(axis=0)
    trace = features.var(axis=0, ddof=1).sum()
    assert frechet_distance(features, 2 * features) == pytest.approx(trace)


def test_it_is_symmetric_and_stable_where_covariances_are_singular():
    rng = np.random.default_rng(2)
    few, others = 1e3 + rng.normal(size=(5, 50)), 1e3 + rng.normal(size=(300, 50))
    assert frechet_distance(few, others) == pytest.approx(frechet_distance(others, few))
    assert frechet_distance(few, few) == pytest.approx(0.0, abs=1e-9)


def test_fewer_samples_of_one_distribution_are_further_apart():
    features = np.random.default_rng(3).normal(size=(4000, 20))
    few = frechet_distance(features[:50], features[50:100])
    many = frechet_distance(features[:2000], features[2000:])
    assert few > 10 * many > 0


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.zeros((1, 3)), np.zeros((5, 3)), "`features` must have at least two rows"),
        (np.zeros((5, 3)), np.zeros((1, 3)), "`other_features` must have at least two"),
        (np.zeros((5, 3)), np.zeros((5, 2)), "`other_features` must have as many dimensions"),
        (np.zeros((5, 3)), np.full((5, 3), np.inf), "`other_features` must be finite"),
        (np.zeros(5), np.zeros((5, 3)), "`features` must have the shape"),
    ],
)
def test_wrong_features_are_refused(first, second, message):
    with pytest.raises(ArgumentError, match=message):
        frechet_distance(first, second)
