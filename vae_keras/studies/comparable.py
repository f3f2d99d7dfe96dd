"""Which numbers of several runs do not compare, and why, in words."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from vae_keras.config.config import Config
from vae_keras.studies.finished import FinishedRun, RunImages
from vae_keras.studies.numbers import known_number

_RECONSTRUCTION = ("likelihood", "likelihood_options", "objective", "objective_options")
_PENALTY = ("kl_weight", "regularizer", "regularizer_options")
_JUDGED = ("sample_confidence", "sample_class_entropy", "frechet_distance")
_DATA_OF_JUDGE = ("train_size", "exclude_classes")


def reasons_not_to_compare(
    runs: Sequence[FinishedRun], images: Sequence[RunImages | None], names: Iterable[str]
) -> dict[str, str]:
    """Say for each number that means something else in one run than in another why.

    Args:
        runs: The runs.
        images: Of each run, or `None` where its data could not be loaded.
        names: Numbers of `metrics.json`.

    Returns:
        Why not, for those that do not compare; runs that lack a number do not count.
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
    """Return a sentence for each reason, with the numbers that it holds for.

    Args:
        reasons: Why a number does not compare, by its name.
        names: All numbers that there are.
    """
    sentences = []
    for reason in dict.fromkeys(reasons.values()):
        meant = [name for name in reasons if reasons[name] == reason]
        which = ", ".join(known_number(name).label for name in meant)
        if len(meant) == len(names):
            which = "any of the numbers"
        sentences.append(f"Do not compare {which}: {reason}.")
    return sentences


def reason_of_losses(name: str, configs: Sequence[Config]) -> str | None:
    """Say why the losses of runs do not compare, be their images the same or not.

    Args:
        name: `"loss"` or `"recon_loss"`.
        configs: The settings of each run.

    Returns:
        The reason, or `None` where they do compare.
    """
    if len({config.model == "autoencoder" for config in configs}) > 1:
        return "that of an autoencoder is the mean over pixels, that of a VAE the sum, in nats"
    settings = _RECONSTRUCTION if name == "recon_loss" else (*_RECONSTRUCTION, *_PENALTY)
    differing = _differing(configs, settings)
    return f"the runs differ in {' and '.join(differing)}" if differing else None


def _reason(
    name: str, runs: Sequence[FinishedRun], images: Sequence[RunImages | None]
) -> str | None:
    configs = [run.config for run in runs]
    known = [of_run for of_run in images if of_run is not None]
    if len({of_run.test_set for of_run in known}) > 1:
        return "the test images differ"
    if len(known) < len(runs) and len(runs) > 1:
        return "the data of some runs cannot be loaded, so the test images may differ"
    if name in ("loss", "recon_loss"):
        return reason_of_losses(name, configs)
    if name in ("elbo", "log_likelihood") and len({of_run.unit for of_run in known}) > 1:
        units = dict.fromkeys(str(of_run.unit) for of_run in known)
        return f"they are log-likelihoods of different things: {', '.join(units)}"
    if name == "log_likelihood" and _differ(
        run.metrics["test"].get("log_likelihood_samples") for run in runs
    ):
        return "they are estimated from different numbers of codes"
    if name.startswith(("classifier_", *_JUDGED)) and _differing(configs, _DATA_OF_JUDGE):
        return "the judging classifiers learned from different images"
    return None


def _differing(configs: Sequence[Config], settings: Iterable[str]) -> list[str]:
    return [name for name in settings if _differ(getattr(config, name) for config in configs)]


def _differ(values: Iterable[Any]) -> bool:
    return len(set(values)) > 1
