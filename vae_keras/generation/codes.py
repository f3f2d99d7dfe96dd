"""Where to draw codes from, other than the prior: arrays in, codes out.

A decoder makes good images of codes like those that it was trained on. Where these are not
distributed like the prior (a small KL weight, or no prior at all), other sources are better:

- a mixture fitted to the codes (`fit_mixture`), for any number of dimensions; it has codes between
  those of training images, and is the only source for a plain autoencoder;
- the aggregated posterior `q(z) = 1/N sum_i q(z | x_i)` itself (`AggregatedPosterior`): nothing
  is fitted, but each code, and so each image, is close to that of a training image;
- the aggregated posterior on a regular grid (`aggregated_posterior_grid`), for up to three
  dimensions: the mass of each cell is exact, and codes are uniform within a cell.

The codes of a conditional VAE should hold little of the label; one sampler then serves all
classes. A sampler from the codes of one class serves that class in any case.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_matrix, check_posteriors
from vae_keras.checks import as_integer, check_seed, positive_integer
from vae_keras.errors import ArgumentError

# The grid reaches this many standard deviations beyond the outermost means.
GRID_REACH = 4.0
MOST_GRID_DIMENSIONS = 3
MOST_CELLS = 10_000_000
_BATCH_VALUES = 2**20  # values in the table of masses of one batch: 8 MiB


@dataclass(frozen=True)
class CodeMixture:
    """A mixture of Gaussians over codes; see `fit_mixture`.

    Attributes:
        weights: Share of each component, shape `(components,)`.
        means: Shape `(components, latent_dim)`.
        covariances: Shape `(components, latent_dim, latent_dim)`.
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """Draw codes, shape `(n, latent_dim)`, float32.

        Args:
            n: Number of codes, > 0.
            seed: Integer seed; `None` draws one.
        """
        generator = _generator(n, seed)
        chosen = generator.choice(len(self.weights), size=n, p=self.weights)
        noise = generator.standard_normal((n, self.means.shape[1]))
        factors = np.linalg.cholesky(self.covariances)
        codes = self.means[chosen] + np.einsum("nij,nj->ni", factors[chosen], noise)
        return codes.astype("float32")


def fit_mixture(codes: ArrayLike, components: int = 10, *, seed: int = 0) -> CodeMixture:
    """Fit a mixture of Gaussians with full covariances to codes, by expectation maximisation.

    Args:
        codes: Shape `(n, latent_dim)`: those of an autoencoder, or one draw from each image's
            posterior, which is wider than the means are.
        components: Number of Gaussians, from 1 to `n`. Defaults to `10`, as published.
        seed: Seed of the start of the fit. Defaults to `0`.

    Raises:
        ArgumentError: If `codes` is not a finite matrix, or `components` is not in 1 to `n`.

    Example:
        >>> mixture = fit_mixture(autoencoder.encode(x_train))
        >>> images = autoencoder.decode(mixture.sample(64))

    References:
        Ghosh et al. (2020), section 4, "ex-post density estimation". arXiv:1903.12436
    """
    points = check_matrix("codes", codes)
    number = as_integer(components)
    if number is None or not 1 <= number <= len(points):
        raise ArgumentError(
            f"`components` must be an integer from 1 to the number of codes, {len(points)}. "
            f"Received: components={components!r}"
        )
    check_seed(seed)
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # The matrices are small: on a busy machine threads wait for each other up to 30 times longer.
    with warnings.catch_warnings(), threadpool_limits(1, user_api="blas"):
        # Where codes coincide, components do too: that is still a mixture.
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            fitted = GaussianMixture(number, max_iter=2000, random_state=seed).fit(points)
        except ValueError as error:
            raise ArgumentError(
                "`codes` must be spread in every direction, or be scaled down, for a mixture. "
                f"Received: values up to {np.abs(points).max():.3g}"
            ) from error
    return CodeMixture(fitted.weights_, fitted.means_, fitted.covariances_)


