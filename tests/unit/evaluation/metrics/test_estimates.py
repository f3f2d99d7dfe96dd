import math

import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.evaluation import mean_by_class, proportion_standard_error, standard_error


def test_standard_error_of_known_values():
    # Squared deviations 4, 1, 1, 4 over n - 1 = 3, divided by n = 4.
    assert standard_error([1.0, 2.0, 4.0, 5.0]) == pytest.approx(math.sqrt(10 / 3 / 4))
    assert standard_error(np.full(7, 3.0)) == 0.0
    assert math.isnan(standard_error([3.0]))


def test_standard_error_is_the_spread_of_means_of_other_images():
    draws = np.random.default_rng(0).exponential(size=(4000, 50))
    typical = np.mean([standard_error(row) ** 2 for row in draws])
    assert typical == pytest.approx(draws.mean(axis=1).var(), rel=0.06)


def test_proportion_standard_error_is_that_of_its_zeros_and_ones():
    assert proportion_standard_error(0.2, 100) == pytest.approx(0.04)
    hits = np.repeat([1.0, 0.0], [300, 700])
    assert proportion_standard_error(0.3, 1000) == pytest.approx(standard_error(hits), rel=1e-3)


@pytest.mark.parametrize("values", [[], [[1.0]], [1.0, np.nan], [np.inf]])
def test_standard_error_refuses_what_is_no_finite_vector(values):
    with pytest.raises(ArgumentError, match=r"`values`.*Received"):
        standard_error(values)


@pytest.mark.parametrize(("p", "n"), [(1.1, 5), (-0.1, 5), (math.nan, 5), (0.5, 0), (0.5, 2.5)])
def test_proportion_standard_error_refuses_what_is_no_share(p, n):
    with pytest.raises(ArgumentError, match=r"`[pn]` must.*Received"):
        proportion_standard_error(p, n)


def test_mean_by_class_of_known_values():
    means = mean_by_class([1.0, 3.0, 10.0, 5.0], [7, 7, 2, 7])
    assert means.classes.tolist() == [2, 7]
    np.testing.assert_allclose(means.mean, [10.0, 3.0])
    np.testing.assert_allclose(means.standard_error, [np.nan, 2 / math.sqrt(3)])
    assert means.count.tolist() == [1, 3]


def test_mean_by_class_keeps_a_place_for_a_class_without_images():
    means = mean_by_class([1.0, 3.0], [0.0, 2.0], num_classes=4)
    assert means.classes.tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(means.mean, [1.0, np.nan, 3.0, np.nan])
    assert means.count.tolist() == [1, 0, 1, 0]


def test_mean_by_class_takes_names():
    means = mean_by_class([1.0, 3.0, 4.0], ["shoe", "bag", "shoe"])
    assert means.classes.tolist() == ["bag", "shoe"]
    assert means.mean.tolist() == [3.0, 2.5]


@pytest.mark.parametrize(
    ("values", "labels", "num_classes", "message"),
    [
        ([1.0, 2.0], [0], None, r"`labels` must have one label for each of the 2"),
        ([1.0, np.nan], [0, 1], None, "`values` must be finite"),
        ([1.0, 2.0], [0, 3], 3, "`labels` must be below `num_classes`, 3. Received: 3"),
        ([1.0, 2.0], [0, -1], 3, "`labels` must be whole numbers.*Received: -1"),
        ([1.0, 2.0], [0, 0.5], 3, "`labels` must be whole numbers.*Received: 0.5"),
        ([1.0, 2.0], ["a", "b"], 3, "`labels` must be whole numbers.*dtype"),
        ([1.0, 2.0], [0, 1], 0, "`num_classes` must be a positive integer"),
    ],
)
def test_mean_by_class_refuses_wrong_input(values, labels, num_classes, message):
    with pytest.raises(ArgumentError, match=message):
        mean_by_class(values, labels, num_classes)
