"""The importance-weighted bound and its two gradients, of a decoder that is one matrix."""

import math

import keras
import numpy as np
import pytest
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.objectives import ELBO, ImportanceWeighted
from vae_keras.priors import Mixture

pytestmark = pytest.mark.backend

GRADIENTS = ("standard", "doubly_reparameterized")
COPIES = 4000


def normal_log_prob(values, mean=0.0, log_var=0.0):
    return -0.5 * ((values - mean) ** 2 / math.exp(log_var) + log_var + math.log(2 * math.pi))


def bound_by_loops(kernel, x, mean, log_var, noise, *, samples, weight):
    """Return `-log mean_k w_k` and the mean reconstruction loss of each image, in float64."""
    bounds, losses = [], []
    for i in range(len(x)):
        log_weights, recon = [], []
        for k in range(samples):
            log_weight, code = 0.0, []
            for j in range(2):
                m, v = float(mean[i, j]), float(log_var[i, j])
                z = m + math.exp(v / 2) * float(noise[k * len(x) + i, j])
                code.append(z)
                log_weight += weight * (normal_log_prob(z) - normal_log_prob(z, m, v))
            expected = np.array(code) @ kernel.astype("float64")
            recon.append(0.5 * sum((x[i].astype("float64") - expected) ** 2))
            log_weights.append(log_weight - recon[-1])
        bounds.append(-math.log(sum(math.exp(one) for one in log_weights) / samples))
        losses.append(sum(recon) / samples)
    return np.array(bounds), np.array(losses)


@pytest.mark.parametrize("gradient", GRADIENTS)
@pytest.mark.parametrize("weight", [1.0, 0.3])
@pytest.mark.parametrize("samples", [1, 2, 7])
def test_the_loss_equals_a_double_loop(arrays, kernel, make_batch, samples, weight, gradient):
    given = arrays(4, samples)
    bound, recon = bound_by_loops(kernel, *given, samples=samples, weight=weight)
    terms = ImportanceWeighted(samples, gradient)(make_batch(*given, weight=weight))
    np.testing.assert_allclose(ops.convert_to_numpy(terms.total), bound, rtol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(terms.reconstruction), recon, rtol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(terms.scaled), bound - recon, atol=1e-5)
    elbo = ELBO()(make_batch(*given[:3], given[3][:4], weight=weight))
    np.testing.assert_allclose(
        ops.convert_to_numpy(terms.kl), ops.convert_to_numpy(elbo.kl), rtol=1e-6
    )
    assert float(terms.weight) == pytest.approx(weight)


def test_weights_that_overflow_do_not(arrays, make_batch):
    x, mean, log_var, noise = arrays(4, 5)
    given = (x + 1000.0, mean, log_var, noise)
    total = ops.convert_to_numpy(ImportanceWeighted(5)(make_batch(*given)).total)
    assert np.isfinite(total).all()
    assert total.min() > 1e5


@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_one_sample_has_the_expectation_of_the_evidence_lower_bound(arrays, make_batch, weight):
    given = arrays(1, 1, copies=20_000)
    single, elbo = (
        ops.convert_to_numpy(objective(make_batch(*given, weight=weight)).total).astype("float64")
        for objective in (ImportanceWeighted(1), ELBO())
    )
    difference = single - elbo
    assert difference.std() > 0.1  # one draws the KL divergence, the other knows it
    assert abs(difference.mean()) < 4 * difference.std() / math.sqrt(len(difference))


def test_the_bound_rises_with_samples_and_stays_below_the_log_likelihood(
    arrays, kernel, make_batch
):
    x = arrays(1)[0]
    covariance = kernel.T @ kernel + np.eye(3)
    # The loss leaves out the constant of the density.
    square = x[0] @ np.linalg.solve(covariance, x[0])
    exact = -0.5 * square - 0.5 * np.linalg.slogdet(covariance)[1]
    bounds = []
    for samples in (1, 3, 10, 300):
        given = arrays(1, samples, copies=COPIES)
        bounds.append(-ops.convert_to_numpy(ImportanceWeighted(samples)(make_batch(*given)).total))
    means = [bound.mean() for bound in bounds]
    errors = [bound.std() / math.sqrt(COPIES) for bound in bounds]
    for i in range(3):
        assert means[i + 1] - means[i] > 4 * (errors[i] + errors[i + 1])
    assert means[3] < exact + 4 * errors[3]
    assert means[3] == pytest.approx(exact, abs=0.02)


