import sys

import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.evaluation import knn_accuracy_of_split, tsne, umap


def _groups(n=120):
    labels = np.arange(n) % 3
    codes = np.random.default_rng(0).normal(size=(n, 5)) + 9.0 * np.eye(5)[labels]
    return codes, labels


def test_tsne_keeps_groups_apart_and_repeats_itself():
    codes, labels = _groups()
    places = tsne(codes, perplexity=10.0)
    assert places.shape == (120, 2)
    assert knn_accuracy_of_split(places, labels) == 1.0
    np.testing.assert_array_equal(places, tsne(codes, perplexity=10.0))


def test_umap_keeps_groups_apart():
    pytest.importorskip("umap")
    codes, labels = _groups()
    places = umap(codes)
    assert places.shape == (120, 2)
    assert knn_accuracy_of_split(places, labels) == 1.0
    np.testing.assert_array_equal(places, umap(codes))


def test_umap_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ArgumentError, match=r"pip install 'vae-keras\[umap\]'.*Received"):
        umap(_groups()[0])


@pytest.mark.parametrize("embed", [tsne, umap])
@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros((50, 3)), "`codes` must differ from each other. Received: 50 equal"),
        (np.arange(50.0)[:, None], "`codes` must have at least two dimensions"),
        (np.full((50, 3), np.nan), "`codes` must be finite"),
        (np.eye(201), r"`codes` must be at most 200 \(`max_points`\)"),
    ],
)
def test_wrong_codes_are_refused(embed, codes, message):
    with pytest.raises(ArgumentError, match=message):
        embed(codes, max_points=200)


@pytest.mark.parametrize("perplexity", [0.0, 20.0, 30.0, np.nan])
def test_tsne_refuses_a_perplexity_that_does_not_fit(perplexity):
    with pytest.raises(ArgumentError, match=r"`perplexity` must be > 0 and below.*, 20\. Rec"):
        tsne(np.eye(20), perplexity=perplexity)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"neighbors": 20}, "`neighbors` must be below the number of codes, 20"),
        ({"neighbors": 1}, "`neighbors` must be an integer of at least 2"),
        ({"min_distance": 1.5}, r"`min_distance` must lie in \[0, 1\]"),
        ({"seed": -1}, "`seed` must be an integer of at least 0"),
    ],
)
def test_umap_refuses_options_that_do_not_fit(options, message):
    with pytest.raises(ArgumentError, match=message):
        umap(np.eye(20), **options)
