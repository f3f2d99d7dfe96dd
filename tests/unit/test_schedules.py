import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.schedules import Constant, Linear


@pytest.mark.parametrize(
    ("duration", "start", "step", "share"),
    [
        (4, 0.0, 0, 0.0),
        (4, 0.0, 1, 0.25),
        (4, 0.0, 4, 1.0),
        (4, 0.0, 400, 1.0),
        (4, 0.2, 0, 0.2),
        (4, 0.2, 2, 0.6),
        (2.5, 0.0, 1, 0.4),
        (0.5, 0.0, 1, 1.0),
        (40, 1.0, 3, 1.0),
    ],
)
def test_linear(duration, start, step, share):
    assert float(Linear(duration, start)(step)) == pytest.approx(share, abs=1e-6)


def test_linear_of_an_integer_tensor():
    shares = ops.convert_to_numpy(Linear(4)(ops.convert_to_tensor([0, 1, 2, 3, 4, 5], "int32")))
    np.testing.assert_allclose(shares, [0.0, 0.25, 0.5, 0.75, 1.0, 1.0])


def test_constant():
    assert float(Constant()(0)) == 1.0
    assert float(Constant(0.3)(10**6)) == pytest.approx(0.3)


@pytest.mark.parametrize("schedule", [Constant(0.25), Linear(7, 0.5)])
def test_schedules_are_values_that_keras_saves(schedule):
    config = keras.saving.serialize_keras_object(schedule)
    assert keras.saving.deserialize_keras_object(config) == schedule


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Linear(0), r"`duration` must be greater than 0.*duration=0"),
        (lambda: Linear(-3), "`duration`"),
        (lambda: Linear(float("nan")), "`duration`"),
        (lambda: Linear(5, start=1.5), r"`start` must be in \[0, 1\].*start=1.5"),
        (lambda: Linear(5, start=float("nan")), "`start`"),
        (lambda: Constant(-0.1), r"`value` must be at least 0.*value=-0.1"),
        (lambda: Constant(float("nan")), "`value`"),
    ],
)
def test_senseless_schedules_are_argument_errors(build, message):
    with pytest.raises(ArgumentError, match=message):
        build()
