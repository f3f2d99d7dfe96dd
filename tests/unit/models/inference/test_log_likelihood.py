"""The importance-weighted estimate against closed forms, double loops and its own error."""

import math

import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

from vae_keras import VAE
from vae_keras.architectures import mlp
from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import (
    Bernoulli,
    DiscretizedLogistic,
    Gaussian,
    Likelihood,
    Perceptual,
    SquaredError,
)
from vae_keras.models.inference.log_likelihood import _bytes_per_code, _log_mean_exp
from vae_keras.priors import Mixture, StandardNormal

pytestmark = pytest.mark.backend

SHAPE, LATENT_DIM = (2, 3, 1), 2
SCALE = 0.05
# Two orthogonal directions, so that the exact posterior is diagonal.
KERNEL = np.array([[0.1, -0.1, 0.1, -0.1, 0.0, 0.0], [0.05, 0.05, 0.05, 0.05, 0.0, 0.0]])
BIAS = np.linspace(0.4, 0.6, 6)


class Flat(Likelihood):
    """Every image has the same density, or mass; remembers the images that it is asked about."""

    def __init__(self, log_prob, *, data_range=(0.0, 1.0), discrete=False):
        super().__init__()
        self.data_range, self.discrete = data_range, discrete
        self.each, self.seen = log_prob, []

    def log_prob(self, x, parameters):
        self.seen.append(ops.convert_to_numpy(x))
        return ops.sum(0.0 * parameters + self.each, axis=(1, 2, 3))

    def mean(self, parameters):
        return parameters


def linear_vae(*, stretch=1.0, widen=0.0, likelihood=None, **settings):
    """Return a VAE with `p(x) = N(b, W^T W + s^2 I)`, and an encoder that may be off."""
    images, codes = keras.Input(SHAPE), keras.Input((LATENT_DIM,))
    mean, log_var = keras.layers.Dense(LATENT_DIM), keras.layers.Dense(LATENT_DIM)
    output = keras.layers.Dense(6)
    flat = keras.layers.Flatten()(images)
    encoder = keras.Model(images, [mean(flat), log_var(flat)])
    decoder = keras.Model(codes, keras.layers.Reshape(SHAPE)(output(codes)))
    variances = 1 / (1 + (KERNEL**2).sum(axis=1) / SCALE**2)
    to_mean = stretch * KERNEL.T * variances / SCALE**2
    output.set_weights([KERNEL, BIAS])
    mean.set_weights([to_mean, -BIAS @ to_mean])
    log_var.set_weights([np.zeros((6, 2)), np.log(variances) + widen])
    return VAE(encoder, decoder, likelihood or Gaussian(SCALE), seed=0, **settings)


def linear_images(n):
    generator = np.random.default_rng(0)
    codes, noise = generator.normal(size=(n, 2)), generator.normal(size=(n, 6))
    return (BIAS + codes @ KERNEL + SCALE * noise).reshape(n, *SHAPE).astype("float32")


def exact(x):
    covariance = KERNEL.T @ KERNEL + SCALE**2 * np.eye(6)
    return stats.multivariate_normal(BIAS, covariance).logpdf(x.reshape(len(x), -1))


def flat_vae(likelihood):
    """Return a VAE whose posterior is its prior, so that each weight is the likelihood."""
    images, codes = keras.Input(SHAPE), keras.Input((LATENT_DIM,))
    head = keras.layers.Dense(LATENT_DIM, kernel_initializer="zeros")
    other = keras.layers.Dense(LATENT_DIM, kernel_initializer="zeros")
    flat = keras.layers.Flatten()(images)
    encoder = keras.Model(images, [head(flat), other(flat)])
    decoder = keras.Model(codes, keras.layers.Reshape(SHAPE)(keras.layers.Dense(6)(codes)))
    vae = VAE(encoder, decoder, likelihood, seed=0)
    vae.run_eagerly = True  # the likelihood looks at numbers
    return vae


def memory_for(vae, codes):
    """Return `memory_mib` for so many codes at once."""
    return (codes + 0.5) * _bytes_per_code(vae) / 2**20


# The number


def test_the_exact_posterior_gives_the_exact_value_without_error():
    vae, x = linear_vae(), linear_images(20)
    for samples in (1, 7):
        estimate = vae.log_likelihood(x, samples=samples)
        np.testing.assert_allclose(estimate.nats, exact(x), atol=1e-3)
        assert estimate.nats.dtype == np.float64
    assert estimate.sampling_error.max() < 1e-4
    assert estimate.samples == 7


