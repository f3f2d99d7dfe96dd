import numpy as np
import pytest
from keras import ops

from vae_keras.objectives import ELBO
from vae_keras.priors import Mixture

pytestmark = pytest.mark.backend


class Twice:
    """A regulariser that looks at the codes."""

    def __call__(self, latent):
        return 2.0 * ops.sum(ops.square(latent.codes), axis=-1)


def numpy_terms(kernel, x, mean, log_var, noise):
    """Return codes, half the squared errors and the KL divergence, in float64."""
    x, mean, log_var, noise = (one.astype("float64") for one in (x, mean, log_var, noise))
    codes = mean + np.exp(log_var / 2) * noise
    recon = 0.5 * ((x - codes @ kernel) ** 2).sum(axis=1)
    return codes, recon, 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var).sum(axis=1)


@pytest.mark.parametrize("weight", [1.0, 0.3, 0.0])
def test_it_is_reconstruction_plus_weighted_kl(arrays, kernel, make_batch, weight):
    given = arrays()
    _, recon, kl = numpy_terms(kernel, *given)
    terms = ELBO()(make_batch(*given, weight=weight))
    for received, expected in (
        (terms.reconstruction, recon),
        (terms.kl, kl),
        (terms.scaled, weight * kl),
        (terms.total, recon + weight * kl),
    ):
        assert received.shape == (4,)
        np.testing.assert_allclose(ops.convert_to_numpy(received), expected, rtol=1e-5)
    assert float(terms.weight) == pytest.approx(weight)


def test_whatever_is_penalised_the_kl_is_reported(arrays, kernel, make_batch):
    given = arrays()
    codes, recon, kl = numpy_terms(kernel, *given)
    terms = ELBO()(make_batch(*given, weight=0.5, regularizer=Twice()))
    penalty = 0.5 * 2.0 * (codes**2).sum(axis=1)
    np.testing.assert_allclose(ops.convert_to_numpy(terms.kl), kl, rtol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(terms.scaled), penalty, rtol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(terms.total), recon + penalty, rtol=1e-5)


def test_the_kl_from_a_mixture_is_estimated_at_the_codes_that_are_decoded(
    arrays, kernel, make_batch
):
    _, _, log_var, noise = given = arrays()
    prior = Mixture(3)
    prior.build((None, 2))
    codes, recon, _ = numpy_terms(kernel, *given)
    log_q = -0.5 * (noise.astype("float64") ** 2 + log_var + np.log(2 * np.pi)).sum(axis=1)
    log_p = ops.convert_to_numpy(prior.log_prob(codes.astype("float32")))
    terms = ELBO()(make_batch(*given, prior=prior))
    np.testing.assert_allclose(ops.convert_to_numpy(terms.kl), log_q - log_p, rtol=1e-4)
    np.testing.assert_allclose(ops.convert_to_numpy(terms.total), recon + log_q - log_p, rtol=1e-4)
