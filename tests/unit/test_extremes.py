"""Loss and gradient stay finite whatever the networks say, in float32 and in half precision."""

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.config import presets
from vae_keras.math import DiagonalGaussian, kl_to_standard_normal, soft_bound
from vae_keras.priors import Mixture, StandardNormal
from vae_keras.regularizers import LatentTerms

LATENT_DIM = 3
# Of float16 the largest; of a layer's output what makes exp overflow.
EXTREMES = (0.0, 1e-3, 50.0, 120.0, 1e4, 65504.0)
LIKELIHOODS = [name for name in presets.member_names("likelihoods") if name != "perceptual"]
REGULARIZERS = presets.member_names("regularizers")


def value_and_gradient(function, values):
    """Return a scalar function's value and gradient, on whichever backend runs."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        values = tf.constant(values)
        with tf.GradientTape() as tape:
            tape.watch(values)
            value = function(values)
        return float(value), ops.convert_to_numpy(tape.gradient(value, values))
    if backend == "jax":
        import jax

        value, gradient = jax.value_and_grad(function)(values)
        return float(value), np.asarray(gradient)
    values = keras.ops.convert_to_tensor(values).requires_grad_()
    value = function(values)
    value.backward()
    return float(value.detach()), ops.convert_to_numpy(values.grad)


def both_signs(values, shape, dtype="float32"):
    """Return an array that holds each value and its negative in turn."""
    pattern = np.array([sign * value for value in values for sign in (1, -1)], dtype)
    return np.resize(pattern, shape)


@pytest.mark.backend
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_likelihoods(name, dtype):
    """Of any output of the decoder's last layer, after the likelihood's activation."""
    likelihood = presets.member("likelihoods", name)()
    activation = keras.activations.get(likelihood.output_activation)
    shape = (2, 4, 4, likelihood.parameters_per_channel)
    low, high = likelihood.data_range
    x = both_signs([1.0], (2, 4, 4, 1)) * (high - low) / 2 + (high + low) / 2

    def loss(outputs):
        parameters = activation(ops.cast(outputs, "float32"))
        return ops.mean(likelihood.loss(x, parameters, training=True))

    value, gradient = value_and_gradient(loss, both_signs(EXTREMES, shape, dtype))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.backend
@pytest.mark.parametrize("prior", [StandardNormal, Mixture])
@pytest.mark.parametrize("name", REGULARIZERS)
def test_regularizers_and_priors(name, prior):
    regularizer, prior = presets.member("regularizers", name)(), prior()
    if regularizer.needs_factorized_prior and not prior.factorized:
        return  # the model refuses the pair
    prior.build((None, LATENT_DIM))
    extremes = [one for one in EXTREMES if one <= 1e4]
    means = both_signs(extremes, (6, LATENT_DIM))

    def penalty(raw):
        posterior = DiagonalGaussian(ops.convert_to_tensor(means), soft_bound(raw))
        codes = posterior.mean + ops.exp(0.5 * posterior.log_var)
        latent = LatentTerms(
            posterior,
            codes,
            prior,
            prior_codes=ops.ones((6, LATENT_DIM)),
            dataset_size=ops.convert_to_tensor(6.0),
            step=ops.convert_to_tensor(3.0),
        )
        return ops.mean(regularizer(latent))

    value, gradient = value_and_gradient(penalty, both_signs(extremes[::-1], (6, LATENT_DIM)))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.backend
@pytest.mark.parametrize("value", [1e4, -1e4, 1e38, -1e38, np.inf, -np.inf])
def test_the_bound_on_log_variances(value):
    """At infinity too: the bound itself, and a KL divergence that is finite."""
    raw = np.full((1, LATENT_DIM), value, "float32")
    bounded = ops.convert_to_numpy(soft_bound(ops.convert_to_tensor(raw)))
    np.testing.assert_allclose(bounded, np.sign(value) * 20.0, atol=1e-4)
    kl, gradient = value_and_gradient(
        lambda raw: ops.sum(
            kl_to_standard_normal(DiagonalGaussian(ops.zeros_like(raw), soft_bound(raw)))
        ),
        raw,
    )
    assert np.isfinite(kl)
    if np.isfinite(value):
        assert np.isfinite(gradient).all()


@pytest.mark.backend
@pytest.mark.parametrize("value", [1e4, -1e4])
def test_the_variances_of_a_mixture(value):
    prior = Mixture(2)
    prior.build((None, LATENT_DIM))
    prior.log_vars.assign(np.full((2, LATENT_DIM), value))
    codes = np.ones((4, LATENT_DIM), "float32")
    log_prob, gradient = value_and_gradient(lambda codes: ops.sum(prior.log_prob(codes)), codes)
    assert np.isfinite(log_prob)
    assert np.isfinite(gradient).all()
    assert np.isfinite(ops.convert_to_numpy(prior.sample(3, seed=0))).all()


@pytest.mark.backend
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_what_a_mixed_policy_leaves_in_float32(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        likelihood = presets.member("likelihoods", "learned_gaussian")()
        parts = presets.member("architectures", "mlp")((8, 8, 1), 2, likelihood, encoder_units=(4,))
        prior = Mixture(2)
        prior.build((None, 2))
        scale = presets.member("likelihoods", "optimal_gaussian")()
    finally:
        keras.config.set_dtype_policy(before)
    encoder, decoder = parts
    images = 255.0 * np.ones((2, 8, 8, 1), "float32")
    for output in (*encoder(images), decoder(np.full((2, 2), 6e4, "float32"))):
        assert keras.backend.standardize_dtype(output.dtype) == "float32"
    hidden = encoder.layers[2].compute_dtype
    assert hidden == policy.removeprefix("mixed_")  # so that the above says something
    for owner in (likelihood, prior, scale):
        assert owner.compute_dtype == owner.variable_dtype == "float32"
    assert keras.backend.standardize_dtype(prior.log_prob(np.ones((1, 2))).dtype) == "float32"
