"""How well a model fits: its errors against a mean image, on training images, and as expected."""

from typing import Any

import numpy as np

from vae_keras.data import Split
from vae_keras.evaluation.metrics.image_quality import mean_squared_error
from vae_keras.evaluation.result import Evaluation
from vae_keras.math import DiagonalGaussian, reparameterize
from vae_keras.models import labels_for
from vae_keras.models.images import to_data_range
from vae_keras.models.inference.batches import EVALUATION_BATCH_SIZE, in_batches, usual_batch_size

MOST_IMAGES = 2000  # more would hardly change these metrics


def add_fit(
    result: Evaluation,
    model: Any,
    test: Split,
    train: Split | None,
    seed: int,
) -> None:
    """Add `mse_of_mean_image`, `mse_train` and `residual_variance_ratio`.

    Args:
        result: The evaluation so far.
        model: Any model.
        test: Test images.
        train: Training images, or `None`.
        seed: Seed of the draws for `residual_variance_ratio`.
    """
    some = _drawn(len(test), seed)
    shown = model.to_unit_range(test.images[some])
    result["mse_of_mean_image"] = float(np.mean((shown - shown.mean(axis=0)) ** 2))
    if train is not None and (train.labels is not None or not model.num_classes):
        part = _drawn(len(train), seed)
        learned = train.images[part]
        copies = model.reconstruct(learned, label=labels_for(model, train.labels, part))
        errors = mean_squared_error(model.to_unit_range(learned), model.to_unit_range(copies))
        result["mse_train"] = float(errors.mean())
    if model.is_variational and model.likelihood.normalized:
        labels = labels_for(model, test.labels, some)
        ratio = _residual_variance_ratio(model, test.images[some], labels, seed)
        result["residual_variance_ratio"] = ratio


def _drawn(count: int, seed: int) -> np.ndarray:
    """Draw which images to look at: a set may be sorted, and its first images of one class."""
    if count <= MOST_IMAGES:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, MOST_IMAGES, replace=False))


def _residual_variance_ratio(
    model: Any, images: np.ndarray, labels: np.ndarray | None, seed: int
) -> float:
    """Divide the squared error of drawn reconstructions by the one that the likelihood expects.

    `E (x - m)^2 / E (x' - m)^2`, where `m` is the expected image of a code drawn from the posterior
    of `x`, and `x'` an image drawn from the likelihood at that code. At 1 the likelihood is as wide
    as the errors; above 1 it is too narrow, below 1 too wide.
    """
    generator = np.random.default_rng(seed)
    images = model.binarized(images, generator)
    noise = generator.standard_normal((len(images), model.latent_dim)).astype("float32")
    size = usual_batch_size(EVALUATION_BATCH_SIZE, model.image_shape)
    batches = -(-len(images) // size)
    seeds = iter(generator.integers(2**31, size=batches).tolist())

    def squares(batch: np.ndarray, label: Any, noise: np.ndarray) -> tuple[Any, Any]:
        batch = to_data_range(batch, model)
        posterior = DiagonalGaussian(*model.encoder(model.encoder_inputs(batch, label)))
        inputs = model.decoder_inputs(reparameterize(posterior, noise), label)
        parameters = model.decoder(inputs, training=False)
        mean = model.likelihood.mean(parameters)
        drawn = model.likelihood.sample(parameters, seed=next(seeds))
        return (batch - mean) ** 2, (drawn - mean) ** 2

    residual, expected = in_batches(squares, images, labels, noise, batch_size=size)
    return float(residual.mean(dtype="float64") / expected.mean(dtype="float64"))
