"""What a model generates, judged by a classifier and beside the training images."""

from collections.abc import Callable
from typing import Any

import numpy as np

from vae_keras.data import Split
from vae_keras.evaluation.metrics.classifier import (
    classifier_accuracy,
    sample_class_entropy,
    train_classifier,
)
from vae_keras.evaluation.metrics.diversity import mean_pairwise_distance
from vae_keras.evaluation.metrics.frechet import frechet_distance
from vae_keras.evaluation.metrics.nearest_images import copied_share, nearest_images
from vae_keras.evaluation.result import Evaluation
from vae_keras.models import labels_for

Sampler = Callable[[int, int], np.ndarray]

DRAWS = 3  # sets of samples, whose spread is the error of the Frechet distance
SHOWN = 10
MOST_PAIRED = 5000  # images whose pairs are all compared


def add_generated(
    result: Evaluation,
    model: Any,
    test: Split,
    train: Split | None,
    *,
    samples: int,
    sampler: Sampler | None,
    seed: int,
    say: Callable[[str], None],
) -> None:
    """Generate images and add what they are like.

    Args:
        result: What to add to.
        model: Any model; one that cannot sample, given no `sampler`, adds nothing.
        test: Test images.
        train: Training images, or `None`.
        samples: Images in each of the three draws.
        sampler: Function `(n, seed) -> images` in `[0, 1]`, in place of the prior.
        seed: Of the draws and the classifier.
        say: Called with a line on each step that takes long.
    """
    if sampler is None and not hasattr(model, "prior"):
        return
    say(f"{DRAWS} x {samples:,} samples")
    generator = np.random.default_rng(seed)
    drawn: list[np.ndarray] = []
    asked: list[np.ndarray] = []  # the classes that a conditional model was asked for
    for draw in range(DRAWS):
        if sampler is not None:
            drawn.append(sampler(samples, seed + draw))
            continue
        label = None
        if model.num_classes:
            label = generator.integers(model.num_classes, size=samples)
            asked.append(label)
        drawn.append(model.to_unit_range(model.sample(samples, label=label, seed=seed + draw)))
    result["samples"] = samples
    real = model.to_unit_range(test.images[generator.permutation(len(test))[:samples]])
    if samples > 1:
        result.add_estimate("sample_diversity", mean_pairwise_distance(drawn[0][:MOST_PAIRED]))
    if len(real) > 1:
        result.add_estimate("test_diversity", mean_pairwise_distance(real[:MOST_PAIRED]))
    if train is None:
        return
    learned = train.images if train.images.dtype == np.uint8 else model.to_unit_range(train.images)
    say("nearest training images of the samples")
    _add_neighbors(result, drawn[0], real, learned)
    if train.labels is not None and test.labels is not None and len(np.unique(train.labels)) > 1:
        say("a classifier that judges the samples")
        classifier = train_classifier(learned, train.labels, seed=seed)
        _add_judgement(result, model, test, classifier, drawn, asked)
        _add_frechet(result, model.to_unit_range(test.images), classifier, drawn, seed)


def _add_neighbors(
    result: Evaluation, samples: np.ndarray, real: np.ndarray, learned: np.ndarray
) -> None:
    """Add how near samples lie to training images, beside how near test images do."""
    of_samples = nearest_images(samples, learned)
    of_test = nearest_images(real, learned)
    result.add_mean("nearest_train_distance", of_samples.distances)
    result.add_mean("nearest_train_distance_of_test", of_test.distances)
    copied = copied_share(of_samples.distances, of_test.distances)
    result.add_share("copied_share", copied, len(samples))
    result.arrays.update(
        samples=_bytes(samples[:SHOWN]),
        nearest_train=_bytes(learned[of_samples.indices[:SHOWN]]),
        nearest_train_distances=of_samples.distances[:SHOWN],
    )


def _add_judgement(
    result: Evaluation,
    model: Any,
    test: Split,
    classifier: Any,
    drawn: list[np.ndarray],
    asked: list[np.ndarray],
) -> None:
    """Add what a classifier of real images makes of reconstructions and samples."""

    def add_accuracy(name: str, images: np.ndarray, labels: Any) -> None:
        accuracy = classifier_accuracy(classifier.probabilities(images), labels)
        result.add_share(name, accuracy, len(images))

    add_accuracy("classifier_accuracy", model.to_unit_range(test.images), test.labels)
    copies = model.reconstruct(test.images, label=labels_for(model, test.labels))
    name = "classifier_accuracy_of_reconstructions"
    add_accuracy(name, model.to_unit_range(copies), test.labels)
    if asked:
        name = "classifier_accuracy_of_samples"
        add_accuracy(name, np.concatenate(drawn), np.concatenate(asked))
    judged = np.concatenate([classifier.probabilities(one) for one in drawn])
    result.add_mean("sample_confidence", judged.max(axis=1))
    result["sample_class_entropy"] = sample_class_entropy(judged)


def _add_frechet(
    result: Evaluation, real: np.ndarray, classifier: Any, drawn: list[np.ndarray], seed: int
) -> None:
    """Add the distance of samples from real images that the classifier has not learned from.

    These are in two disjoint parts, so that a distance of real images stands beside it.
    """
    count = min(len(drawn[0]), len(real) // 2)
    if count < 2:
        return
    features = classifier.features(real)
    order = np.random.default_rng(seed).permutation(len(real))
    held_out, reference = features[order[:count]], features[order[count:]]
    of_draws = [frechet_distance(classifier.features(one[:count]), reference) for one in drawn]
    result.add_mean("frechet_distance", np.array(of_draws))
    result["frechet_distance_of_test"] = frechet_distance(held_out, reference)
    result["frechet_samples"] = count


def _bytes(images: np.ndarray) -> np.ndarray:
    return images if images.dtype == np.uint8 else np.round(images * 255).astype("uint8")
