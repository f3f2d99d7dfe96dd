"""Which metrics of several runs cannot be compared, and why, in words."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from vae_keras.catalog import metric
from vae_keras.config.config import Config
from vae_keras.studies.finished import FinishedRun, RunImages

_RECONSTRUCTION = ("likelihood", "likelihood_options", "objective", "objective_options")
_PENALTY = ("kl_weight", "regularizer", "regularizer_options")
_CLASSIFIER_DATA = ("train_size", "exclude_classes")
# Metrics that a classifier computes, which was trained on the run's own training images.
_JUDGED = (
    *("classifier_accuracy", "classifier_accuracy_of_reconstructions"),
    *("classifier_accuracy_of_samples", "sample_confidence", "sample_class_entropy"),
    *("frechet_distance", "frechet_distance_of_test"),
)


def reasons_not_to_compare(
    runs: Sequence[FinishedRun], images: Sequence[RunImages | None], names: Iterable[str]
) -> dict[str, str]:
    """Find the metrics that have another meaning in one run than in another.

    Args:
        runs: The runs.
        images: First test images of each run, or `None` if its data could not be loaded.
        names: Names of the metrics.

    Returns:
        The reason for each metric that cannot be compared. Only the runs that have the metric
        count.
    """
    reasons = {}
    for name in names:
        having = [
            (run, of_run)
            for run, of_run in zip(runs, images, strict=True)
            if name in run.metrics["test"]
        ]
        reason = _reason(name, [run for run, _ in having], [of_run for _, of_run in having])
        if reason is not None:
            reasons[name] = reason
    return reasons


def in_words(reasons: Mapping[str, str], names: Collection[str]) -> list[str]:
    """Return a sentence for each reason, with the metrics that it applies to.

    Args:
        reasons: Why a metric cannot be compared, by its name.
        names: Names of all metrics of the runs.
    """
    sentences = []
    for reason in dict.fromkeys(reasons.values()):
        meant = [name for name in reasons if reasons[name] == reason]
        which = ", ".join(metric(name).label for name in meant)
        if len(meant) == len(names):
            which = "any of the metrics"
        sentences.append(f"Do not compare {which}: {reason}.")
    return sentences


def reason_of_losses(name: str, configs: Sequence[Config]) -> str | None:
    """Say why the losses of runs cannot be compared, whatever their images are.

    Args:
        name: `"loss"` or `"recon_loss"`.
        configs: Config of each run.

    Returns:
        The reason, or `None` if they can be compared.
    """
    if _differ(config.model == "autoencoder" for config in configs):
        return "that of an autoencoder is the mean over pixels, that of a VAE the sum, in nats"
    settings = _RECONSTRUCTION if name == "recon_loss" else (*_RECONSTRUCTION, *_PENALTY)
    differing = _differing(configs, settings)
    return f"the runs differ in {' and '.join(differing)}" if differing else None


def _reason(
    name: str, runs: Sequence[FinishedRun], images: Sequence[RunImages | None]
) -> str | None:
    """Return the first reason that applies to a metric which all of the runs have."""
    known = [of_run for of_run in images if of_run is not None]
    if _differ(of_run.test_set for of_run in known):
        return "the test images differ"
    if len(known) < len(runs) and len(runs) > 1:
        return "the data of some runs cannot be loaded, so the test images may differ"
    reasons = (reason(name, runs, known) for reason in _REASONS.get(name, ()))
    return next((reason for reason in reasons if reason is not None), None)


def _losses(name: str, runs: Sequence[FinishedRun], images: Sequence[RunImages]) -> str | None:
    return reason_of_losses(name, [run.config for run in runs])


def _units(name: str, runs: Sequence[FinishedRun], images: Sequence[RunImages]) -> str | None:
    units = dict.fromkeys(str(of_run.unit) for of_run in images)
    if len(units) < 2:
        return None
    return f"they are log-likelihoods of different things: {', '.join(units)}"


def _sampled(name: str, runs: Sequence[FinishedRun], images: Sequence[RunImages]) -> str | None:
    if not _differ(run.metrics["test"].get("log_likelihood_samples") for run in runs):
        return None
    return "they are estimated from different numbers of codes"


def _judged(name: str, runs: Sequence[FinishedRun], images: Sequence[RunImages]) -> str | None:
    if not _differing([run.config for run in runs], _CLASSIFIER_DATA):
        return None
    return "the judging classifiers learned from different images"


# The checks of a metric, beside that of the test images.
_Reason = Callable[[str, Sequence[FinishedRun], Sequence[RunImages]], str | None]
_REASONS: dict[str, tuple[_Reason, ...]] = {
    "loss": (_losses,),
    "recon_loss": (_losses,),
    "elbo": (_units,),
    "log_likelihood": (_units, _sampled),
    **dict.fromkeys(_JUDGED, (_judged,)),
}


def _differing(configs: Sequence[Config], settings: Iterable[str]) -> list[str]:
    return [name for name in settings if _differ(getattr(config, name) for config in configs)]


def _differ(values: Iterable[Any]) -> bool:
    return len(set(values)) > 1
