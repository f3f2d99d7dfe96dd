import json
import math

import numpy as np
import pytest

from vae_keras import checks
from vae_keras.array_checks import check_matrix
from vae_keras.errors import ArgumentError

NO_INTEGERS = [1.0, 2.5, True, np.True_, "1", None, 1j, np.array(1), math.nan]
NO_NUMBERS = [math.inf, -math.inf, math.nan, 1e39, 10**400, True, np.False_, "1", None, 1j]


@pytest.mark.parametrize("value", [1, np.int64(3), np.uint8(255), 10**30])
def test_integers_of_numpy_too_become_pythons(value):
    for checked in (checks.positive_integer("n", value), checks.integer("n", value, at_least=1)):
        assert type(checked) is int
        assert checked == value
        assert json.loads(json.dumps(checked)) == checked
    assert checks.positive_integers("n", [value, 2]) == (value, 2)
    assert type(checks.positive_integers("n", (value,))[0]) is int


@pytest.mark.parametrize("value", [*NO_INTEGERS, 0, -1, np.int64(-1)])
def test_what_is_no_positive_integer_is_an_argument_error(value):
    with pytest.raises(ArgumentError, match=r"^`n` must be a positive integer\. Received: n="):
        checks.positive_integer("n", value)
    with pytest.raises(ArgumentError, match=r"^`n` must be positive integers\. Received: n="):
        checks.positive_integers("n", (1, value))
    with pytest.raises(ArgumentError, match=r"^`n` must be an integer of at least 1\. .* n="):
        checks.integer("n", value, at_least=1)


def test_a_bound_of_an_integer_is_included():
    assert checks.integer("n", 0) == 0
    assert checks.integer("n", 2, at_least=2) == 2
    with pytest.raises(ArgumentError, match=r"^`n` must be an integer of at least 2\. .* n=1$"):
        checks.integer("n", 1, at_least=2)
    with pytest.raises(ArgumentError, match=r"of at least 0. Received: n=-1"):
        checks.integer("n", -1)


def test_sizes_may_be_none_at_all_unless_some_are_needed():
    assert checks.positive_integers("sizes", ()) == ()
    assert checks.positive_integers("sizes", [4], at_least=1) == (4,)
    message = r"^`sizes` must be positive integers, at least 1 of them\. Received: sizes=\(\)$"
    with pytest.raises(ArgumentError, match=message):
        checks.positive_integers("sizes", (), at_least=1)
    for value in (5, None):
        with pytest.raises(ArgumentError, match=f"`sizes` must be .* Received: sizes={value}"):
            checks.positive_integers("sizes", value)


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), np.int64(3), checks.LARGEST_FLOAT32])
def test_numbers_of_numpy_too_become_floats(value):
    for checked in (checks.positive_number("w", value), checks.not_negative("w", value)):
        assert type(checked) is float
        assert checked == value


@pytest.mark.parametrize("value", [*NO_NUMBERS, -1e-9])
def test_what_is_no_finite_number_is_an_argument_error(value):
    with pytest.raises(ArgumentError, match=r"^`w` must be a finite number above 0\. Rec.* w="):
        checks.positive_number("w", value)
    with pytest.raises(ArgumentError, match=r"^`w` must be a finite number of at least 0\. .* w="):
        checks.not_negative("w", value)


def test_zero_is_not_negative_and_not_positive():
    assert checks.not_negative("w", 0) == 0.0
    with pytest.raises(ArgumentError, match=r"above 0. Received: w=0.0"):
        checks.positive_number("w", 0.0)


@pytest.mark.parametrize("seed", [0, 7, np.int64(7), None])
def test_seeds(seed):
    assert checks.check_seed(seed) == seed
    assert not isinstance(checks.check_seed(seed), np.integer)


@pytest.mark.parametrize("seed", [-1, 0.5, True, "1"])
def test_other_seeds_are_argument_errors(seed):
    with pytest.raises(
        ArgumentError, match=r"`seed` must be an integer of at least 0. Rec.* seed="
    ):
        checks.check_seed(seed)


def test_names():
    assert checks.one_of("kind", "ii", {"i": 1, "ii": 2}) == "ii"
    for value in ("iii", 1, None, ["i"]):
        with pytest.raises(ArgumentError, match=r"`kind` must be one of i, ii.* Received: kind="):
            checks.one_of("kind", value, ("i", "ii"))


def test_matrices():
    matrix = check_matrix("codes", [[1, 2], [3, 4]])
    assert matrix.dtype == np.float64 and matrix.shape == (2, 2)
    for value in ([1, 2], np.zeros((0, 2)), np.zeros((2, 0))):
        with pytest.raises(ArgumentError, match=r"`codes` must have the shape \(n, latent_dim\)"):
            check_matrix("codes", value)
    with pytest.raises(ArgumentError, match=r"`codes` must be finite .* 2 of 4 values are NaN"):
        check_matrix("codes", [[1, math.nan], [math.inf, 4]])
