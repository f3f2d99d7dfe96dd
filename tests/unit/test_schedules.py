import json
import math

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.schedules import Constant, Cyclical, Linear, Sigmoid


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


@pytest.mark.parametrize(
    ("schedule", "step", "share"),
    [
        (Cyclical(40), 0, 0.0),
        (Cyclical(40), 1, 0.2),
        (Cyclical(40), 4, 0.8),
        (Cyclical(40), 5, 1.0),
        (Cyclical(40), 9, 1.0),
        (Cyclical(40), 10, 0.0),
        (Cyclical(40), 32, 0.4),
        (Cyclical(40), 39, 1.0),
        (Cyclical(40), 40, 1.0),
        (Cyclical(40), 41, 1.0),
        (Cyclical(40), math.inf, 1.0),
        (Cyclical(40, cycles=1, rising=1.0), 30, 0.75),
        (Cyclical(40, cycles=2, rising=1.0), 30, 0.5),
        (Cyclical(40, cycles=2, rising=0.25), 22, 0.4),
        (Cyclical(2.5, cycles=2, rising=1.0), 1, 0.8),
        (Sigmoid(10), 0, 0.0),
        (Sigmoid(10), 5, 0.5),
        (Sigmoid(10), 10, 1.0),
        (Sigmoid(10), 11, 1.0),
        (Sigmoid(10), math.inf, 1.0),
        # sigmoid(2) and the ends sigmoid(-4), sigmoid(4), by hand.
        (Sigmoid(4, steepness=8), 3, (0.880797 - 0.0179862) / (0.982014 - 0.0179862)),
        (Sigmoid(4, steepness=1e-2), 1, 0.25),
        (Sigmoid(4, steepness=1e4), 1, 0.0),
        (Sigmoid(4, steepness=1e4), 3, 1.0),
    ],
)
def test_cyclical_and_sigmoid(schedule, step, share):
    assert float(schedule(step)) == pytest.approx(share, abs=1e-6)
    tensor = schedule(ops.convert_to_tensor(step, "float32"))
    assert float(tensor) == pytest.approx(share, abs=1e-6)


@pytest.mark.backend
@pytest.mark.parametrize(("duration", "cycles"), [(123, 3), (244, 4), (7000, 7), (11_000, 11)])
def test_every_cycle_begins_at_0_whatever_the_rounding(duration, cycles):
    begins = ops.arange(cycles, dtype="int32") * (duration // cycles)
    schedule = Cyclical(duration, cycles)
    for rule in (schedule, compiled(schedule)):
        shares = ops.convert_to_numpy(rule(begins))
        np.testing.assert_allclose(shares, np.zeros(cycles), atol=1e-5)


@pytest.mark.backend
@pytest.mark.parametrize(("duration", "cycles"), [(400_000, 4), (1_000_000, 10), (200, 4)])
def test_every_cycle_ends_at_1_however_long_it_is(duration, cycles):
    ends = (1 + ops.arange(cycles, dtype="int32")) * (duration // cycles) - 1
    schedule = Cyclical(duration, cycles)
    for rule in (schedule, compiled(schedule)):
        np.testing.assert_array_equal(ops.convert_to_numpy(rule(ends)), np.ones(cycles))


def compiled(function):
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=True)
    return function


@pytest.mark.parametrize("schedule", [Linear(50), Sigmoid(50), Cyclical(50, cycles=1)])
def test_one_rise_never_falls(schedule):
    shares = ops.convert_to_numpy(schedule(ops.arange(0, 60, dtype="int32")))
    assert np.all(np.diff(shares) >= -1e-6)
    np.testing.assert_allclose(shares[[0, 50, 51, 59]], [0.0, 1.0, 1.0, 1.0], atol=1e-6)


def test_sigmoid_is_symmetric():
    shares = ops.convert_to_numpy(Sigmoid(20)(ops.arange(0, 21, dtype="int32")))
    np.testing.assert_allclose(shares + shares[::-1], 1.0, atol=1e-6)


def test_constant():
    assert float(Constant()(0)) == 1.0
    assert float(Constant(0.3)(10**6)) == pytest.approx(0.3)


@pytest.mark.parametrize(
    "schedule", [Constant(0.25), Linear(7, 0.5), Cyclical(9, 3, 0.4), Sigmoid(8, 6.0)]
)
def test_schedules_are_values_that_keras_saves(schedule):
    config = keras.saving.serialize_keras_object(schedule)
    assert keras.saving.deserialize_keras_object(config) == schedule


def test_a_config_has_plain_numbers_of_the_kind_that_was_given():
    config = Cyclical(np.int64(9), np.int32(3), np.float32(0.5)).get_config()
    assert [type(value) for value in config.values()] == [int, int, float]
    assert type(Linear(9.0).get_config()["duration"]) is float
    assert json.loads(json.dumps(config)) == config


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Linear(0), r"`duration` must be a finite number above 0.*duration=0"),
        (lambda: Linear(-3), "`duration`"),
        (lambda: Linear(float("nan")), "`duration`"),
        (lambda: Linear(float("inf")), "`duration` must be a finite number above 0"),
        (lambda: Linear("5"), r"`duration` .* Received: duration='5'"),
        (lambda: Linear(5, start=1.5), r"`start` must be in \[0, 1\].*start=1.5"),
        (lambda: Linear(5, start=float("nan")), "`start`"),
        (lambda: Constant(-0.1), r"`value` must be a finite number of at least 0.*value=-0.1"),
        (lambda: Constant(float("nan")), "`value`"),
        (lambda: Cyclical(0), r"`duration` must be a finite number above 0.*duration=0"),
        (lambda: Cyclical(8, cycles=0), r"`cycles` must be a positive integer.*cycles=0"),
        (lambda: Cyclical(8, cycles=2.5), "`cycles` must be a positive integer"),
        (lambda: Cyclical(8, rising=0), r"`rising` must be in \(0, 1\].*rising=0"),
        (lambda: Cyclical(8, rising=1.5), "`rising`"),
        (lambda: Sigmoid(-1), r"`duration` must be a finite number above 0.*duration=-1"),
        (
            lambda: Sigmoid(8, steepness=0),
            r"`steepness` must be a finite number above 0.*steepness=0",
        ),
        (lambda: Sigmoid(8, steepness=float("inf")), "`steepness`"),
    ],
)
def test_senseless_schedules_are_argument_errors(build, message):
    with pytest.raises(ArgumentError, match=message) as caught:
        build()
    assert "\n" not in str(caught.value)
