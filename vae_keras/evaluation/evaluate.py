"""All numbers of a trained model at once. The one file here that takes a model."""

from typing import Any

import numpy as np

from vae_keras.evaluation.image_quality import (
    mean_squared_error,
    ssim_is_defined,
    structural_similarity,
)
from vae_keras.evaluation.neighbors import knn_accuracy, knn_accuracy_of_split

BATCH_SIZE = 500  # of the comparison of pictures, to bound its memory


def evaluate(
    model: Any,
    images: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    train_images: np.ndarray | None = None,
    train_labels: np.ndarray | None = None,
) -> dict[str, float]:
    """Measure losses, reconstructions and codes of a model on a set of images.

    The losses are those of the model's test step: codes drawn with a fixed seed, final KL weight.
    Reconstructions are deterministic (code = mean) and are compared in `[0, 1]`.

    Args:
        model: A `VAE`, `ConditionalVAE` or `Autoencoder`.
        images: Shape `(n, height, width, channels)`.
        labels: Class of each image, shape `(n,)`; without them there is no k-NN accuracy. A
            conditional model needs them, and has none either: its encoder is told the class, so
            that the accuracy would score what was given.
        train_images: The training set, whose codes are the neighbours.
        train_labels: Its classes.

    Returns:
        `loss`, `recon_loss`, `kl_loss`, `kl_scaled` and `elbo` in nats per image (of an autoencoder
        the losses alone, per pixel value; no `elbo` without a density), `mse` per pixel,
        `ssim` (not for images below 11 pixels), and where there are labels `knn_accuracy`
        (neighbours from the training set) and `knn_accuracy_of_split` (70/30 split of these
        images' own codes).
    """
    given = labels if model.num_classes else None
    losses = model.evaluate(images, given, verbose=0, return_dict=True)
    losses.pop("kl_weight", None)
    results = {name: float(value) for name, value in losses.items()}
    if hasattr(model, "elbo") and model.likelihood.normalized:
        results["elbo"] = float(np.mean(model.elbo(images, label=given)))
    results.update(_reconstruction_quality(model, images, given))
    if labels is not None and not model.num_classes:
        results.update(_code_quality(model, images, labels, train_images, train_labels))
    return results


def _reconstruction_quality(
    model: Any, images: np.ndarray, labels: np.ndarray | None
) -> dict[str, float]:
    measures = {"mse": mean_squared_error}
    if ssim_is_defined(model.image_shape):
        measures["ssim"] = structural_similarity
    values: dict[str, list[np.ndarray]] = {name: [] for name in measures}
    for start in range(0, len(images), BATCH_SIZE):
        batch = images[start : start + BATCH_SIZE]
        original = model.to_unit_range(batch)
        label = None if labels is None else labels[start : start + BATCH_SIZE]
        reconstruction = model.to_unit_range(model.reconstruct(batch, label=label))
        for name, measure in measures.items():
            values[name].append(measure(original, reconstruction))
    return {name: float(np.mean(np.concatenate(parts))) for name, parts in values.items()}


def _code_quality(
    model: Any,
    images: np.ndarray,
    labels: np.ndarray,
    train_images: np.ndarray | None,
    train_labels: np.ndarray | None,
) -> dict[str, float]:
    codes = model.encode(images)
    results = {}
    if train_images is not None and train_labels is not None:
        train_codes = model.encode(train_images)
        results["knn_accuracy"] = knn_accuracy(train_codes, train_labels, codes, labels)
    _, counts = np.unique(labels, return_counts=True)
    if len(counts) > 1 and counts.min() > 1:
        results["knn_accuracy_of_split"] = knn_accuracy_of_split(codes, labels)
    return results
