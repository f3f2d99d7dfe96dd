"""Likelihoods count in float32 whatever comes in, also where Keras' default float is narrower."""

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.likelihoods import (
    Bernoulli,
    ContinuousBernoulli,
    DiscretizedLogistic,
    Gaussian,
    LearnedGaussian,
    OptimalGaussian,
    Perceptual,
    SquaredError,
)

MEMBERS = {
    "bernoulli": Bernoulli,
    "continuous_bernoulli": ContinuousBernoulli,
    "discretized_logistic": DiscretizedLogistic,
    "gaussian": lambda: Gaussian(0.1),
    "learned_gaussian": LearnedGaussian,
    "optimal_gaussian": OptimalGaussian,
    "analytic": lambda: OptimalGaussian(mode="analytic"),
    "squared_error": SquaredError,
}


def pictures_and_outputs(likelihood):
    generator = np.random.default_rng(0)
    x = generator.random((3, 7, 7, 2))
    outputs = generator.normal(size=(3, 7, 7, 2 * likelihood.parameters_per_channel))
    return x, outputs


def everything(likelihood, x, outputs):
    found = {
        "log_prob": likelihood.log_prob(x, outputs),
        "loss": likelihood.loss(x, outputs),
        "mean": likelihood.mean(outputs),
        "training": likelihood.loss(x, outputs, training=True),
    }
    if hasattr(likelihood, "scale") and callable(likelihood.scale):
        found["scale"] = likelihood.scale(outputs)
    return found


@pytest.mark.parametrize("name", MEMBERS)
def test_a_narrow_default_float_changes_nothing(name, request):
    likelihood = MEMBERS[name]()
    x, outputs = pictures_and_outputs(likelihood)
    wide = {
        key: ops.convert_to_numpy(value)
        for key, value in everything(likelihood, x, outputs).items()
    }
    request.getfixturevalue("half_floats")
    narrow = everything(MEMBERS[name](), x, outputs)
    for key, value in narrow.items():
        assert "float32" in str(value.dtype), key
        np.testing.assert_allclose(
            ops.convert_to_numpy(value), wide[key], rtol=1e-5, atol=1e-5, err_msg=key
        )


def test_the_analytic_scale_is_that_of_float32_differences(half_floats):
    likelihood = OptimalGaussian(mode="analytic")
    x, mean = np.full((2, 3, 3, 1), 1 / 3), np.full((2, 3, 3, 1), 1 / 3 - 0.01)
    likelihood.loss(x, mean, training=True)  # float16 would make it 0.00992
    assert float(ops.convert_to_numpy(likelihood.scale)) == pytest.approx(0.01, rel=1e-4)


def test_a_network_sees_pictures_in_float32(request):
    layers = [keras.layers.Conv2D(3, 3, dtype="float32")]
    network = keras.Sequential([keras.Input((7, 7, 2), dtype="float32"), *layers])
    likelihood = Perceptual(network, weight=1e6)
    x, _ = pictures_and_outputs(likelihood)
    wide = ops.convert_to_numpy(likelihood.loss(x, x + 1e-3))
    request.getfixturevalue("half_floats")
    narrow = ops.convert_to_numpy(likelihood.loss(x, x + 1e-3))
    np.testing.assert_allclose(narrow, wide, rtol=1e-3)
    assert wide.min() > 0
