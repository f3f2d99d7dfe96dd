"""The numbers of a run as people read them: names, digits, and which of two is better."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

STANDARD_ERROR = "_standard_error"


@dataclass(frozen=True)
class Number:
    """How a number of `metrics.json` is written.

    Args:
        label: For people, with the unit.
        digits: Behind the point.
        better: Whether less or more of it is better; `None` where neither is.
    """

    label: str
    digits: int
    better: Literal["less", "more"] | None = None


NUMBERS: dict[str, Number] = {
    "loss": Number("loss", 2, "less"),
    "recon_loss": Number("reconstruction loss", 2, "less"),
    "kl_loss": Number("KL (nats)", 2),
    "kl_scaled": Number("KL or regulariser (weighted)", 2),
    "elbo": Number("ELBO (nats)", 2, "more"),
    "log_likelihood": Number("log-likelihood (nats)", 2, "more"),
    "bits_per_dimension": Number("bits per dimension", 4, "less"),
    "mse": Number("MSE", 4, "less"),
    "mae": Number("mean absolute error", 4, "less"),
    "psnr": Number("PSNR (dB)", 2, "more"),
    "ssim": Number("SSIM", 3, "more"),
    "ms_ssim": Number("MS-SSIM", 3, "more"),
    "mse_of_mean_image": Number("MSE of the mean image", 4),
    "mse_train": Number("MSE on training images", 4),
    "residual_variance_ratio": Number("residual over expected variance", 3),
    "active_units": Number("active dimensions", 0),
    "mutual_information": Number("mutual information (nats)", 2),
    "aggregated_posterior_kl": Number("KL of aggregated posterior (nats)", 2),
    "knn_accuracy": Number("k-NN accuracy", 3, "more"),
    "knn_accuracy_of_split": Number("k-NN accuracy (70/30 split)", 3, "more"),
    "knn_accuracy_pixels": Number("k-NN accuracy of raw pixels", 3),
    "linear_probe_accuracy": Number("linear probe accuracy", 3, "more"),
    "anomaly_roc_auc": Number("area under ROC of anomalies", 3, "more"),
    "sample_diversity": Number("sample diversity", 3),
    "test_diversity": Number("diversity of test images", 3),
    "nearest_train_distance": Number("samples to training images", 3),
    "nearest_train_distance_of_test": Number("test to training images", 3),
    "copied_share": Number("share of samples copied", 3, "less"),
    "classifier_accuracy": Number("judge: accuracy on test images", 3),
    "classifier_accuracy_of_reconstructions": Number("judge: on reconstructions", 3, "more"),
    "classifier_accuracy_of_samples": Number("judge: on samples", 3, "more"),
    "sample_confidence": Number("judge: confidence on samples", 3, "more"),
    "sample_class_entropy": Number("judge: class entropy of samples", 3),
    "frechet_distance": Number("Frechet distance", 2, "less"),
    "fid": Number("FID", 2, "less"),
    "frechet_distance_of_test": Number("Frechet distance of test images", 2),
}
# How much was measured, and what the settings say already.
_COUNTS = ("samples", "frechet_samples", "log_likelihood_samples", "latent_dim")


def known_number(name: str) -> Number:
    """Return how a number is written; one that is not in the table goes by its own name."""
    return NUMBERS.get(name, Number(name.replace("_", " "), 4))


def numbers_of_test(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return the single numbers of the test set among what `metrics.json` holds."""
    return {
        name: value
        for name, value in metrics["test"].items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }


def compared_names(metrics: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the numbers that a table of several runs has, in its order.

    Args:
        metrics: What `metrics.json` of each run holds.
    """
    found = list(dict.fromkeys(name for one in metrics for name in numbers_of_test(one)))
    found = [name for name in found if not name.endswith(STANDARD_ERROR) and name not in _COUNTS]
    return [*(name for name in NUMBERS if name in found), *(n for n in found if n not in NUMBERS)]


def written(name: str, value: float, deviation: float | None = None) -> str:
    """Write a number with its usual digits, more of them where it is small.

    Args:
        name: As in `metrics.json`.
        value: The number.
        deviation: What follows the plus-minus sign. Defaults to nothing.
    """
    digits = known_number(name).digits
    if digits == 0:  # a count, whose mean is none
        digits = 0 if deviation is None else 1
    elif math.isfinite(value) and value not in (0, 1):
        digits = max(digits, min(digits + 2, 2 - math.floor(math.log10(abs(value)))))
    text = f"{value:.{digits}f}"
    return text if deviation is None else f"{text} ± {deviation:.{digits}f}"


def mean_and_deviation(values: Iterable[float]) -> tuple[float, float | None]:
    """Return the mean and the sample standard deviation, which a single value does not have."""
    array = np.array(list(values), dtype=np.float64)
    return float(array.mean()), float(array.std(ddof=1)) if len(array) > 1 else None
