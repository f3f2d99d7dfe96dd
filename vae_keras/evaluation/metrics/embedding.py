"""Codes of many dimensions brought to two, for a picture: distances in it are not distances."""

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.checks import check_seed
from vae_keras.errors import ArgumentError
from vae_keras.evaluation.metrics._arrays import check_count, check_matrix


def tsne(
    codes: ArrayLike, *, perplexity: float = 30.0, seed: int = 0, max_points: int = 5000
) -> np.ndarray:
    """Embed codes in the plane by t-SNE.

    scikit-learn's, by Barnes-Hut, started from the principal components, so that the groups lie
    about where they do in the codes. Neither the sizes of groups nor the gaps between them mean
    anything; which points are neighbours does.

    Args:
        codes: Shape `(n, latent_dim)`, `latent_dim > 1`.
        perplexity: About the number of neighbours that each point has, > 0 and below `n`. Defaults
            to `30.0`.
        seed: Seed of scikit-learn's start. Defaults to `0`.
        max_points: More codes than this are refused, since the time would be minutes: 5,000 take
            half a minute on one CPU core. Defaults to `5000`.

    Returns:
        Places in the plane, shape `(n, 2)`, float32, in arbitrary units.

    Raises:
        ArgumentError: If codes are not finite, equal, of one dimension or too many, or the
            perplexity does not fit them.

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

    # Its steps are short: on a busy machine threads wait for each other longer than they work.
    with threadpool_limits(1):
        return TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(points)


def umap(
    codes: ArrayLike,
    *,
    neighbors: int = 15,
    min_distance: float = 0.1,
    seed: int = 0,
    max_points: int = 50_000,
) -> np.ndarray:
    """Embed codes in the plane by UMAP, of the package `umap-learn`.

    Faster than `tsne` for many codes. What is said there of distances holds here too.

    Args:
        codes: Shape `(n, latent_dim)`, `latent_dim > 1`.
        neighbors: Neighbours of each point, from 2 to `n - 1`. Defaults to `15`.
        min_distance: Least distance of two points in the plane, in `[0, 1]`. Defaults to `0.1`.
        seed: Seed; with one, UMAP runs on one core and repeats its result. Defaults to `0`.
        max_points: More codes than this are refused. Defaults to `50_000`.

    Returns:
        Places in the plane, shape `(n, 2)`, float32, in arbitrary units.

    Raises:
        ArgumentError: If `umap-learn` is not installed, codes are not finite, equal, of one
            dimension or too many, or an option does not fit them.

    References:
        McInnes, Healy & Melville (2018). arXiv:1802.03426
    """
    points = _points(codes, seed, max_points)
    check_count("neighbors", neighbors, at_least=2)
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

    # One job, as it would be anyway with a seed; UMAP warns where that is not said.
    embedding = UMAP(n_neighbors=int(neighbors), min_dist=min_distance, random_state=seed, n_jobs=1)
    return np.asarray(embedding.fit_transform(points.astype(np.float32)))


def _points(codes: ArrayLike, seed: int, max_points: int) -> np.ndarray:
    points = check_matrix("codes", codes)
    check_seed(seed)
    check_count("max_points", max_points)
    if points.shape[1] < 2:
        raise ArgumentError(
            "`codes` must have at least two dimensions to bring to two. "
            f"Received: codes.shape={points.shape}"
        )
    if len(points) > max_points:
        raise ArgumentError(
            f"`codes` must be at most {max_points} (`max_points`): take a random part of them. "
            f"Received: codes.shape={points.shape}"
        )
    if (points == points[0]).all():
        raise ArgumentError(
            f"`codes` must differ from each other. Received: {len(points)} equal codes"
        )
    return points