# Gradients


@pytest.fixture
def gradients_by(gradients_of, kernel, make_batch):
    """Return a function: gradients of a sum over images for means, log-variances and decoder."""

    def gradients(gradient, given, *, samples, weight, **parts):
        x, mean, log_var, noise = given

        def loss(mean, log_var, kernel):
            batch = make_batch(x, mean, log_var, noise, kernel=kernel, weight=weight, **parts)
            return ops.sum(ImportanceWeighted(samples, gradient)(batch).total)

        return gradients_of(loss, mean, log_var, kernel)

    return gradients


@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_both_gradients_of_the_decoder_are_the_same(arrays, gradients_by, weight):
    given = arrays(4, 6)
    settings = {"samples": 6, "weight": weight}
    standard, double = (gradients_by(gradient, given, **settings) for gradient in GRADIENTS)
    np.testing.assert_allclose(double[2], standard[2], rtol=1e-4, atol=1e-5)
    assert np.abs(standard[2]).max() > 0.1
    assert np.abs(double[0] - standard[0]).max() > 0.01  # another estimate, the same expectation


def test_the_standard_gradient_is_that_of_the_loss(arrays, kernel, gradients_by):
    given = arrays(2, 3)
    received = gradients_by("standard", given, samples=3, weight=0.5)
    x, mean, log_var, noise = (one.astype("float64") for one in given)

    def bound():
        arrays = (kernel, x, mean, log_var, noise)
        return bound_by_loops(*arrays, samples=3, weight=0.5)[0].sum()

    for position, array in ((0, mean), (1, log_var)):
        for index in np.ndindex(array.shape):
            ends = []
            for step in (1e-5, -1e-5):
                array[index] += step
                ends.append(bound())
                array[index] -= step
            slope = (ends[0] - ends[1]) / 2e-5
            assert received[position][index] == pytest.approx(slope, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("prior", [None, "mixture"])
@pytest.mark.parametrize("weight", [1.0, 0.5, 0.0])
def test_both_gradients_of_the_encoder_have_one_expectation(arrays, gradients_by, weight, prior):
    given = arrays(1, 4, copies=COPIES)
    parts = {"samples": 4, "weight": weight}
    if prior:
        keras.utils.set_random_seed(0)
        parts["prior"] = Mixture(3)
        parts["prior"].build((None, 2))
    standard, double = (
        np.concatenate(gradients_by(gradient, given, **parts)[:2], axis=1) for gradient in GRADIENTS
    )
    # Each copy has its own draws.
    error = (double - standard).std(axis=0) / math.sqrt(COPIES)
    assert np.all(np.abs((double - standard).mean(axis=0)) < 4 * error + 1e-6)
    assert np.any(np.abs(standard.mean(axis=0)) > 8 * error)  # zeros would not do


@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_the_doubly_reparameterized_gradient_has_less_variance(arrays, gradients_by, weight):
    given = arrays(1, 50, copies=500)
    standard, double = (
        np.concatenate(
            gradients_by(gradient, given, samples=50, weight=weight)[:2],
            axis=1,
        )
        for gradient in GRADIENTS
    )
    assert np.all(double.var(axis=0) < 0.7 * standard.var(axis=0))


# Arguments


@pytest.mark.parametrize("samples", [0, -1, 2.0, True, "3", None])
def test_senseless_numbers_of_samples_are_argument_errors(samples):
    with pytest.raises(ArgumentError, match="`samples` must be a positive integer") as caught:
        ImportanceWeighted(samples)
    assert str(caught.value).endswith(f"Received: samples={samples!r}")


def test_an_unknown_gradient_is_an_argument_error():
    with pytest.raises(
        ArgumentError, match=r"`gradient` must be one of doubly.*, standard\. Did.*='standart'"
    ):
        ImportanceWeighted(5, "standart")
