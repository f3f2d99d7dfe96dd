"""Metrics of generated images: their classes, their diversity, their nearest training images."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from vae_keras._types import ImageShape
from vae_keras.data import Split
from vae_keras.evaluation.classifier import train_classifier
from vae_keras.evaluation.metrics.classifier import classifier_accuracy, sample_class_entropy
from vae_keras.evaluation.metrics.diversity import mean_pairwise_distance
from vae_keras.evaluation.metrics.frechet import frechet_distance
from vae_keras.evaluation.metrics.nearest_images import copied_share, nearest_images
from vae_keras.evaluation.result import Evaluation
from vae_keras.models import labels_for

Sampler = Callable[[int, int], np.ndarray]

DRAWS = 3  # sets of samples; their spread gives the error of the Frechet distance
SHOWN = 10  # samples kept for a figure
MOST_PAIRED = 5000  # images of which all pairs are compared
_USUAL_SAMPLES = 1000
_USUAL_VALUES = 2**25  # in a set: 128 MiB


def usual_samples(image_shape: ImageShape) -> int:
    """Return how many images a set of samples has unless it is asked for: fewer of large ones."""
    return max(SHOWN, min(_USUAL_SAMPLES, _USUAL_VALUES // math.prod(image_shape)))


def add_generated(
    result: Evaluation,
    model: Any,
    test: Split,
    train: Split | None,
    *,
    samples: int,
    sampler: Sampler | None,
    seed: int,
    log: Callable[[str], None],
) -> None:
    """Generate images and add their metrics.

    Args:
        result: The evaluation so far.
        model: Any model; nothing is added for one without a prior if there is no `sampler`.
        test: Test images.
        train: Training images, or `None`.
        samples: Number of images in each of the three sets.
        sampler: Function `(n, seed) -> images` in `[0, 1]`, in place of the prior.
        seed: Seed of the draws and of the classifier.
        log: Called with a line before each step that takes long.
    """
    if sampler is None and not model.is_variational:
        return
    log(f"{DRAWS} x {samples:,} samples")
    generator = np.random.default_rng(seed)
    drawn: list[np.ndarray] = []
    asked: list[np.ndarray] = []  # the classes that a conditional model was to generate
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
    log("nearest training images of the samples")
    _add_neighbors(result, drawn[0], real, learned)
    if train.labels is not None and test.labels is not None and len(np.unique(train.labels)) > 1:
        log("a classifier that judges the samples")
        classifier = train_classifier(learned, train.labels, seed=seed)
        _add_judgement(result, model, test, classifier, drawn, asked)
        _add_frechet(result, model.to_unit_range(test.images), classifier, drawn, seed)


def _add_neighbors(
    result: Evaluation, samples: np.ndarray, real: np.ndarray, learned: np.ndarray
) -> None:
    """Add the distances of samples to training images, and those of test images."""
    of_samples = nearest_images(samples, learned)
    of_test = nearest_images(real, learned)
    result.add_mean("nearest_train_distance", of_samples.distances)
    result.add_mean("nearest_train_distance_of_test", of_test.distances)
    copied = copied_share(of_samples.distances, of_test.distances)
    result.add_share("copied_share", copied, len(samples))
    result.arrays.update(
        samples=_to_uint8(samples[:SHOWN]),
        nearest_train=_to_uint8(learned[of_samples.indices[:SHOWN]]),
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
    """Add the accuracies and class probabilities of reconstructions and samples."""

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
    """Add the distance of samples from real images that the classifier was not trained on.

    The real images are cut in two disjoint parts, whose distance is the reference.
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


def _to_uint8(images: np.ndarray) -> np.ndarray:
    return images if images.dtype == np.uint8 else np.round(images * 255).astype("uint8")
