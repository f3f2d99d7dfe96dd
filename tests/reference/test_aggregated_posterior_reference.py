"""Mutual information and marginal KL against numerical integration by SciPy."""

import numpy as np
import pytest
from scipy import integrate, stats

from vae_keras.evaluation import elbo_surgery

MEANS = np.array([-1.5, 0.2, 0.4, 2.0])
STDS = np.array([0.5, 0.3, 1.1, 0.2])


def _integral(integrand):
    return integrate.quad(integrand, -9, 9, points=[*MEANS], epsabs=1e-10, limit=400)[0]


def _mixture(z):
    return np.mean(stats.norm.pdf(z, MEANS, STDS))


@pytest.mark.parametrize("prior", [stats.norm(), stats.norm(0.5, 2.0)])
def test_both_parts_match_integration(prior):
    marginal = _integral(lambda z: _mixture(z) * (np.log(_mixture(z)) - prior.logpdf(z)))
    entropy = -_integral(lambda z: _mixture(z) * np.log(_mixture(z)))
    information = entropy - np.mean(stats.norm.entropy(MEANS, STDS))

    both = elbo_surgery(
        MEANS[:, None],
        2 * np.log(STDS)[:, None],
        None if prior.std() == 1 else lambda codes: prior.logpdf(codes[:, 0]),
        samples=200_000,
    )
    for estimate, expected in (
        (both.mutual_information, information),
        (both.aggregated_posterior_kl, marginal),
    ):
        assert estimate.standard_error < 0.003
        assert estimate.value == pytest.approx(expected, abs=4 * estimate.standard_error)
