"""Embedding of codes in the plane, for a figure; distances in it have no meaning."""

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_matrix
from vae_keras.checks import check_seed, integer, positive_integer
from vae_keras.errors import ArgumentError


def tsne(
    codes: ArrayLike, *, perplexity: float = 30.0, seed: int = 0, max_points: int = 5000
) -> np.ndarray:
    """Embed codes in the plane by t-SNE.

    scikit-learn's Barnes-Hut t-SNE, started from the principal components, so that groups lie
    roughly as they do in the codes. The sizes of groups and the gaps between them have no meaning;
    only the neighbourhoods have.

    Args:
        codes: Shape `(n, latent_dim)`, `latent_dim > 1`.
        perplexity: Effective number of neighbours of each point, > 0 and below `n`. Defaults to
            `30.0`.
        seed: Seed of the embedding. Defaults to `0`.
        max_points: Largest number of codes; 5,000 take half a minute on one CPU core. Defaults to
            `5000`.

    Returns:
        Points in the plane, shape `(n, 2)`, float32, in arbitrary units.

    Raises:
        ArgumentError: If codes are not finite, all equal, too many, or of only one dimension, or
            the perplexity does not fit them.

    References:
        Van der Maaten & Hinton (2008), "Visualizing data using t-SNE", Journal of Machine Learning
        Research 9.
    """
    points = _points(codes, seed, max_points)
    if not 0 < perplexity < len(points):
        raise ArgumentError(
            f"`perplexity` must be > 0 and below the number of codes, {len(points)}. "
            f"Received: perplexity={perplexity}"
        )
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # Its steps are short: on a busy machine threads wait for each other longer than they compute.
    with threadpool_limits(1):
        embedding = TSNE(perplexity=perplexity, init="pca", random_state=seed)
        return np.asarray(embedding.fit_transform(points))


def umap(
    codes: ArrayLike,
    *,
    neighbors: int = 15,
    min_distance: float = 0.1,
    seed: int = 0,
    max_points: int = 50_000,
) -> np.ndarray:
    """Embed codes in the plane by UMAP, from the package `umap-learn`.

    It is faster than `tsne` for many codes. Its distances have no meaning either.

    Args:
        codes: Shape `(n, latent_dim)`, `latent_dim > 1`.
        neighbors: Neighbours of each point, from 2 to `n - 1`. Defaults to `15`.
        min_distance: Least distance of two points in the plane, in `[0, 1]`. Defaults to `0.1`.
        seed: Seed of the embedding. With a seed, UMAP is repeatable and runs on one core. Defaults
            to `0`.
        max_points: Largest number of codes. Defaults to `50_000`.

    Returns:
        Points in the plane, shape `(n, 2)`, float32, in arbitrary units.

    Raises:
        ArgumentError: If `umap-learn` is not installed, codes are not finite, all equal, too many,
            or of only one dimension, or another argument does not fit them.

    References:
        McInnes, Healy & Melville (2018). arXiv:1802.03426
    """
    points = _points(codes, seed, max_points)
    integer("neighbors", neighbors, at_least=2)
    if neighbors >= len(points):
        raise ArgumentError(
            f"`neighbors` must be below the number of codes, {len(points)}. "
            f"Received: neighbors={neighbors}"
        )
    if not 0 <= min_distance <= 1:
        raise ArgumentError(
            f"`min_distance` must lie in [0, 1]. Received: min_distance={min_distance}"
        )
    try:
        from umap import UMAP  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise ArgumentError(
            "`umap` needs the package umap-learn: `pip install 'vae-keras[umap]'`, or take `tsne`. "
            f"Received: {error}"
        ) from error

    # With a seed UMAP uses one job anyway, but warns unless that is given.
    embedding = UMAP(n_neighbors=int(neighbors), min_dist=min_distance, random_state=seed, n_jobs=1)
    return np.asarray(embedding.fit_transform(points.astype(np.float32)))


def _points(codes: ArrayLike, seed: int, max_points: int) -> np.ndarray:
    points = check_matrix("codes", codes)
    check_seed(seed)
    positive_integer("max_points", max_points)
    if points.shape[1] < 2:
        raise ArgumentError(
            "`codes` must have at least two dimensions to be embedded. "
            f"Received: codes.shape={points.shape}"
        )
    if len(points) > max_points:
        raise ArgumentError(
            f"`codes` must be at most {max_points} (`max_points`): take a random subset. "
            f"Received: codes.shape={points.shape}"
        )
    if (points == points[0]).all():
        raise ArgumentError(
            f"`codes` must differ from each other. Received: {len(points)} equal codes"
        )
    return points
