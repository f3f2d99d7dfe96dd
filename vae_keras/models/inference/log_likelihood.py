"""The importance-weighted estimate of the log-likelihood."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from keras import ops
from rich.progress import track

from vae_keras._types import Tensor
from vae_keras.checks import positive_integer, positive_number
from vae_keras.data.binarize import is_binary
from vae_keras.errors import ArgumentError
from vae_keras.likelihoods import Bernoulli
from vae_keras.math import DiagonalGaussian
from vae_keras.models.host import Host

if TYPE_CHECKING:
    from vae_keras.models.inference.posterior import Probabilistic

FLOAT_BYTES = 4
# Intermediate arrays of a log-density, each as large as the decoder's output.
LIKELIHOOD_ARRAYS = 6


@dataclass(frozen=True)
class LogLikelihood:
    """Estimated `log p(x)` of a set of images.

    Attributes:
        nats: One estimate for each image, shape `(n,)`, float64.
        sampling_error: Standard error of each estimate from the finite number of codes, in nats
            (jackknife), shape `(n,)`. Its root mean square over the images is the spread of the
            estimates, within a tenth; that of one image varies, and is mostly lower. Above about 1
            a few codes carry all the weight: the estimate is then low, by more than this says.
        samples: Codes drawn for each image.
        dimensions: Pixel values of an image.
        levels_per_unit: Grey levels in one unit of the pixel values that the density was evaluated
            on, where bits per dimension are defined: 1 for a mass, 255 or so for a density of
            dequantised 8-bit data. Otherwise `None`.
    """

    nats: np.ndarray
    sampling_error: np.ndarray
    samples: int
    dimensions: int
    levels_per_unit: float | None

    @property
    def mean(self) -> float:
        """Mean over the images, in nats."""
        return float(self.nats.mean())

    @property
    def standard_error(self) -> float:
        """Standard error of `mean` as an estimate for the population of images, in nats."""
        if len(self.nats) < 2:
            return math.nan
        return float(self.nats.std(ddof=1) / math.sqrt(len(self.nats)))

    @property
    def bits_per_dimension(self) -> float:
        """`-mean / (dimensions log 2)`, for 8-bit or binary data; less is better.

        Raises:
            ArgumentError: If the likelihood is a density and the images were not dequantised, or
                a probability of binary images and they were grey, or one of fewer levels than
                the 256 of the images.
        """
        if self.levels_per_unit is None:
            raise ArgumentError(
                "`bits_per_dimension` needs a probability: of 8-bit images, with all 256 levels or "
                "with a density and `log_likelihood(..., dequantize=True)`, or of binary ones with "
                "`Bernoulli`. Received: neither"
            )
        nats = self.mean / self.dimensions - math.log(self.levels_per_unit)
        return -nats / math.log(2.0)

    def __str__(self) -> str:
        return (
            f"log p(x) = {self.mean:.2f} ± {self.standard_error:.2f} nats "
            f"({len(self.nats)} images, {self.samples} samples)"
        )


def estimate_log_likelihood(
    model: "Probabilistic",
    x: Any,
    label: Any,
    *,
    log_joint: Callable[..., Tensor],
    samples: int,
    dequantize: bool,
    memory_mib: float,
    seed: int,
    progress: bool,
) -> LogLikelihood:
    """Estimate `log p(x)` of each image; see `VAE.log_likelihood`.

    `log_joint` maps images, labels and codes to `log p(x, z)` of each code, for as many codes of
    each image as there are.
    """
    samples = positive_integer("samples", samples)
    memory_mib = positive_number("memory_mib", memory_mib)
    likelihood = model.likelihood
    if not likelihood.normalized:
        raise ArgumentError(
            "`likelihood` must be a density for a log-likelihood. "
            f"Received: likelihood={type(likelihood).__name__}"
        )
    x = model.check_images(np.asarray(x))
    label = model.check_label(label, len(x))
    generator = np.random.default_rng(seed)
    # Pixels have a generator of their own: the draws of the codes do not depend on their number.
    x, levels = _observed(model, x, generator.spawn(1)[0], dequantize=dequantize)

    posterior = model.encode_distribution(x, label=label)
    codes_at_once = max(1, int(memory_mib * 2**20 / _bytes_per_code(model)))
    images_at_once = max(1, codes_at_once // samples)
    nats: list[np.ndarray] = []
    errors: list[np.ndarray] = []
    starts = range(0, len(x), images_at_once)
    for start in track(starts, "log-likelihood", disable=not progress):
        part = slice(start, start + images_at_once)
        weights = _log_weights(
            log_joint,
            x[part],
            None if label is None else label[part],
            DiagonalGaussian(*(one[part] for one in posterior)),
            generator,
            samples=samples,
            codes_at_once=codes_at_once,
        )
        estimates, error = _log_mean_exp(weights)
        nats.append(estimates)
        errors.append(error)
    return LogLikelihood(
        nats=np.concatenate(nats),
        sampling_error=np.concatenate(errors),
        samples=samples,
        dimensions=math.prod(model.image_shape),
        levels_per_unit=levels,
    )


def _observed(
    model: "Probabilistic", x: np.ndarray, generator: np.random.Generator, *, dequantize: bool
) -> tuple[np.ndarray, float | None]:
    """Return the images that the density is evaluated on, and their grey levels in one unit."""
    likelihood = model.likelihood
    low, high = likelihood.data_range
    if dequantize:
        if x.dtype != np.uint8 or likelihood.discrete:
            raise ArgumentError(
                "`dequantize` must go with uint8 images and a likelihood that is a density. "
                f"Received: x.dtype={x.dtype}, likelihood={type(likelihood).__name__}"
            )
        units = (x + generator.random(x.shape, dtype="float32")) / 256.0
        return (low + units * (high - low)).astype("float32"), 256.0 / (high - low)
    x = model.binarized(x, generator)
    if isinstance(likelihood, Bernoulli) and not is_binary(x):
        warnings.warn(
            "`Bernoulli` is a probability of binary images, and these are grey: the result is a "
            "cross-entropy and no log-likelihood. Train with `binarize=True`.",
            stacklevel=4,
        )
        return x, None
    coarse = x.dtype == np.uint8 and getattr(likelihood, "levels", 256) < 256
    return x, None if coarse or not likelihood.discrete else 1.0


def _bytes_per_code(model: Host) -> int:
    """Return the memory of one code's way through decoder and likelihood, in bytes."""
    sizes = [math.prod(layer.output.shape[1:]) for layer in model.decoder.layers]
    likelihood = LIKELIHOOD_ARRAYS * math.prod(model.decoder.output_shape[1:])
    return FLOAT_BYTES * (sum(sizes) + likelihood)


