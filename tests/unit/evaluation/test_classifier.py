import math
import random

import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.evaluation import (
    classifier_accuracy,
    sample_class_entropy,
    sample_confidence,
    train_classifier,
)


def _stripes(n, shape=(8, 8, 1), seed=0):
    """Draw grey noise with bright rows or bright columns: two classes."""
    rng = np.random.default_rng(seed)
    images, labels = rng.integers(0, 120, (n, *shape)), np.arange(n) % 2
    images[labels == 0, ::2] += 120
    images[labels == 1, :, ::2] += 120
    return images.astype("uint8"), labels


@pytest.mark.backend
@pytest.mark.parametrize("shape", [(8, 8, 1), (13, 28, 3)])
def test_it_learns_two_classes_and_judges_new_images(shape):
    judge = train_classifier(*_stripes(160, shape), epochs=4)
    images, labels = _stripes(60, shape, seed=1)
    probabilities = judge.probabilities(images)
    assert probabilities.shape == (60, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-12)
    assert classifier_accuracy(probabilities, labels) == 1.0
    assert sample_confidence(probabilities) > 0.9
    assert judge.features(images).shape == (60, 128)
    assert (judge.num_classes, judge.image_shape) == (2, shape)


@pytest.mark.thorough
def test_bytes_and_floats_are_judged_alike():
    images, labels = _stripes(40)
    judge = train_classifier(images / 255, labels, epochs=1)
    np.testing.assert_allclose(
        judge.probabilities(images), judge.probabilities(images / 255), rtol=1e-5
    )


def test_features_are_what_the_classes_are_linear_in():
    images, labels = _stripes(40)
    judge = train_classifier(images, labels, epochs=1)
    features, probabilities = judge.features(images), judge.probabilities(images)
    assert features.min() == 0.0 < features.max()
    log_odds = np.log(probabilities[:, 1] / probabilities[:, 0])
    design = np.column_stack([features, np.ones(len(features))])
    # Of more equations than features the fit is exact only where the odds are linear in them.
    weights = np.linalg.lstsq(np.tile(design, (4, 1)), np.tile(log_odds, 4), rcond=None)[0]
    np.testing.assert_allclose(design @ weights, log_odds, atol=1e-4)


def _number_of(layer_name):
    return int(layer_name.removeprefix("dense").lstrip("_") or 0)


@pytest.mark.thorough
@pytest.mark.backend
def test_a_seed_repeats_the_classifier_and_no_global_state_is_touched():
    import keras

    images, labels = _stripes(40)

    def state_after(action):
        keras.utils.set_random_seed(5)
        counter = _number_of(keras.layers.Dense(1).name)
        result = action()
        counted = _number_of(keras.layers.Dense(1).name) - counter
        drawn = keras.ops.convert_to_numpy(keras.random.normal((2,)))
        return result, (*drawn, random.random(), *np.random.get_state()[1], counted)  # noqa: NPY002

    _, untouched = state_after(lambda: None)
    first, after = state_after(lambda: train_classifier(images, labels, epochs=1, seed=3))
    assert after == untouched
    keras.utils.set_random_seed(9)
    again = train_classifier(images, labels, epochs=1, seed=3)
    other = train_classifier(images, labels, epochs=1, seed=4)
    np.testing.assert_array_equal(first.probabilities(images), again.probabilities(images))
    assert not np.allclose(first.probabilities(images), other.probabilities(images), atol=1e-3)


@pytest.mark.thorough
def test_a_global_policy_of_half_precision_is_not_its_own():
    import keras

    images, labels = _stripes(20)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        features = train_classifier(images, labels, epochs=1).features(images)
    finally:
        keras.config.set_dtype_policy(before)
    assert features.dtype == np.float32
    assert not np.array_equal(features, features.astype("float16"))


