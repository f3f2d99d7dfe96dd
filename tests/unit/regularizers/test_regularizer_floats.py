"""Regularisers count in float32, also where Keras' default float is narrower."""

import numpy as np
import pytest
from keras import ops

from vae_keras.math import DiagonalGaussian
from vae_keras.regularizers import DIP, KL, MMD, Capacity, FreeBits, TotalCorrelation

MEMBERS = {
    "kl": KL(),
    "free_bits": FreeBits(0.3),
    "capacity": Capacity(5.0, steps=10),
    "dip_i": DIP("i"),
    "dip_ii": DIP("ii"),
    "imq": MMD(0.5),
    "rbf": MMD(kernel="rbf"),
    "weighted": TotalCorrelation(),
    "large": TotalCorrelation(dataset_size=100_000),  # beyond float16
    "stratified": TotalCorrelation(estimator="stratified"),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_a_narrow_default_float_changes_nothing(name, make_latent, request):
    mean, log_var, codes, prior_codes = np.random.default_rng(0).normal(size=(4, 6, 3))
    posterior = DiagonalGaussian(mean, log_var)

    def value():
        latent = make_latent(codes=codes, prior_codes=prior_codes)
        latent = type(latent)(**{**vars(latent), "posterior": posterior})
        return MEMBERS[name](latent)

    wide = ops.convert_to_numpy(value())
    request.getfixturevalue("half_floats")
    narrow = value()
    assert "float32" in str(narrow.dtype)
    assert narrow.shape == (6,)
    np.testing.assert_allclose(ops.convert_to_numpy(narrow), wide, rtol=1e-5, atol=1e-5)
