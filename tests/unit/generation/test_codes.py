"""Sources of codes, against moments and masses known in closed form."""

import itertools

import numpy as np
import pytest
from scipy import stats

from vae_keras.errors import ArgumentError
from vae_keras.generation import codes as generation
from vae_keras.generation.codes import AggregatedPosterior, aggregated_posterior_grid, fit_mixture

DRAWS = 200_000


def posteriors(n=40, latent_dim=2, seed=0):
    """Return means and log-variances of `n` posteriors, narrow ones and wide ones."""
    generator = np.random.default_rng(seed)
    return generator.normal(size=(n, latent_dim)), generator.uniform(-5, 0, size=(n, latent_dim))


def two_groups(n=20_000):
    """Return codes of two correlated Gaussians, a quarter and three quarters of them."""
    generator = np.random.default_rng(0)
    factor = np.array([[1.0, 0.0], [0.8, 0.6]])
    first = generator.normal(size=(n // 4, 2)) @ factor.T + [5.0, -5.0]
    second = 0.5 * generator.normal(size=(n - n // 4, 2)) + [-5.0, 5.0]
    return np.concatenate([first, second])


def aggregate_moments(mean, log_var):
    """Mean and covariance of `1/N sum_i N(mean_i, diag(exp(log_var_i)))`."""
    within = np.diag(np.exp(log_var).mean(axis=0))
    return mean.mean(axis=0), np.cov(mean.T, bias=True) + within


def assert_moments(codes, mean, covariance, **tolerance):
    np.testing.assert_allclose(codes.mean(axis=0), mean, **tolerance)
    np.testing.assert_allclose(np.cov(codes.T), covariance, **tolerance)


def test_mixture_finds_the_groups_that_codes_were_drawn_from():
    mixture = fit_mixture(two_groups(), 2)
    order = np.argsort(mixture.weights)
    np.testing.assert_allclose(mixture.weights[order], [0.25, 0.75], atol=1e-3)
    np.testing.assert_allclose(mixture.means[order], [[5, -5], [-5, 5]], atol=0.05)
    expected = [[[1.0, 0.8], [0.8, 1.0]], [[0.25, 0.0], [0.0, 0.25]]]
    np.testing.assert_allclose(mixture.covariances[order], expected, atol=0.05)


def test_codes_of_a_mixture_have_its_moments_and_those_of_the_codes_it_was_fitted_to():
    codes = two_groups()
    mixture = fit_mixture(codes, 3)
    drawn = mixture.sample(DRAWS, seed=1)
    assert drawn.shape == (DRAWS, 2)
    assert drawn.dtype == np.float32
    mean = mixture.weights @ mixture.means
    spread = np.einsum("k,ki,kj->ij", mixture.weights, mixture.means - mean, mixture.means - mean)
    covariance = spread + np.einsum("k,kij->ij", mixture.weights, mixture.covariances)
    assert_moments(drawn, mean, covariance, atol=0.08)
    # Expectation maximisation keeps the first two moments of the data, but for the 1e-6 on the
    # diagonal and what it stops short of.
    assert_moments(codes, mean, covariance, atol=0.01)


def test_one_component_is_the_gaussian_of_the_codes():
    codes = np.random.default_rng(0).normal(size=(50, 3))
    mixture = fit_mixture(codes, 1)
    np.testing.assert_allclose(mixture.means[0], codes.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(mixture.covariances[0], np.cov(codes.T, bias=True), atol=2e-6)


def test_codes_that_coincide_make_a_mixture_there():
    np.testing.assert_allclose(fit_mixture(np.full((20, 2), 3.0)).sample(100, seed=0), 3, atol=0.01)


def test_codes_of_the_aggregated_posterior_have_its_moments():
    mean, log_var = posteriors()
    drawn = AggregatedPosterior(mean, log_var).sample(DRAWS, seed=1)
    assert drawn.shape == (DRAWS, 2)
    assert drawn.dtype == np.float32
    assert_moments(drawn, *aggregate_moments(mean, log_var), atol=0.015)


@pytest.mark.parametrize("latent_dim", [1, 2, 3])
def test_masses_of_the_grid_are_those_of_a_double_loop(latent_dim):
    mean, log_var = posteriors(n=5, latent_dim=latent_dim)
    grid = aggregated_posterior_grid(mean, log_var, bins=4)
    assert grid.edges.shape == (latent_dim, 5)
    expected = np.zeros((4,) * latent_dim)
    for m, std in zip(mean, np.exp(log_var / 2), strict=True):
        for cell in itertools.product(range(4), repeat=latent_dim):
            sides = [stats.norm(m[j], std[j]).cdf(grid.edges[j]) for j in range(latent_dim)]
            masses = [side[k + 1] - side[k] for side, k in zip(sides, cell, strict=True)]
            expected[cell] += np.prod(masses) / 5
    np.testing.assert_allclose(grid.masses, expected, atol=1e-14)


def test_masses_of_the_grid_add_up_and_match_draws():
    mean, log_var = posteriors()
    grid = aggregated_posterior_grid(mean, log_var, bins=12)
    assert grid.masses.sum() == pytest.approx(1, abs=1e-4)
    drawn = AggregatedPosterior(mean, log_var).sample(DRAWS, seed=1)
    counted, _, _ = np.histogram2d(*drawn.T, bins=list(grid.edges))
    # Five standard deviations of a binomial share.
    error = 5 * np.sqrt(grid.masses.max() / DRAWS)
    np.testing.assert_allclose(counted / DRAWS, grid.masses, atol=error)


def test_images_go_through_the_grid_in_batches(monkeypatch):
    mean, log_var = posteriors(latent_dim=3)
    whole = aggregated_posterior_grid(mean, log_var, bins=10).masses
    monkeypatch.setattr(generation, "_BATCH_VALUES", 700)  # 7 of 40 images
    parts = aggregated_posterior_grid(mean, log_var, bins=10).masses
    np.testing.assert_allclose(parts, whole, rtol=1e-12)


def test_codes_of_the_grid_have_the_moments_of_the_aggregate_but_for_the_width_of_a_cell():
    mean, log_var = posteriors()
    grid = aggregated_posterior_grid(mean, log_var, bins=20)
    drawn = grid.sample(DRAWS, seed=1)
    assert drawn.shape == (DRAWS, 2)
    assert drawn.dtype == np.float32
    expected_mean, covariance = aggregate_moments(mean, log_var)
    width = np.diff(grid.edges, axis=1)[:, 0]
    # A twelfth of the squared width for the grouping into cells (Sheppard's correction), another
    # for the uniform place within one.
    assert_moments(drawn, expected_mean, covariance + np.diag(width**2) / 6, atol=0.015)
    outside = (drawn < grid.edges[:, 0]) | (drawn > grid.edges[:, -1])
    assert not outside.any()


def test_cells_without_mass_are_never_drawn():
    grid = aggregated_posterior_grid([[-10.0], [10.0]], [[-6.0], [-6.0]], bins=10)
    drawn = grid.sample(1000, seed=0)
    assert np.all(np.abs(drawn) > 7.5)
    assert 0.4 < np.mean(drawn > 0) < 0.6


SAMPLERS = {
    "mixture": lambda: fit_mixture(two_groups(200), 2),
    "posterior": lambda: AggregatedPosterior(*posteriors()),
    "grid": lambda: aggregated_posterior_grid(*posteriors(), bins=5),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_same_seed_draws_the_same_codes(name):
    first, again = (SAMPLERS[name]().sample(5, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    sampler = SAMPLERS[name]()
    assert np.abs(sampler.sample(5, seed=4) - first).max() > 1e-3
    assert np.abs(sampler.sample(5) - sampler.sample(5)).max() > 1e-3


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "`n` must be a positive integer. Received: n=0"),
        ({"n": True}, "`n` must be .*n=True"),
        ({"n": 2.0}, "`n` must be .*n=2.0"),
        ({"n": 2, "seed": -1}, "`seed` must be .*seed=-1"),
        ({"n": 2, "seed": 0.5}, "`seed` must be .*seed=0.5"),
    ],
)
def test_wrong_draws_are_refused(name, arguments, message):
    with pytest.raises(ArgumentError, match=message):
        SAMPLERS[name]().sample(**arguments)


CODES = np.zeros((4, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit_mixture(CODES[0]), r"`codes` must have the shape .*codes.shape=\(2,\)"),
        (lambda: fit_mixture(CODES + np.inf), "`codes` must .*8 of 8 values are NaN or infinite"),
        (lambda: fit_mixture(CODES, 0), "`components` must .* of codes, 4. Received: components=0"),
        (lambda: fit_mixture(CODES, 5), "`components` must .*components=5"),
        (lambda: fit_mixture(CODES, 2, seed=-1), "`seed` must .*seed=-1"),
        (
            lambda: fit_mixture(np.random.default_rng(0).normal(size=(200, 3)) * [1e7, 1e7, 0]),
            "`codes` must be spread in every direction.*values up to",
        ),
        (lambda: AggregatedPosterior(CODES, CODES[:1]), "`log_var` must have the shape of `mean`"),
        (lambda: AggregatedPosterior(CODES, CODES + np.nan), "`log_var` must .*8 of 8 values"),
        (lambda: aggregated_posterior_grid(CODES[:0], CODES[:0]), "`mean` must have the shape"),
        (
            lambda: aggregated_posterior_grid(np.zeros((2, 4)), np.zeros((2, 4))),
            r"at most 3 latent dimensions for a grid; a mixture takes any .*mean.shape=\(2, 4\)",
        ),
        (lambda: aggregated_posterior_grid(CODES, CODES, bins=0), "`bins` must .*bins=0"),
        (
            lambda: aggregated_posterior_grid(CODES, CODES, bins=3163),
            "at most 10,000,000 cells in 2 dimensions. Received: bins=3163",
        ),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(ArgumentError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
