from collections import Counter

import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.evaluation import knn_accuracy, knn_accuracy_of_split


def _reference_knn(train, train_labels, test, test_labels, k):
    hits = 0
    for point, label in zip(test, test_labels, strict=True):
        distances = [float(np.sum((point - other) ** 2)) for other in train]
        nearest = sorted(range(len(train)), key=distances.__getitem__)[:k]
        votes = Counter(int(train_labels[i]) for i in nearest)
        most = max(votes.values())
        hits += min(name for name, count in votes.items() if count == most) == label
    return hits / len(test)


@pytest.mark.parametrize("latent_dim", [2, 20])  # a tree, and brute force
@pytest.mark.parametrize("k", [1, 4, 5])
def test_knn_matches_a_double_loop(latent_dim, k):
    rng = np.random.default_rng(k)
    labels = rng.integers(0, 4, 190)
    codes = rng.normal(size=(190, latent_dim)) + 0.8 * labels[:, None] * (np.arange(latent_dim) < 2)
    codes = codes.astype(np.float32)
    split = codes[:120], labels[:120], codes[120:], labels[120:]
    expected = _reference_knn(*split, k)
    assert 0.3 < expected < 1.0
    assert knn_accuracy(*split, k=k) == pytest.approx(expected, abs=1e-12)


def test_known_accuracy_of_two_clusters():
    train = np.array([[0.0, 0], [0, 1], [1, 0], [10, 10], [10, 11], [11, 10]])
    labels = np.array([0, 0, 0, 1, 1, 1])
    test = np.array([[0.5, 0.5], [10.5, 10.5], [0.2, 0.2], [10.2, 10.2]])
    assert knn_accuracy(train, labels, test, [0, 1, 0, 1], k=3) == 1.0
    assert knn_accuracy(train, labels, test, [0, 1, 0, 0], k=3) == 0.75
    # With all the points as neighbours every vote ties, and the smaller label wins.
    assert knn_accuracy(train, labels, test, [0, 0, 0, 1], k=6) == 0.75


def test_uint8_images_are_flattened_and_do_not_wrap_around():
    train = np.zeros((2, 2, 2, 1), np.uint8)
    train[1] = 200
    test = np.full((1, 2, 2, 1), 250, np.uint8)
    assert knn_accuracy(train, [0, 1], test, [1], k=1) == 1.0


def test_images_of_one_set_that_are_scaled_otherwise_are_refused():
    images = np.zeros((4, 2, 2, 1), "uint8")
    for train, test in ((images, images / 255), (images / 255, images)):
        with pytest.raises(ArgumentError, match=r"`test_codes` must be on the scale of"):
            knn_accuracy(train, np.arange(4), test, np.arange(4), k=1)


def test_split_is_stratified_seeded_and_scores_the_smaller_part():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [90, 10])
    codes = rng.normal(size=(100, 2)) + 0.7 * labels[:, None]
    accuracy = knn_accuracy_of_split(codes, labels, seed=3)
    assert accuracy == knn_accuracy_of_split(codes, labels, seed=3)
    assert len({knn_accuracy_of_split(codes, labels, seed=seed) for seed in range(6)}) > 1
    assert accuracy * 30 == pytest.approx(round(accuracy * 30))
    # Held in proportion: with all 70 as neighbours the answer is always the frequent class.
    assert knn_accuracy_of_split(codes, labels, k=70) == pytest.approx(27 / 30)
    assert knn_accuracy_of_split(codes, labels, k=50, test_fraction=0.5) == pytest.approx(0.9)


def test_split_of_separate_clusters_is_perfect():
    labels = np.repeat(np.arange(3), 10)
    codes = np.random.default_rng(0).normal(size=(30, 2)) + 50 * labels[:, None]
    assert knn_accuracy_of_split(codes, labels) == 1.0


CODES = np.arange(12.0).reshape(6, 2)
LABELS = np.array([0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize(
    ("train", "train_labels", "test", "test_labels", "k", "message"),
    [
        (CODES, LABELS, CODES, LABELS, 7, "`k` must be at least 1 and at most .* 6. Received: k=7"),
        (CODES, LABELS, CODES, LABELS, 0, "Received: k=0"),
        (CODES, LABELS[:5], CODES, LABELS, 1, r"`train_labels`.*Received: .*\(5,\)"),
        (CODES, LABELS, CODES, LABELS[None], 1, r"`test_labels`.*Received: .*\(1, 6\)"),
        (CODES, LABELS, CODES[:, :1], LABELS, 1, "`test_codes` must have as many values"),
        (CODES[:0], LABELS[:0], CODES, LABELS, 1, "`train_codes` must have the shape"),
        (CODES[:, 0], LABELS, CODES, LABELS, 1, "`train_codes` must have the shape"),
        (CODES, LABELS, CODES * np.nan, LABELS, 1, "`test_codes`.*Received: 12 of 12"),
    ],
)
def test_wrong_input_is_refused(train, train_labels, test, test_labels, k, message):
    with pytest.raises(ArgumentError, match=message):
        knn_accuracy(train, train_labels, test, test_labels, k=k)


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        ([0, 0, 0, 1, 1, 2], {}, "`labels`.*Received: one code of class 2"),
        (LABELS, {"test_fraction": 1.0}, r"`test_fraction` must lie in \(0, 1\)"),
        (LABELS, {"test_fraction": 0.01}, "`test_fraction` must leave"),
        (LABELS, {"test_fraction": 0.9}, "`test_fraction` must leave"),
        (LABELS, {"k": 5}, "`k` must be at least 1 and at most .* 4. Received: k=5"),
        (LABELS[:4], {}, "`labels` must have one label for each"),
    ],
)
def test_impossible_splits_are_refused(labels, options, message):
    with pytest.raises(ArgumentError, match=message):
        knn_accuracy_of_split(CODES, labels, **options)