class AggregatedPosterior:
    """`q(z) = 1/N sum_i q(z | x_i)`: a random image, and a code from its posterior.

    Args:
        mean: Means of the posteriors, shape `(n, latent_dim)`.
        log_var: Logarithms of their variances, the same shape.

    Raises:
        ArgumentError: If they are not finite matrices of one shape.

    Example:
        >>> sampler = AggregatedPosterior(*vae.encode_distribution(x_train))
        >>> images = vae.decode(sampler.sample(64))
    """

    def __init__(self, mean: ArrayLike, log_var: ArrayLike) -> None:
        self.mean, self.log_var = check_posteriors(mean, log_var)

    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """Draw codes, shape `(n, latent_dim)`, float32.

        Args:
            n: Number of codes, > 0.
            seed: Integer seed; `None` draws one.
        """
        generator = _generator(n, seed)
        chosen = generator.integers(len(self.mean), size=n)
        noise = generator.standard_normal((n, self.mean.shape[1]))
        codes = self.mean[chosen] + np.exp(0.5 * self.log_var[chosen]) * noise
        return codes.astype("float32")


@dataclass(frozen=True)
class CodeGrid:
    """Masses of the cells of a regular grid of codes; see `aggregated_posterior_grid`.

    Attributes:
        edges: Edges of the cells along each dimension, shape `(latent_dim, bins + 1)`.
        masses: Mass of each cell, `latent_dim` axes of `bins`. They sum to less than 1: the
            remainder lies outside the grid.
    """

    edges: np.ndarray
    masses: np.ndarray

    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """Draw cells by their mass, and a uniform code within each: `(n, latent_dim)`, float32.

        Args:
            n: Number of codes, > 0.
            seed: Integer seed; `None` draws one.
        """
        generator = _generator(n, seed)
        shares = self.masses.ravel() / self.masses.sum()
        chosen = generator.choice(shares.size, size=n, p=shares)
        cells = np.stack(np.unravel_index(chosen, self.masses.shape), axis=1)
        dimensions = np.arange(len(self.edges))
        low, high = self.edges[dimensions, cells], self.edges[dimensions, cells + 1]
        return (low + (high - low) * generator.random(cells.shape)).astype("float32")


def aggregated_posterior_grid(mean: ArrayLike, log_var: ArrayLike, bins: int = 100) -> CodeGrid:
    """Compute the mass of the aggregated posterior in each cell of a regular grid.

    The mass is exact: the mean over the images of a product of differences of normal distribution
    functions.

    Args:
        mean: Means of the posteriors, shape `(n, latent_dim)`, `latent_dim` at most 3.
        log_var: Logarithms of their variances, the same shape.
        bins: Cells along each dimension, > 0, at most 10 million in all; wide cells blur narrow
            posteriors. Defaults to `100`.

    Raises:
        ArgumentError: If the arrays are not finite matrices of one shape, or have too many
            dimensions, or the grid too many cells.

    Example:
        >>> grid = aggregated_posterior_grid(*vae.encode_distribution(x_train))
        >>> images = vae.decode(grid.sample(64))
    """
    from scipy.special import ndtr  # type: ignore[import-untyped]

    mean, log_var = check_posteriors(mean, log_var)
    latent_dim = mean.shape[1]
    if latent_dim > MOST_GRID_DIMENSIONS:
        raise ArgumentError(
            f"`mean` must have at most {MOST_GRID_DIMENSIONS} latent dimensions for a grid; a "
            f"mixture takes any number. Received: mean.shape={mean.shape}"
        )
    cells = as_integer(bins)
    if cells is None or cells < 1 or cells**latent_dim > MOST_CELLS:
        raise ArgumentError(
            f"`bins` must be a positive integer with at most {MOST_CELLS:,} cells in "
            f"{latent_dim} dimensions. Received: bins={bins!r}"
        )
    std = np.exp(0.5 * log_var)
    low, high = (mean - GRID_REACH * std).min(axis=0), (mean + GRID_REACH * std).max(axis=0)
    edges = np.linspace(low, high, cells + 1, axis=1)
    masses = np.zeros((cells ** (latent_dim - 1), cells))
    at_once = max(1, _BATCH_VALUES // cells ** max(1, latent_dim - 1))
    for start in range(0, len(mean), at_once):
        part = slice(start, start + at_once)
        scaled = (edges - mean[part, :, None]) / std[part, :, None]
        within = np.diff(ndtr(scaled), axis=-1)  # (images, latent_dim, bins)
        others = np.ones((len(within), 1))
        for dimension in range(latent_dim - 1):
            others = (others[:, :, None] * within[:, dimension, None, :]).reshape(len(within), -1)
        masses += others.T @ within[:, -1]
    return CodeGrid(edges, masses.reshape((cells,) * latent_dim) / len(mean))


def _generator(n: int, seed: int | None) -> np.random.Generator:
    positive_integer("n", n)
    return np.random.default_rng(check_seed(seed))