def _log_weights(
    log_joint: Callable[..., Tensor],
    x: np.ndarray,
    label: np.ndarray | None,
    posterior: DiagonalGaussian,
    generator: np.random.Generator,
    *,
    samples: int,
    codes_at_once: int,
) -> np.ndarray:
    """Return `log w` of some images, shape `(n, samples)`.

    float32 is enough, since `_log_mean_exp` subtracts the largest before it takes exponentials.
    """
    parts = []
    for start in range(0, samples, codes_at_once):
        count = min(codes_at_once, samples - start)
        # Image by image, so that the draws do not depend on how many images go at once.
        shape = len(x), count, posterior.mean.shape[1]
        noise = generator.standard_normal(shape, dtype="float32")
        codes = posterior.mean[:, None] + np.exp(0.5 * posterior.log_var)[:, None] * noise
        codes = codes.reshape(-1, codes.shape[-1])
        # The codes' own log q follows from the noise they were made of.
        log_q = -0.5 * np.sum(
            np.square(noise) + (posterior.log_var + math.log(2.0 * math.pi))[:, None], axis=-1
        )
        labels = None if label is None else np.repeat(label, count)
        log_p = log_joint(x, labels, codes)
        parts.append(ops.convert_to_numpy(log_p).reshape(len(x), count) - log_q)
    return np.concatenate(parts, axis=1)


def _log_mean_exp(log_weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the log of the mean weight of each image and its standard error, each `(n,)`.

    The error is the jackknife's: how the estimate changes as each code in turn is left out. Where
    few codes carry the weight, the delta method (the relative error of the mean weight) finds half
    of it.
    """
    largest = log_weights.max(axis=1, keepdims=True)
    weights = np.exp((log_weights - largest).astype("float64"))
    mean = weights.mean(axis=1)
    samples = log_weights.shape[1]
    if samples > 1:
        share = weights / (samples * mean[:, None])
        without = np.log1p(-np.minimum(share, 1.0 - 1e-12))
        error = math.sqrt(samples - 1) * without.std(axis=1)
    else:
        error = np.full(len(mean), np.nan)
    return largest[:, 0] + np.log(mean), error