def test_another_posterior_gives_it_within_the_error_and_rises_to_it():
    vae, x = linear_vae(stretch=0.8, widen=0.7), linear_images(30)
    estimates = {k: vae.log_likelihood(x, samples=k) for k in (1, 10, 100, 20_000)}
    means = [estimate.mean for estimate in estimates.values()]
    assert means == sorted(means)
    assert means[0] < exact(x).mean() - 0.2
    last = estimates[20_000]
    assert last.sampling_error.max() < 0.05
    assert np.all(np.abs(last.nats - exact(x)) < 4 * last.sampling_error)


def test_the_sampling_error_is_what_other_seeds_differ_by():
    vae, x = linear_vae(stretch=0.9, widen=0.5), linear_images(10)
    estimates = [vae.log_likelihood(x, samples=500, seed=seed) for seed in range(50)]
    spread = np.std([estimate.nats for estimate in estimates], axis=0, ddof=1)
    claimed = np.mean([estimate.sampling_error for estimate in estimates], axis=0)
    # Fifty seeds give a standard deviation to a tenth, ten images their mean to a thirtieth.
    np.testing.assert_allclose(spread / claimed, 1.0, atol=0.4)
    assert np.mean(spread / claimed) == pytest.approx(1.0, abs=0.12)


@pytest.mark.parametrize(("spread", "samples"), [(0.5, 50), (2.0, 50), (2.0, 500), (4.0, 500)])
def test_the_sampling_error_where_few_codes_carry_the_weight(spread, samples):
    """The delta method finds 0.5 to 0.9 of it where log-weights spread by 2 or 4."""
    weights = np.random.default_rng(0).normal(0.0, spread, (2000, samples))
    estimates, errors = _log_mean_exp(weights)
    assert np.sqrt(np.mean(errors**2)) / estimates.std() == pytest.approx(1.0, abs=0.12)


@pytest.mark.parametrize("prior", [StandardNormal, Mixture])
def test_it_equals_a_double_loop(make_images, prior):
    keras.utils.set_random_seed(0)
    likelihood = Bernoulli()
    parts = mlp((4, 4, 1), 2, likelihood, encoder_units=(8,))
    vae = VAE(*parts, likelihood, prior=prior(), seed=0)
    x = (make_images(3, (4, 4, 1)) > 0.5).astype("float32")
    estimate = vae.log_likelihood(x, samples=5, seed=4)

    noise = np.random.default_rng(4).standard_normal((3, 5, 2), dtype="float32")
    mean, log_var = (ops.convert_to_numpy(one) for one in vae.encoder(x))
    for i in range(3):
        weights = []
        for k in range(5):
            scale = np.exp(log_var[i].astype("float64") / 2)
            z = (mean[i] + scale * noise[i, k]).astype("float32")[None]
            p = vae.decode(z)[0].astype("float64")
            log_weight = (x[i] * np.log(p) + (1 - x[i]) * np.log(1 - p)).sum()
            log_weight += float(ops.convert_to_numpy(vae.prior.log_prob(z))[0])
            log_weight -= stats.norm(mean[i], scale).logpdf(z[0]).sum()
            weights.append(math.exp(log_weight))
        without = [math.log(np.mean(np.delete(weights, k))) for k in range(5)]
        error = math.sqrt(4 / 5 * np.sum((without - np.mean(without)) ** 2))
        assert estimate.nats[i] == pytest.approx(math.log(np.mean(weights)), abs=1e-4)
        assert estimate.sampling_error[i] == pytest.approx(error, rel=1e-3)


# What it does not depend on


@pytest.mark.parametrize("codes", [1, 7, 20, 33, 60])
def test_the_memory_bound_does_not_change_the_result(codes):
    vae, x = linear_vae(stretch=0.8, widen=0.5), linear_images(5)
    expected = vae.log_likelihood(x, samples=20, seed=3)
    estimate = vae.log_likelihood(x, samples=20, seed=3, memory_mib=memory_for(vae, codes))
    np.testing.assert_allclose(estimate.nats, expected.nats, atol=1e-4)
    np.testing.assert_allclose(estimate.sampling_error, expected.sampling_error, rtol=1e-3)
    tiny = vae.log_likelihood(x[:2], samples=20, seed=3, memory_mib=1e-9)
    np.testing.assert_allclose(tiny.nats, expected.nats[:2], atol=1e-4)


