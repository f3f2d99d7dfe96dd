import math

import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.evaluation import active_units, kl_per_dimension


def test_kl_of_hand_computed_posteriors():
    z_mean = np.array([[0.0, 1.0, 0.0], [0.0, 3.0, 0.0]])
    z_log_var = np.array([[0.0, 0.0, math.log(4.0)], [0.0, 0.0, math.log(0.25)]])
    # 0; (1 + 9) / 2 / 2; mean of (4 - 1 - ln 4) / 2 and (1/4 - 1 + ln 4) / 2.
    np.testing.assert_allclose(
        kl_per_dimension(z_mean, z_log_var), [0.0, 2.5, (3.0 - 0.75) / 4], rtol=1e-12
    )


def test_kl_is_exact_and_never_negative_near_the_prior():
    log_var = np.full((5, 1), 1e-7, np.float32)
    (kl,) = kl_per_dimension(np.zeros((5, 1), np.float32), log_var)
    assert kl == pytest.approx(float(log_var[0, 0]) ** 2 / 4, rel=1e-3)


def test_active_units_by_the_variance_of_the_mean():
    # Variances 0.25, 0.0001 and 0 (constant, though far from zero).
    z_mean = np.array([[0.5, 0.01, 7.0], [-0.5, -0.01, 7.0]])
    active = active_units(z_mean)
    assert active.dtype == bool
    assert active.tolist() == [True, False, False]
    assert active_units(z_mean, threshold=0.3).tolist() == [False, False, False]
    assert active_units(z_mean, threshold=5e-5).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("z_mean", "z_log_var", "message"),
    [
        (np.zeros(3), np.zeros(3), r"`z_mean`.*Received: z_mean.shape=\(3,\)"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "`z_mean`"),
        (np.zeros((3, 2)), np.zeros((3, 1)), r"`z_log_var`.*Received: z_log_var.shape=\(3, 1\)"),
        (np.zeros((3, 2)), np.full((3, 2), np.inf), "`z_log_var` must be finite"),
    ],
)
def test_kl_refuses_wrong_input(z_mean, z_log_var, message):
    with pytest.raises(ArgumentError, match=message):
        kl_per_dimension(z_mean, z_log_var)


def test_active_units_refuses_wrong_input():
    with pytest.raises(ArgumentError, match=r"`z_mean` must be finite.*Received: 1 of 2"):
        active_units(np.array([[0.0], [np.nan]]))
    with pytest.raises(ArgumentError, match=r"`threshold`.*Received: threshold=-1"):
        active_units(np.zeros((2, 1)), threshold=-1)
