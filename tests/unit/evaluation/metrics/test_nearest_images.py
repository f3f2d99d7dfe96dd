import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.evaluation import copied_share, nearest_images


def _double_loop(queries, references):
    table = [[np.sqrt(np.mean((x - y) ** 2)) for y in references] for x in queries]
    return np.argmin(table, axis=1), np.min(table, axis=1)


@pytest.mark.parametrize("chunk_values", [2**22, 100])
def test_it_matches_a_double_loop(monkeypatch, make_images, chunk_values):
    from vae_keras.evaluation import nearest_images as function  # the module has the same name

    monkeypatch.setitem(function.__globals__, "_CHUNK_VALUES", chunk_values)
    queries = make_images(9, (5, 4, 3), seed=1)
    references = make_images(40, (5, 4, 3), dtype="uint8")
    nearest = nearest_images(queries, references)
    indices, distances = _double_loop(queries.astype(float), references / 255.0)
    np.testing.assert_array_equal(nearest.indices, indices)
    np.testing.assert_allclose(nearest.distances, distances, rtol=1e-12)


def test_an_exact_copy_is_found_at_zero(make_images):
    references = make_images(50, dtype="uint8")
    nearest = nearest_images(references[[7, 31]], references)
    assert nearest.indices.tolist() == [7, 31]
    assert nearest.distances.tolist() == [0.0, 0.0]


def test_an_exact_copy_is_found_among_images_that_hardly_differ():
    """One pixel value in 3072 differs by one level: 1e-9 of the squares that float32 adds up."""
    references = np.full((400, 32, 32, 3), 250, "uint8")
    for number, image in enumerate(references):
        image.reshape(-1)[number] += 1
    nearest = nearest_images(references[::7], references)
    assert nearest.indices.tolist() == list(range(0, 400, 7))
    assert not nearest.distances.any()


def test_near_copies_are_told_apart_in_separate_blocks(monkeypatch):
    # In float32 the two squared distances are lost beside the squares of the images.
    monkeypatch.setitem(nearest_images.__globals__, "_CHUNK_VALUES", 64)
    query = np.full((1, 8, 8, 1), 0.9)
    references = np.stack([query[0] + 2e-6, query[0] + 1e-6])
    nearest = nearest_images(query, references)
    assert nearest.indices.tolist() == [1]
    assert nearest.distances[0] == pytest.approx(1e-6, rel=1e-6)


def test_copied_share_of_known_distances():
    tests = np.linspace(0.1, 1.1, 101)  # one in a hundred below 0.11
    assert copied_share([0.0, 0.109, 0.111, 0.5], tests) == 0.5
    assert copied_share([0.0, 0.109, 0.111, 0.5], tests, quantile=0.5) == 1.0
    assert copied_share(tests, tests) == pytest.approx(0.01, abs=0.001)


@pytest.mark.parametrize(
    ("queries", "references", "message"),
    [
        (np.zeros((2, 4, 4)), np.zeros((2, 4, 4, 1)), "`queries` must have the shape"),
        (np.zeros((2, 4, 4, 1)), np.zeros((0, 4, 4, 1)), "`references` must have the shape"),
        (np.zeros((2, 4, 4, 3)), np.zeros((2, 4, 4, 1)), "`queries` must be of the size of"),
        (np.full((2, 4, 4, 1), -1.0), np.zeros((2, 4, 4, 1)), r"`queries` must lie in \[0, 1\]"),
        (np.zeros((2, 4, 4, 1)), np.full((2, 4, 4, 1), np.nan), "`references` must.*finite"),
    ],
)
def test_wrong_images_are_refused(queries, references, message):
    with pytest.raises(ArgumentError, match=message):
        nearest_images(queries, references)


@pytest.mark.parametrize(
    ("samples", "tests", "quantile", "message"),
    [
        ([-0.1], [0.1], 0.01, "`sample_distances` must be >= 0. Received: -0.1"),
        ([0.1], [np.nan], 0.01, "`test_distances` must be finite"),
        ([], [0.1], 0.01, "`sample_distances` must have the shape"),
        ([0.1], [0.1], 1.0, r"`quantile` must lie in \(0, 1\)"),
    ],
)
def test_wrong_distances_are_refused(samples, tests, quantile, message):
    with pytest.raises(ArgumentError, match=message):
        copied_share(samples, tests, quantile=quantile)