@pytest.mark.parametrize("codes", [1, 7, 20, 33, 60])
def test_no_more_codes_go_at_once_than_the_memory_bound_allows(codes):
    likelihood = Flat(0.0)
    vae = flat_vae(likelihood)
    vae.log_likelihood(linear_images(5), samples=20, memory_mib=memory_for(vae, codes))
    sizes = [len(batch) for batch in likelihood.seen]
    assert sum(sizes) == 5 * 20
    assert max(sizes) <= codes < 2 * max(sizes) + 20


def test_the_number_of_images_changes_no_images_result(make_images):
    vae, x = linear_vae(stretch=0.8, widen=0.5), linear_images(6)
    expected = vae.log_likelihood(x, samples=20, seed=3).nats
    np.testing.assert_allclose(vae.log_likelihood(x[:2], samples=20, seed=3).nats, expected[:2])
    # Not either where pixels are drawn too.
    pixels = make_images(6, SHAPE, dtype="uint8")
    settings = {"samples": 20, "seed": 3, "dequantize": True}
    expected = vae.log_likelihood(pixels, **settings).nats
    np.testing.assert_allclose(
        vae.log_likelihood(pixels[:2], **settings).nats, expected[:2], rtol=1e-6
    )


def test_the_same_seed_gives_the_same_result():
    vae, x = linear_vae(stretch=0.8), linear_images(4)
    first = vae.log_likelihood(x, samples=3, seed=1).nats
    np.testing.assert_array_equal(vae.log_likelihood(x, samples=3, seed=1).nats, first)
    assert np.all(vae.log_likelihood(x, samples=3, seed=2).nats != first)


# Bits per dimension


@pytest.mark.parametrize("data_range", [(0.0, 1.0), (-1.0, 1.0)])
def test_a_flat_density_over_the_range_takes_eight_bits(make_images, data_range):
    low, high = data_range
    likelihood = Flat(-math.log(high - low), data_range=data_range)
    x = make_images(4, SHAPE, dtype="uint8")
    estimate = flat_vae(likelihood).log_likelihood(x, samples=3, dequantize=True)
    assert estimate.bits_per_dimension == pytest.approx(8.0, abs=1e-5)
    # Uniform noise within one grey level.
    observed = np.concatenate(likelihood.seen)[::3]
    levels = 256 * (observed - low) / (high - low)
    np.testing.assert_array_equal(np.floor(levels), x)
    shares = (levels - x).ravel()
    assert 0.4 < shares.mean() < 0.6
    assert np.unique(shares).size > 0.9 * shares.size


def test_a_flat_mass_over_256_levels_takes_eight_bits(make_images):
    likelihood = Flat(-math.log(256.0), discrete=True)
    x = make_images(4, SHAPE, dtype="uint8")
    estimate = flat_vae(likelihood).log_likelihood(x, samples=3)
    assert estimate.bits_per_dimension == pytest.approx(8.0, abs=1e-5)
    np.testing.assert_allclose(np.concatenate(likelihood.seen)[::3], x / 255.0, atol=1e-6)


def test_bits_by_hand(make_images):
    x = make_images(4, SHAPE, dtype="uint8")
    dequantized = linear_vae().log_likelihood(x, samples=3, dequantize=True)
    assert dequantized.bits_per_dimension == pytest.approx(
        (math.log(256) - dequantized.mean / 6) / math.log(2), rel=1e-6
    )
    assert dequantized.dimensions == 6
    keras.utils.set_random_seed(0)
    discrete = DiscretizedLogistic()
    vae = VAE(*mlp(SHAPE, 2, discrete, encoder_units=(4,)), discrete)
    mass = vae.log_likelihood(x, samples=3)
    assert mass.bits_per_dimension == pytest.approx(-mass.mean / 6 / math.log(2), rel=1e-6)
    binary = VAE(*mlp(SHAPE, 2, Bernoulli(), encoder_units=(4,)), Bernoulli())
    bits = binary.log_likelihood(x > 127, samples=3).bits_per_dimension
    assert 0 < bits < 3  # of one bit each, by a model that knows nothing


def test_fewer_levels_than_the_images_have_give_no_bits(make_images):
    coarse = DiscretizedLogistic(levels=32)
    vae = VAE(*mlp(SHAPE, 2, coarse, encoder_units=(4,)), coarse)
    estimate = vae.log_likelihood(make_images(4, SHAPE, dtype="uint8"), samples=3)
    with pytest.raises(ArgumentError, match="with all 256 levels"):
        _ = estimate.bits_per_dimension


def test_a_density_of_bytes_as_they_are_has_no_bits(make_images):
    estimate = linear_vae().log_likelihood(make_images(4, SHAPE, dtype="uint8"), samples=2)
    with pytest.raises(ArgumentError, match=r"`bits_per_dimension` needs .*dequantize=True"):
        _ = estimate.bits_per_dimension