def test_no_more_images_are_used_than_asked_for(monkeypatch):
    from vae_keras.evaluation import classifier

    seen = []

    def spy(images, labels, batch_size, generator):
        seen.append((len(images), labels.max()))
        return original(images, labels, batch_size, generator)

    original = classifier.shuffled_batches
    monkeypatch.setattr(classifier, "shuffled_batches", spy)
    images, labels = _stripes(50)
    judge = train_classifier(images, labels + (np.arange(50) == 49), epochs=1, max_images=8)
    assert seen[0][0] == 8
    assert judge.num_classes == 3  # of all labels, whether or not their images were used


def test_batches_show_each_image_once_an_epoch():
    from vae_keras.evaluation.classifier import shuffled_batches

    images = np.arange(12, dtype=np.float32).reshape(12, 1, 1, 1)
    batches = shuffled_batches(images, np.arange(12), 4, np.random.default_rng(0))
    first, second = ([next(batches) for _ in range(3)] for _ in range(2))
    for epoch in (first, second):
        labels = np.concatenate([batch[1] for batch in epoch])
        assert sorted(labels) == list(range(12))
        np.testing.assert_array_equal(np.concatenate([b[0] for b in epoch]).ravel(), labels)
    assert not np.array_equal(first[0][1], second[0][1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.zeros(20)}, "`labels` must be of at least two classes. Received: all 0"),
        ({"labels": np.arange(19)}, "`labels` must have one label for each of the 20"),
        ({"labels": np.arange(20) - 1}, "`labels` must be whole numbers.*Received: -1"),
        ({"labels": np.repeat(["a", "b"], 10)}, "`labels` must be whole numbers"),
        ({"images": np.full((20, 8, 8, 1), 2.0)}, r"`images` must lie in \[0, 1\]"),
        ({"images": np.zeros((1, 8, 8, 1))}, "`images` must be at least 2"),
        ({"epochs": 0}, "`epochs` must be a positive integer"),
        ({"max_images": 1}, "`max_images` must be an integer of at least 2"),
        ({"seed": -1}, "`seed` must be an integer of at least 0"),
    ],
)
def test_wrong_training_is_refused(change, message):
    images, labels = _stripes(20)
    with pytest.raises(ArgumentError, match=message):
        train_classifier(**{"images": images, "labels": labels, "epochs": 1, **change})


def test_wrong_images_are_not_judged():
    judge = train_classifier(*_stripes(20), epochs=1)
    with pytest.raises(ArgumentError, match=r"`images` must be of the size.*\(8, 8, 1\)"):
        judge.probabilities(np.zeros((2, 8, 9, 1)))
    with pytest.raises(ArgumentError, match=r"`images` must lie in \[0, 1\] and be finite"):
        judge.features(np.full((2, 8, 8, 1), np.nan))


def test_scores_of_known_probabilities():
    probabilities = np.array([[0.8, 0.2, 0.0], [0.2, 0.3, 0.5], [0.5, 0.4, 0.1], [0.5, 0.3, 0.2]])
    assert classifier_accuracy(probabilities, [0, 1, 0, 2]) == 0.5
    assert sample_confidence(probabilities) == pytest.approx(2.3 / 4)
    shares = np.array([0.5, 0.3, 0.2])
    assert sample_class_entropy(probabilities) == pytest.approx(-np.sum(shares * np.log(shares)))
    assert sample_class_entropy(np.eye(3)) == pytest.approx(math.log(3))
    assert sample_class_entropy(np.eye(3)[[1, 1]]) == 0.0


@pytest.mark.parametrize("score", [sample_confidence, sample_class_entropy])
@pytest.mark.parametrize(
    "probabilities", [[0.5, 0.5], [[0.5, 0.6]], [[1.2, -0.2]], [[np.nan, 1.0]], np.zeros((0, 2))]
)
def test_what_is_no_probability_is_refused(score, probabilities):
    with pytest.raises(ArgumentError, match=r"`probabilities` must.*Received"):
        score(probabilities)


def test_accuracy_wants_a_label_for_each_row():
    with pytest.raises(ArgumentError, match="`labels` must have one label for each of the 2"):
        classifier_accuracy(np.eye(2), [0])
