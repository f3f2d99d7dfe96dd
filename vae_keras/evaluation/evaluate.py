"""All metrics of a trained model at once."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from vae_keras.array_checks import plain_labels
from vae_keras.checks import integer
from vae_keras.data import Split
from vae_keras.errors import ArgumentError
from vae_keras.evaluation.metrics.aggregated_posterior import elbo_surgery
from vae_keras.evaluation.metrics.anomaly import roc_auc
from vae_keras.evaluation.metrics.by_class import mean_by_class
from vae_keras.evaluation.metrics.image_quality import (
    mean_absolute_error,
    mean_squared_error,
    peak_signal_to_noise_ratio,
)
from vae_keras.evaluation.metrics.latent import active_units
from vae_keras.evaluation.metrics.linear_probe import linear_probe_accuracy
from vae_keras.evaluation.metrics.neighbors import knn_accuracy, knn_accuracy_of_split
from vae_keras.evaluation.metrics.ssim import (
    ms_ssim_is_defined,
    multi_scale_structural_similarity,
    ssim_is_defined,
    structural_similarity,
)
from vae_keras.evaluation.model_fit import add_fit
from vae_keras.evaluation.result import Evaluation
from vae_keras.evaluation.samples import Sampler, add_generated, usual_samples
from vae_keras.math import DiagonalGaussian
from vae_keras.models import labels_for

NEIGHBORS = 5
# Nats. The estimate of the mutual information cannot exceed the logarithm of the number of images.
# Within this margin of it the estimate is too small, and that of the aggregated posterior's KL
# divergence too large by the same amount.
BELOW_CEILING = 2.0
COMPARED_AT_ONCE = 500  # images, to bound the memory


def evaluate(
    model: Any,
    images: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    train_images: np.ndarray | None = None,
    train_labels: np.ndarray | None = None,
    anomalies: np.ndarray | None = None,
    samples: int | None = None,
    sampler: Sampler | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Evaluation:
    """Measure losses, reconstructions, codes and samples of a model on a set of images.

    The losses are those of the model's test step: codes drawn with a fixed seed, final KL weight.
    Reconstructions are deterministic (code = mean) and are compared in `[0, 1]`. A metric that
    needs training images or labels is left out without them. A model that is trained on binary
    draws (`binarize`) is measured on one binary draw of the images. docs/guide/evaluation.md
    explains each metric, and says which are estimates.

    Args:
        model: A `VAE`, `ConditionalVAE` or `Autoencoder`.
        images: Shape `(n, height, width, channels)`, or without the axis of one channel.
        labels: Class of each image, shape `(n,)` or `(n, 1)`, or one-hot. A conditional model needs
            them, and has no accuracy of its codes, as its encoder is given the class.
        train_images: Training set: the neighbours of codes and of samples, and the images that
            the judging classifier is trained on.
        train_labels: Class of each training image.
        anomalies: Images that should get a high anomaly score, sized as `images`. The score of a
            conditional model is that of the class which it finds least odd.
        samples: Number of images in each of the three sets that are generated; 0 for none.
            Defaults to 1,000, or fewer of images so large that a set would take more than
            128 MiB.
        sampler: Function `(n, seed) -> images` in `[0, 1]` that generates images, for a model
            without a prior or with a bad one. Defaults to samples from the prior.
        seed: Seed of all draws and of the judging classifier. Defaults to `0`.
        progress: Called with a line before each step that takes long. Defaults to `None`.

    Returns:
        A dictionary from name to value; a mean over images or draws also has its
        `..._standard_error`. Attributes hold further results: see `Evaluation`.

    Raises:
        ArgumentError: If labels do not match the images, or an argument is invalid.
        DataError: If images do not fit the model.

    Example:
        >>> vae_keras.evaluate(vae, x_test, y_test, train_images=x_train, train_labels=y_train)
    """
    generator = np.random.default_rng(integer("seed", seed))
    test = _as_split(model, images, labels, "images", "labels", generator)
    train = None
    if train_images is not None:
        names = "train_images", "train_labels"
        train = _as_split(model, train_images, train_labels, *names, generator)
    samples = usual_samples(model.image_shape) if samples is None else integer("samples", samples)
    if model.num_classes and labels is None:
        raise ArgumentError(
            "`labels` must be given for a conditional model, which needs the class of each image. "
            "Received: labels=None"
        )
    log = progress or (lambda line: None)
    result = Evaluation()
    log("losses and reconstructions")
    _add_losses(result, model, test, seed)
    _add_image_metrics(result, model, test)
    add_fit(result, model, test, train, seed)
    _add_codes(result, model, test, seed)
    if test.labels is not None:
        result.arrays["labels"] = test.labels
        _add_classes(result, test.labels)
        _add_accuracies(result, model, test, train, log)
    if anomalies is not None:
        log("anomalies")
        odd = _as_split(model, anomalies, None, "anomalies", "labels", generator)
        _add_anomalies(result, model, test.images, odd.images)
    if samples:
        add_generated(
            result, model, test, train, samples=samples, sampler=sampler, seed=seed, log=log
        )
    return result


def _add_losses(result: Evaluation, model: Any, test: Split, seed: int) -> None:
    """Add the losses of the test step, and the standard errors over the images."""
    labels = labels_for(model, test.labels)
    losses = model.evaluate(test.images, labels, verbose=0, return_dict=True)
    losses.pop("kl_weight", None)
    result.update({name: float(value) for name, value in losses.items()})
    if not model.is_variational:
        return
    of_images = model.image_losses(test.images, label=labels, seed=seed)
    for name, values in of_images._asdict().items():
        if np.isfinite(values).all():
            from_test_step = result.get(name)
            result.add_mean(name, values)
            if from_test_step is not None:
                result[name] = from_test_step
            result.arrays[name] = values


def _add_image_metrics(result: Evaluation, model: Any, test: Split) -> None:
    """Add each metric of the deterministic reconstructions."""
    metrics: dict[str, Callable[..., np.ndarray]] = {
        "mse": mean_squared_error,
        "mae": mean_absolute_error,
        "psnr": peak_signal_to_noise_ratio,
    }
    if ssim_is_defined(model.image_shape):
        metrics["ssim"] = structural_similarity
    if ms_ssim_is_defined(model.image_shape):
        metrics["ms_ssim"] = multi_scale_structural_similarity
    values: dict[str, list[np.ndarray]] = {name: [] for name in metrics}
    for start in range(0, len(test), COMPARED_AT_ONCE):
        part = slice(start, start + COMPARED_AT_ONCE)
        original, label = test.images[part], labels_for(model, test.labels, part)
        reconstruction = model.to_unit_range(model.reconstruct(original, label=label))
        for name, metric in metrics.items():
            values[name].append(metric(model.to_unit_range(original), reconstruction))
    for name, parts in values.items():
        result.arrays[name] = np.concatenate(parts)
        if np.isfinite(result.arrays[name]).all():  # not so the PSNR of a perfect copy
            result.add_mean(name, result.arrays[name])


def _add_codes(result: Evaluation, model: Any, test: Split, seed: int) -> None:
    """Add the codes, and the metrics of the posterior."""
    labels = labels_for(model, test.labels)
    if not model.is_variational:
        result.arrays["z_mean"] = model.encode(test.images, label=labels)
        return
    mean, log_var = model.encode_distribution(test.images, label=labels)
    result.arrays.update(z_mean=mean, z_log_var=log_var)
    active = active_units(mean)
    result.by_dimension = {"variance": np.var(mean, axis=0).tolist(), "active": active.tolist()}
    if model.prior.factorized:
        kl = model.prior.kl_per_dimension(DiagonalGaussian(mean, log_var))
        result.by_dimension["kl"] = np.mean(ops.convert_to_numpy(kl), axis=0).tolist()
    result["active_units"] = int(active.sum())
    result["latent_dim"] = model.latent_dim

    def prior_log_prob(codes: np.ndarray) -> np.ndarray:
        return ops.convert_to_numpy(model.prior.log_prob(ops.convert_to_tensor(codes, "float32")))

    surgery = elbo_surgery(mean, log_var, prior_log_prob, seed=seed)
    result.add_estimate("mutual_information", surgery.mutual_information)
    if surgery.mutual_information.value < math.log(len(test)) - BELOW_CEILING:
        result.add_estimate("aggregated_posterior_kl", surgery.aggregated_posterior_kl)


def _add_classes(result: Evaluation, labels: np.ndarray) -> None:
    """Add the means of metrics over the images of each class."""
    for name in ("recon_loss", "kl_loss", "elbo", "mse", "ssim"):
        if name in result.arrays:
            means = mean_by_class(result.arrays[name], labels)
            result.by_class["classes"] = means.classes.tolist()
            result.by_class["count"] = means.count.tolist()
            result.by_class[name] = means.mean.tolist()
            result.by_class[f"{name}_standard_error"] = [
                None if np.isnan(error) else float(error) for error in means.standard_error
            ]


def _add_accuracies(
    result: Evaluation, model: Any, test: Split, train: Split | None, log: Callable[[str], None]
) -> None:
    """Add the accuracies of classifiers on codes and on pixels."""
    codes, count = result.arrays["z_mean"], len(test)
    labels = np.asarray(test.labels)
    if not model.num_classes:
        log("k-nearest neighbours and a linear probe on codes")
        if train is not None and train.labels is not None:
            known = (model.encode(train.images), train.labels, codes, labels)
            k = min(NEIGHBORS, len(train))
            result.add_share("knn_accuracy", knn_accuracy(*known, k=k), count)
            if len(np.unique(train.labels)) > 1:
                result.add_share("linear_probe_accuracy", linear_probe_accuracy(*known), count)
        _, counts = np.unique(labels, return_counts=True)
        scored = math.ceil(0.3 * count)
        # Each class has to be in both parts, and the larger part has to hold the neighbours.
        enough = scored >= len(counts) and count - scored >= max(len(counts), NEIGHBORS)
        if len(counts) > 1 and counts.min() > 1 and enough:
            result.add_share("knn_accuracy_of_split", knn_accuracy_of_split(codes, labels), scored)
    if train is not None and train.labels is not None:
        log("k-nearest neighbours on pixels")
        k = min(NEIGHBORS, len(train))
        pixels = [train.images, test.images]
        if pixels[0].dtype != pixels[1].dtype:
            pixels = [model.to_unit_range(one) for one in pixels]
        accuracy = knn_accuracy(pixels[0], train.labels, pixels[1], labels, k=k)
        result.add_share("knn_accuracy_pixels", accuracy, count)


def _add_anomalies(
    result: Evaluation, model: Any, images: np.ndarray, anomalies: np.ndarray
) -> None:
    """Add how well anomaly scores separate anomalies from the test images."""

    def score(x: np.ndarray) -> np.ndarray:
        if not model.num_classes:
            return model.anomaly_score(x)
        given = [model.anomaly_score(x, label=label) for label in range(model.num_classes)]
        return np.min(given, axis=0)

    scores = np.concatenate([score(images), score(anomalies)])
    is_anomaly = np.repeat([False, True], [len(images), len(anomalies)])
    result.add_estimate("anomaly_roc_auc", roc_auc(scores, is_anomaly))
    result.arrays.update(anomaly_scores=scores, is_anomaly=is_anomaly)


def _as_split(
    model: Any,
    images: Any,
    labels: Any,
    images_name: str,
    labels_name: str,
    generator: np.random.Generator,
) -> Split:
    """Return images and labels as one record, checked, as the model is trained on them."""
    images = np.asarray(model.check_images(images, name=images_name))
    if model.is_variational:
        images = model.binarized(images, generator)
    if images.dtype == np.bool_:
        # Bytes, unless the model reads those as black and white.
        low, high = model.likelihood.data_range
        images = (
            images.astype(np.float32) * np.float32(high - low) + np.float32(low)
            if model.highest_integer == 1
            else images.astype(np.uint8) * np.uint8(255)
        )
    if labels is None:
        return Split(images)
    labels = plain_labels(labels, len(images))
    if labels.shape != images.shape[:1]:
        raise ArgumentError(
            f"`{labels_name}` must have one label for each of the {len(images)} `{images_name}`. "
            f"Received: {labels_name}.shape={labels.shape}"
        )
    return Split(images, labels)
