import math

import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.evaluation import dci

RNG = np.random.default_rng(0)
FACTORS = np.stack([RNG.integers(0, count, 1200) for count in (3, 4, 5)], axis=-1)
CODES = np.exp(FACTORS / 2) + 0.05 * RNG.normal(size=FACTORS.shape)
NOISE = RNG.normal(size=(len(FACTORS), 3))
ROTATION = np.array([[1.0, 1.0], [-1.0, 1.0]]) / math.sqrt(2)


def test_one_dimension_for_each_factor_is_perfect():
    for codes in (CODES, np.hstack([NOISE, CODES])):
        np.testing.assert_allclose(dci(codes, FACTORS), 1.0, atol=0.01)


def test_dimensions_weigh_by_their_importance():
    blurred = FACTORS + 0.4 * NOISE[:, ::-1]
    others = RNG.normal(size=(len(FACTORS), 6))  # each tells all factors alike: nothing
    assert dci(np.hstack([blurred, others]), FACTORS).disentanglement > 0.8


def test_names():
    result = dci(CODES, FACTORS)
    assert result._fields == ("disentanglement", "completeness", "informativeness")
    assert all(type(value) is float for value in result)


def test_random_codes_tell_nothing():
    disentanglement, completeness, informativeness = dci(NOISE, FACTORS)
    assert 0 <= disentanglement < 0.02
    assert 0 <= completeness < 0.02
    assert informativeness == pytest.approx((1 / 3 + 1 / 4 + 1 / 5) / 3, abs=0.04)


def test_codes_turned_by_45_degrees_are_mixed_yet_informative():
    factors = RNG.integers(0, 4, (1200, 2))
    result = dci((factors - 1.5) @ ROTATION, factors)
    assert result.disentanglement < 0.05
    assert result.completeness < 0.05
    assert result.informativeness > 0.95


def test_each_factor_in_two_dimensions_is_disentangled_but_not_complete():
    result = dci(np.hstack([CODES, -CODES]), FACTORS)
    assert result.disentanglement > 0.98
    # Half and half of two of six dimensions.
    assert result.completeness == pytest.approx(1 - math.log(2) / math.log(6), abs=0.05)
    assert result.informativeness > 0.98


def test_two_factors_in_one_dimension_are_complete_but_not_disentangled():
    both = FACTORS[:, 0] + 3 * FACTORS[:, 1]
    codes = np.stack([both, np.zeros(len(both))], axis=-1)
    result = dci(codes, FACTORS[:, :2])
    np.testing.assert_allclose(result, [0.0, 1.0, 1.0], atol=1e-6)


def test_codes_that_never_move_are_not_concentrated():
    result = dci(np.ones((len(FACTORS), 2)), FACTORS)
    assert result.disentanglement == result.completeness == 0.0
    assert result.informativeness < 0.4


@pytest.mark.thorough
def test_seed_decides():
    codes = FACTORS + 0.7 * RNG.normal(size=FACTORS.shape)
    assert dci(codes, FACTORS, seed=1) == dci(codes, FACTORS, seed=1)
    assert dci(codes, FACTORS, seed=1) != dci(codes, FACTORS, seed=2)


@pytest.mark.parametrize(
    ("codes", "factors", "options", "message"),
    [
        (CODES, FACTORS[:, :1], {}, r"`factors`.*two columns. Received: .*\(1200, 1\)"),
        (CODES[:, :1], FACTORS, {}, "`codes` must have at least two dimensions"),
        (CODES[1:], FACTORS, {}, r"1199 codes.*Received: factors.shape=\(1200, 3\)"),
        (CODES, FACTORS / 2, {}, "`factors` must be whole numbers"),
        (CODES, FACTORS * [1, 1, 0], {}, "Received: column 2 is always 0"),
        (CODES, FACTORS, {"test_fraction": 0}, "`test_fraction` must lie in"),
        (CODES[:4], [[0, 0], [0, 1], [1, 0], [2, 1]], {}, "a level of column 0 in 1 of 4 rows"),
    ],
)
def test_wrong_input_is_refused(codes, factors, options, message):
    with pytest.raises(ArgumentError, match=message) as caught:
        dci(codes, factors, **options)
    assert "\n" not in str(caught.value)
