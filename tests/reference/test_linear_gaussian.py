"""The bounds against a model that can be solved: a linear VAE is probabilistic PCA."""

import numpy as np
import pytest
from linear_gaussian import (
    draw_images,
    exact_log_likelihood,
    linear_vae,
    pca_score,
    scale_of,
    set_exact_encoder,
    set_principal_axes,
    set_scale,
    trained,
)
from sklearn.decomposition import PCA

from vae_keras.objectives import ImportanceWeighted

TRAIN = draw_images(2000)


@pytest.fixture(scope="module")
def trained_vae():
    return trained(TRAIN)


@pytest.mark.thorough
def test_a_trained_linear_vae_is_probabilistic_pca(trained_vae):
    score = pca_score(TRAIN)
    # One importance sample is the bound; at the optimum it has no variance.
    bound = trained_vae.log_likelihood(TRAIN, samples=1).mean
    assert score - 0.05 < bound <= score + 1e-3
    assert np.mean(trained_vae.elbo(TRAIN)) == pytest.approx(score, abs=0.1)
    # What it believes the likelihood to be is what SciPy says of its weights.
    exact = exact_log_likelihood(trained_vae, TRAIN).mean()
    assert bound == pytest.approx(exact, abs=0.05)
    assert trained_vae.log_likelihood(TRAIN, samples=50).mean == pytest.approx(exact, abs=0.01)
    noise = np.sqrt(PCA(3).fit(TRAIN.reshape(2000, -1)).noise_variance_)
    assert scale_of(trained_vae) == pytest.approx(noise, rel=0.02)


@pytest.mark.thorough
def test_so_is_one_trained_on_the_importance_weighted_bound():
    vae = trained(TRAIN, objective=ImportanceWeighted(5, "doubly_reparameterized"))
    exact = exact_log_likelihood(vae, TRAIN).mean()
    assert pca_score(TRAIN) - 0.05 < exact <= pca_score(TRAIN) + 1e-3


@pytest.mark.backend
def test_importance_weights_of_the_exact_posterior_have_no_variance():
    vae = linear_vae()
    scale = set_scale(vae, TRAIN)
    score = set_principal_axes(vae, TRAIN)
    set_exact_encoder(vae)
    estimate = vae.log_likelihood(TRAIN[:200], samples=20)
    np.testing.assert_allclose(estimate.nats, exact_log_likelihood(vae, TRAIN[:200]), atol=2e-3)
    assert estimate.sampling_error.max() < 1e-3
    assert vae.log_likelihood(TRAIN, samples=1).mean == pytest.approx(score, abs=0.01)
    assert scale > 0.01


@pytest.mark.backend
@pytest.mark.thorough
def test_the_bound_rises_with_samples_to_the_exact_log_likelihood():
    vae = linear_vae()
    set_scale(vae, TRAIN)
    set_principal_axes(vae, TRAIN)
    set_exact_encoder(vae, stretch=0.97, widen=1.0)
    x = TRAIN[:500]
    exact = exact_log_likelihood(vae, x)
    bounds, errors = [], []
    for samples in (1, 2, 5, 20, 100, 1000, 5000):
        estimates = [vae.log_likelihood(x, samples=samples, seed=seed).nats for seed in range(3)]
        gaps = np.mean(estimates, axis=0) - exact
        bounds.append(gaps.mean())
        errors.append(gaps.std() / np.sqrt(len(x)))
    assert bounds[0] < -0.5  # the encoder is off, so the first bound is far below
    assert all(np.diff(bounds[:5]) > 0)
    last = vae.log_likelihood(x, samples=5000, seed=0)
    error = np.sqrt(np.sum(last.sampling_error**2)) / len(x)
    assert abs(last.mean - exact.mean()) < 4 * error + 1e-3
    assert bounds[-1] == pytest.approx(0.0, abs=0.01)
