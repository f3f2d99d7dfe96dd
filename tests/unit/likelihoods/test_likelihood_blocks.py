import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.likelihoods.blocks import (
    checked_range,
    level_step,
    log_scale_above,
    mean_and_raw_log_scale,
    range_activation,
    squash,
    unsquash,
)


@pytest.mark.parametrize("data_range", [(0, 255), (1, 0), (0, 0), (-1, 0), (0,), 1, "unit", None])
def test_other_ranges_are_argument_errors(data_range):
    with pytest.raises(ArgumentError, match=r"^`data_range` must be .* Received: data_range=.*$"):
        checked_range(data_range)


@pytest.mark.parametrize("data_range", [(0.0, 1.0), (-1.0, 1.0)])
def test_unsquash_inverts_the_activation_and_keeps_from_the_ends(data_range):
    low, high = data_range
    mean = np.linspace(low, high, 11)
    raw = unsquash(mean, data_range)
    assert raw.dtype == np.float32
    back = ops.convert_to_numpy(squash(raw, data_range))
    np.testing.assert_allclose(back[1:-1], mean[1:-1], atol=1e-6)
    margin = (high - low) / 1000
    np.testing.assert_allclose(back[[0, -1]], [low + margin, high - margin], atol=1e-6)
    assert range_activation(data_range) == ("sigmoid" if low == 0 else "tanh")


def test_level_step():
    assert level_step((0.0, 1.0)) == 1 / 255
    assert level_step((-1.0, 1.0), 5) == 0.5


def test_log_scale_has_a_bound_below_and_is_finite_everywhere():
    raw = np.array([-1e6, -100.0, -3.0, 0.0, 3.0, 100.0, 1e6], "float32")
    scale = np.exp(ops.convert_to_numpy(log_scale_above(raw, 0.01)))
    np.testing.assert_allclose(scale[:2], 0.01, rtol=1e-4)
    np.testing.assert_allclose(scale[2:5], 0.01 + np.exp(raw[2:5]), rtol=1e-4)
    assert np.isfinite(scale).all()


def test_starting_scale_has_a_standard_deviation_of_a_quarter_of_the_range():
    outputs = mean_and_raw_log_scale(np.full((3, 4, 3), 0.5), (-1.0, 1.0), units=2.0)
    assert outputs.shape == (3, 4, 6)
    np.testing.assert_allclose(np.tanh(outputs[..., :3]), 0.5, rtol=1e-6)
    np.testing.assert_allclose(2.0 * np.exp(outputs[..., 3:]), 0.5, rtol=1e-6)