# Binary images


def bernoulli_vae(**settings):
    keras.utils.set_random_seed(0)
    return VAE(*mlp(SHAPE, 2, Bernoulli(), encoder_units=(4,)), Bernoulli(), seed=0, **settings)


def test_grey_images_and_a_bernoulli_likelihood_warn(make_images):
    vae, x = bernoulli_vae(), make_images(4, SHAPE, dtype="uint8")
    for images in (x, x / np.float32(255)):
        with pytest.warns(UserWarning, match="is a probability of binary images") as caught:
            estimate = vae.log_likelihood(images, samples=2)
        assert caught[0].filename == __file__
        assert estimate.levels_per_unit is None
        with pytest.raises(ArgumentError):
            _ = estimate.bits_per_dimension


def test_binary_images_do_not_warn_whatever_their_type(make_images):
    vae, x = bernoulli_vae(), make_images(4, SHAPE) > 0.5
    forms = (x, x.astype("uint8") * np.uint8(255), x.astype("float32"))
    nats = [vae.log_likelihood(form, samples=2).nats for form in forms]
    np.testing.assert_allclose(nats[1], nats[0], rtol=1e-6)
    np.testing.assert_allclose(nats[2], nats[0], rtol=1e-6)


def test_a_binarizing_model_draws_grey_images_once(make_images):
    vae, plain, x = bernoulli_vae(binarize=True), bernoulli_vae(), make_images(4, SHAPE)
    drawn = np.random.default_rng(2).spawn(1)[0].random(x.shape, dtype="float32") < x
    expected = plain.log_likelihood(drawn, samples=5, seed=2)
    estimate = vae.log_likelihood(x, samples=5, seed=2)
    np.testing.assert_allclose(estimate.nats, expected.nats, rtol=1e-6)
    assert estimate.bits_per_dimension == pytest.approx(expected.bits_per_dimension, rel=1e-6)


# The record


def test_the_mean_and_its_standard_error():
    x = linear_images(25)
    estimate = linear_vae().log_likelihood(x, samples=4)
    assert estimate.mean == pytest.approx(np.mean(estimate.nats))
    assert estimate.standard_error == pytest.approx(np.std(estimate.nats, ddof=1) / 5)
    shown = f"{estimate.mean:.2f} ± {estimate.standard_error:.2f} nats (25 images, 4 samples)"
    assert str(estimate) == f"log p(x) = {shown}"


def test_one_image_and_one_sample_have_no_error():
    estimate = linear_vae().log_likelihood(linear_images(1), samples=1)
    assert math.isnan(estimate.standard_error)
    assert np.isnan(estimate.sampling_error).all()


# Errors


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"samples": 0}, "`samples` must be a positive integer. Received: samples=0"),
        ({"samples": 2.0}, "`samples` must be a positive integer"),
        ({"samples": True}, "`samples` must be a positive integer"),
        ({"memory_mib": 0}, "`memory_mib` must be a finite number above 0. Received: memory_mib=0"),
        ({"memory_mib": -1.0}, "`memory_mib` must be a finite number above 0"),
        ({"memory_mib": math.inf}, "`memory_mib` must be a finite number above 0"),
        ({"memory_mib": math.nan}, "`memory_mib` must be a finite number above 0"),
        ({"dequantize": True}, "`dequantize` must go with uint8 .* Received: x.dtype=float32"),
        ({"seed": -1}, "`seed` must be an integer of at least 0. Received: seed=-1"),
        ({"label": 1}, "`label` must not be given: .* Received: label=1"),
    ],
)
def test_senseless_arguments(settings, message):
    with pytest.raises(ArgumentError, match=message):
        linear_vae().log_likelihood(linear_images(2), **settings)


def test_a_mass_needs_no_dequantisation(make_images):
    x = make_images(2, SHAPE, dtype="uint8")
    with pytest.raises(ArgumentError, match=r"`dequantize` must .* likelihood=Bernoulli"):
        bernoulli_vae().log_likelihood(x, dequantize=True)


def test_a_loss_that_is_no_density_is_an_argument_error(make_images):
    images = keras.Input(SHAPE)
    network = keras.Model(images, keras.layers.Conv2D(1, 1)(images))
    likelihood = Perceptual(network, SquaredError())
    vae = VAE(*mlp(SHAPE, 2, likelihood, encoder_units=(4,)), likelihood)
    with pytest.raises(ArgumentError, match=r"`likelihood` must be a density .*=Perceptual"):
        vae.log_likelihood(make_images(2, SHAPE))
