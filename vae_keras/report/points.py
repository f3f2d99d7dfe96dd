"""The images of the explorer: their codes, reconstructions and metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from vae_keras._types import Tensor
from vae_keras.errors import ArgumentError
from vae_keras.math import DiagonalGaussian, reparameterize
from vae_keras.models import labels_for
from vae_keras.models.images import to_data_range
from vae_keras.models.inference.batches import in_batches


@dataclass(frozen=True)
class ImageMetric:
    """A metric of each image.

    Attributes:
        name: Its name for the reader.
        unit: Its unit; empty for none.
        values: Value of each image, shape `(n,)`.
    """

    name: str
    unit: str
    values: np.ndarray


@dataclass(frozen=True)
class Points:
    """Chosen images, with what the model computes from them.

    Attributes:
        indices: Index of each image in the arrays that were given, shape `(n,)`.
        labels: Class of each image, shape `(n,)`, or `None`.
        codes: Codes, for a VAE the posterior means, shape `(n, latent_dim)`, float32.
        images: Shape `(n, height, width, channels)`, uint8.
        reconstructions: Images decoded from the codes, of the same shape and type.
        metrics: Metrics of each image.
        relevance: A measure of how much each latent dimension carries, shape `(latent_dim,)`.
        relevance_name: Name of `relevance` for the reader.
    """

    indices: np.ndarray
    labels: np.ndarray | None
    codes: np.ndarray
    images: np.ndarray
    reconstructions: np.ndarray
    metrics: Sequence[ImageMetric]
    relevance: np.ndarray
    relevance_name: str

    def first(self, count: int) -> "Points":
        """Return the first `count` points."""
        return Points(
            self.indices[:count],
            None if self.labels is None else self.labels[:count],
            self.codes[:count],
            self.images[:count],
            self.reconstructions[:count],
            [ImageMetric(one.name, one.unit, one.values[:count]) for one in self.metrics],
            self.relevance,
            self.relevance_name,
        )


def chosen_points(
    model: Any, images: np.ndarray, labels: np.ndarray | None, *, count: int, seed: int
) -> Points:
    """Choose images at random, encode and decode them, and compute their metrics.

    Args:
        model: Any model of images.
        images: Images, as `model.check_images` returns them.
        labels: Class of each image, shape `(n,)`, or `None`.
        count: Number of images to choose; all of them if there are fewer.
        seed: Seed of the choice, and of the draws for the KL divergence.

    Raises:
        ArgumentError: If a code is not finite.
    """
    generator = np.random.default_rng(seed)
    indices = generator.permutation(len(images))[:count]
    chosen = images[indices]
    if model.is_variational:
        chosen = model.binarized(chosen, generator)
    classes = None if labels is None else labels[indices]
    label = model.check_label(labels_for(model, classes), len(chosen))
    codes = model.encode(chosen, label=label)
    if not np.isfinite(codes).all():
        raise ArgumentError(
            "`model` must give finite codes. Received: codes with NaN or infinity, as after "
            "a training that diverged"
        )
    reconstructions = model.decode(codes, label=label)
    originals = model.to_unit_range(chosen)
    decoded = model.to_unit_range(reconstructions)
    errors = np.mean(np.square(originals - decoded), axis=(1, 2, 3))
    metrics = []
    if model.is_variational:
        loss = _reconstruction_loss(model, chosen, codes, label)
        unit = "nats" if model.likelihood.normalized else ""
        metrics.append(ImageMetric("Reconstruction loss", unit, loss))
        posterior = model.encode_distribution(chosen, label=label)
        noise = generator.standard_normal(codes.shape).astype("float32")
        divergence = model.prior.kl(posterior, reparameterize(posterior, noise))
        metrics.append(ImageMetric("KL to the prior", "nats", ops.convert_to_numpy(divergence)))
        relevance, name = _relevance(model.prior, posterior)
    else:
        relevance, name = codes.std(axis=0), "standard deviation of the codes"
    metrics.append(ImageMetric("MSE per pixel", "", errors))
    return Points(
        indices,
        classes,
        codes.astype("float32"),
        _to_uint8(originals),
        _to_uint8(decoded),
        metrics,
        relevance,
        name,
    )


def _reconstruction_loss(
    model: Any, images: np.ndarray, codes: np.ndarray, label: Any
) -> np.ndarray:
    """Return the reconstruction loss of each image at its mean code."""

    def batch_loss(images: np.ndarray, codes: np.ndarray, label: Any) -> tuple[Tensor]:
        parameters = model.decoder(model.decoder_inputs(codes, label), training=False)
        prepared = to_data_range(images, model)
        return (model.likelihood.loss(prepared, parameters),)

    return in_batches(batch_loss, images, codes, label)[0]


def _relevance(prior: Any, posterior: DiagonalGaussian) -> tuple[np.ndarray, str]:
    """Return the relevance of each dimension and its name: the KL divergence if it has one."""
    if prior.factorized:
        divergence = ops.convert_to_numpy(prior.kl_per_dimension(posterior))
        return divergence.mean(axis=0), "KL, nats"
    return posterior.mean.std(axis=0), "standard deviation of the codes"


def _to_uint8(images: np.ndarray) -> np.ndarray:
    """Return images in `[0, 1]` as uint8."""
    return np.round(images * 255).astype("uint8")
