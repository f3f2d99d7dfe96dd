"""Images from a model of any kind, from codes of any source."""

from collections.abc import Callable
from typing import Any

import numpy as np

from vae_keras.checks import one_of
from vae_keras.data import Split
from vae_keras.errors import ArgumentError
from vae_keras.generation.codes import AggregatedPosterior, aggregated_posterior_grid, fit_mixture
from vae_keras.models import labels_for

CODE_SOURCES = ("prior", "mixture", "posterior", "grid")
MIXTURE_COMPONENTS = 10
_MIXTURE_IMAGES = 10_000  # as many as a figure or a metric needs
# Seed of the draw of one code for each training image, apart from the seed of the samples.
_TRAINING_SEED = 0


def sample_images(
    model: Any,
    n: int,
    *,
    codes: str = "prior",
    label: int | None = None,
    seed: int | None = None,
    train: Split | None = None,
) -> np.ndarray:
    """Draw codes and decode them; see `vae_keras.generation` for which source is right when.

    Args:
        model: A `VAE`, `ConditionalVAE` or `Autoencoder`.
        n: Number of codes, > 0.
        codes: One of `CODE_SOURCES`; for an autoencoder only `"mixture"`.
            Defaults to `"prior"`.
        label: Class of the images, for a conditional model; the codes are then like those of the
            training images of this class. Without one, each code is decoded in every class.
        seed: Integer seed; `None` draws one.
        train: Training images, and labels for a conditional model; every source other than the
            prior needs them. Defaults to `None`.

    Returns:
        Images in the model's range, shape `(n, height, width, channels)`, or `(n, num_classes,
        height, width, channels)` of a conditional model without a label.

    Raises:
        ArgumentError: If an argument is out of range, or the model has no such source.
    """
    if label is not None:
        model.check_label(label, 1)
    sampler = _sampler(model, codes, train, label)
    if seed is None:
        seed = int(np.random.default_rng().integers(2**31))
    drawn = None if sampler is None else sampler.sample(n, seed)

    def images(label: int | None) -> np.ndarray:
        if drawn is None:
            return model.sample(n, label=label, seed=seed)  # each class gets the same codes
        return model.decode(drawn, label=label)

    if label is None and model.num_classes:
        return np.stack([images(one) for one in range(model.num_classes)], axis=1)
    return images(label)


def mixture_sampler(model: Any, train: Split) -> Callable[[int, int], np.ndarray]:
    """Return a function `(n, seed) -> images` in `[0, 1]`, for a model without a prior.

    Args:
        model: An unconditional model.
        train: Training images; a mixture is fitted to the codes of the first 10,000.
    """
    mixture = _sampler(model, "mixture", train.take(slice(_MIXTURE_IMAGES)), None)

    def images(n: int, seed: int) -> np.ndarray:
        return model.to_unit_range(model.decode(mixture.sample(n, seed)))

    return images


def _sampler(model: Any, codes: str, train: Split | None, label: int | None) -> Any:
    """Return the object to draw codes from; `None` for the prior, which the model draws from."""
    one_of("codes", codes, CODE_SOURCES)
    if codes != "mixture" and not model.is_variational:
        raise ArgumentError(
            "`codes` must be 'mixture' (on the command line `--codes mixture`) for an autoencoder, "
            f"which has neither prior nor posteriors. Received: codes={codes!r}"
        )
    if codes == "prior":
        return None
    if train is None:
        raise ArgumentError(
            f"`train` must be given with codes={codes!r}, which are like those of training images. "
            "Received: train=None"
        )
    if label is not None and train.labels is not None:
        # Codes may still depend on the label: these are those of the class.
        chosen = train.labels == label
        if not chosen.any():
            raise ArgumentError(
                f"`label` must be a class of the training images. Received: label={label!r}"
            )
        train = train.take(chosen)
    train = train.bounded()
    labels = labels_for(model, train.labels)
    if not model.is_variational:
        return _mixture(model.encode(train.images, label=labels))
    # A model of binary images was not trained on grey ones.
    images = model.binarized(train.images, np.random.default_rng(_TRAINING_SEED))
    posterior = model.encode_distribution(images, label=labels)
    if codes == "grid":
        return aggregated_posterior_grid(*posterior)
    if codes == "posterior":
        return AggregatedPosterior(*posterior)
    noise = np.random.default_rng(_TRAINING_SEED).standard_normal(posterior.mean.shape)
    return _mixture(posterior.mean + np.exp(0.5 * posterior.log_var) * noise)


def _mixture(codes: np.ndarray) -> Any:
    return fit_mixture(codes, min(MIXTURE_COMPONENTS, len(codes)))
