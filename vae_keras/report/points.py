"""What the explorer knows of each image: code, reconstruction and numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from vae_keras.errors import ArgumentError
from vae_keras.math import DiagonalGaussian, reparameterize
from vae_keras.models import labels_for
from vae_keras.models.images import to_data_range
from vae_keras.models.inference.batches import in_batches


@dataclass(frozen=True)
class Measure:
    """A number of each image.

    Attributes:
        name: What it is, as a reader sees it.
        unit: Its unit; empty for none.
        values: Shape `(n,)`.
    """

    name: str
    unit: str
    values: np.ndarray


@dataclass(frozen=True)
class Points:
    """Images as the model sees them.

    Attributes:
        indices: Place of each in the arrays that were given, shape `(n,)`.
        labels: Class of each, shape `(n,)`, or `None`.
        codes: Of a VAE the posterior's mean, shape `(n, latent_dim)`, float32.
        images: Shape `(n, height, width, channels)`, uint8.
        reconstructions: Of the codes, same shape and type.
        measures: Numbers of each image.
        relevance: How much each latent dimension matters, shape `(latent_dim,)`.
        relevance_name: What `relevance` is, as a reader sees it.
    """

    indices: np.ndarray
    labels: np.ndarray | None
    codes: np.ndarray
    images: np.ndarray
    reconstructions: np.ndarray
    measures: Sequence[Measure]
    relevance: np.ndarray
    relevance_name: str

    def first(self, count: int) -> "Points":
        """Return the first `count` of them."""
        return Points(
            self.indices[:count],
            None if self.labels is None else self.labels[:count],
            self.codes[:count],
            self.images[:count],
            self.reconstructions[:count],
            [Measure(one.name, one.unit, one.values[:count]) for one in self.measures],
            self.relevance,
            self.relevance_name,
        )


def chosen_points(
    model: Any, images: np.ndarray, labels: np.ndarray | None, *, count: int, seed: int
) -> Points:
    """Choose images at random, encode and decode them and measure both.

    Args:
        model: Any model of images.
        images: As `model.check_images` gives them.
        labels: Class of each, shape `(n,)`, or `None`.
        count: Number of images to choose; all, if there are not so many.
        seed: Of the choice, and of the draws that a number may need.

    Raises:
        ArgumentError: If a code is not finite.
    """
    generator = np.random.default_rng(seed)
    indices = generator.permutation(len(images))[:count]
    chosen = images[indices]
    if hasattr(model, "binarized"):
        chosen = model.binarized(chosen, generator)
    classes = None if labels is None else labels[indices]
    label = model.check_label(labels_for(model, classes), len(chosen))
    codes = model.encode(chosen, label=label)
    if not np.isfinite(codes).all():
        raise ArgumentError(
            "`model` must give finite codes. Received: codes with NaN or infinity, as of a "
            "training that diverged"
        )
    reconstructions = model.decode(codes, label=label)
    originals = model.to_unit_range(chosen)
    decoded = model.to_unit_range(reconstructions)
    errors = np.mean(np.square(originals - decoded), axis=(1, 2, 3))
    measures = []
    if hasattr(model, "encode_distribution"):
        loss = _reconstruction_loss(model, chosen, codes, label)
        unit = "nats" if model.likelihood.normalized else ""
        measures.append(Measure("Reconstruction loss", unit, loss))
        posterior = model.encode_distribution(chosen, label=label)
        noise = generator.standard_normal(codes.shape).astype("float32")
        divergence = model.prior.kl(posterior, reparameterize(posterior, noise))
        measures.append(Measure("KL to the prior", "nats", ops.convert_to_numpy(divergence)))
        relevance, name = _relevance(model.prior, posterior)
    else:
        relevance, name = codes.std(axis=0), "standard deviation of the codes"
    measures.append(Measure("MSE per pixel", "", errors))
    return Points(
        indices,
        classes,
        codes.astype("float32"),
        _bytes(originals),
        _bytes(decoded),
        measures,
        relevance,
        name,
    )


def _reconstruction_loss(model: Any, images: np.ndarray, codes: np.ndarray, label: Any) -> Any:
    """Loss of each image at its own code, without the noise of a draw."""

    def batch_loss(images: np.ndarray, codes: np.ndarray, label: Any) -> tuple[Any]:
        parameters = model.decoder(model.decoder_inputs(codes, label), training=False)
        prepared = to_data_range(images, model.likelihood.data_range)
        return (model.likelihood.loss(prepared, parameters),)

    return in_batches(batch_loss, images, codes, label)[0]


def _relevance(prior: Any, posterior: DiagonalGaussian) -> tuple[np.ndarray, str]:
    if prior.factorized:
        divergence = ops.convert_to_numpy(prior.kl_per_dimension(posterior))
        return divergence.mean(axis=0), "KL, nats"
    return posterior.mean.std(axis=0), "standard deviation of the codes"


def _bytes(images: np.ndarray) -> np.ndarray:
    """Images in `[0, 1]` as uint8."""
    return np.round(images * 255).astype("uint8")
