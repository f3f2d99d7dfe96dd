import math

import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.regularizers import KL, MMD
from vae_keras.regularizers.mmd import squared_mmd


def values(regularizer, latent):
    return ops.convert_to_numpy(regularizer(latent))


def test_mmd_of_two_points_each_by_hand():
    codes, others = [[0.0], [1.0]], [[2.0], [3.0]]
    # k(a, b) = exp(-(a - b)^2): within at distance 1, across at 2, 3, 1 and 2.
    expected = 2 * math.exp(-1) - 2 * (2 * math.exp(-4) + math.exp(-9) + math.exp(-1)) / 4
    assert float(squared_mmd(codes, others, "rbf")) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kernel", ["imq", "rbf"])
def test_mmd_grows_with_the_distance_and_vanishes_at_none(kernel):
    codes, others = np.random.default_rng(0).normal(size=(2, 400, 2)).astype("float32")
    distances = [float(squared_mmd(codes + shift, others, kernel)) for shift in (0.0, 0.5, 1, 2)]
    assert abs(distances[0]) < 0.02
    assert distances == sorted(distances)
    assert distances[1] > 0.05


def test_mmd_far_out_is_finite_and_as_large_as_it_gets():
    codes, others = np.random.default_rng(0).normal(size=(2, 8, 2)).astype("float32")
    # Within: the kernel at distances that the scales see as 0. Across: nothing.
    far = float(squared_mmd(codes * 1e-6 + 1e6, others * 1e-6, "imq"))
    assert far == pytest.approx(2 * 7, rel=1e-3)


@pytest.mark.parametrize("kernel", ["imq", "rbf"])
def test_one_image_has_no_discrepancy(make_latent, kernel):
    latent = make_latent(1)
    np.testing.assert_array_equal(values(MMD(kernel=kernel), latent), [0.0])


def test_shares_of_kl_and_discrepancy_add_up(make_latent):
    latent = make_latent()
    kl, distance = values(KL(), latent), values(MMD(0.0, 1.0), latent)
    np.testing.assert_array_equal(values(MMD(1.0, 0.0), latent), kl)
    np.testing.assert_allclose(
        values(MMD(0.25, 30.0), latent), 0.25 * kl + 30 * distance, rtol=1e-5
    )
    assert np.ptp(distance) == 0.0  # one number for the batch


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kl_share": -0.1}, "`kl_share` must be a finite number of at least 0"),
        ({"weight": -1}, "`weight`"),
        ({"weight": math.nan}, "`weight`"),
        ({"kernel": "rfb"}, "`kernel` must be one of imq, rbf. Did you mean 'rbf'"),
    ],
)
def test_senseless_settings(settings, message):
    ((name, value),) = settings.items()
    with pytest.raises(ArgumentError, match=message) as caught:
        MMD(**settings)
    assert str(caught.value).endswith(f"Received: {name}={value!r}")
    assert "\n" not in str(caught.value)
