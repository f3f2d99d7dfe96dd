"""Known faults of a trained model, found in its metrics, and what to try against them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

# Limits of the rules. They are rules of thumb: the values at which a fault began to show in images.
COLLAPSED_KL = 0.05  # nats per image and dimension; below, the code carries no information
EXPLAINED = 0.5  # least share of the images' variance that reconstructions should explain
OVER_FITTED = 1.25  # error on test images over the error on training images
NARROW, WIDE = 2.0, 0.5  # squared residuals over the variance that the likelihood expects
VERY_WIDE = 0.02
SPREAD_OUT = (1.0, 0.2)  # aggregated posterior: nats from the prior, and share of the KL divergence
COPIED = 0.1  # share of samples nearer to a training image than 99 % of test images are
STILL_FALLING = 0.01  # fall of the validation loss in the last tenth, as a share of its whole fall


@dataclass(frozen=True)
class Finding:
    """A fault, or a remark on a model.

    Attributes:
        name: Identifier: `"posterior_collapse"`, `"kl_weight_too_strong"`,
            `"over_fitting"`, `"likelihood_does_not_fit"`, `"dead_units"`, `"warmup_cut_short"`,
            `"training_cut_short"`, `"prior_mismatch"`, `"memorised"`.
        severity: `"warning"` for a fault, `"note"` for what may be intended.
        title: The name as a heading.
        text: What was found, with the values.
        advice: What to try.
    """

    name: str
    severity: Literal["warning", "note"]
    title: str
    text: str
    advice: str


def diagnose(
    numbers: Mapping[str, float],
    history: Mapping[str, Sequence[float]] | None = None,
    *,
    kl_weight: float = 1.0,
) -> list[Finding]:
    """Find known faults of a model in its metrics.

    Each rule looks at metrics only, and a rule whose metrics are missing is skipped. The limits are
    rules of thumb.

    Args:
        numbers: Metrics, as `evaluate` returns them.
        history: Training history: for each metric, a list with one value for each epoch.
        kl_weight: Final weight of the regulariser. Defaults to `1.0`.

    Returns:
        Warnings first, then notes; empty if there are none.

    Example:
        >>> for finding in diagnose(vae_keras.evaluate(vae, x_test), history.history):
        ...     print(f"{finding.title}. {finding.text} {finding.advice}")
    """
    history = history or {}
    found = [
        *_posterior_collapse(numbers, kl_weight),
        *_warmup_cut_short(history),
        *_kl_weight_too_strong(numbers, kl_weight),
        *_over_fitting(numbers, history),
        *_likelihood_does_not_fit(numbers),
        *_memorised(numbers),
        *_dead_units(numbers),
        *_prior_mismatch(numbers),
        *_training_cut_short(history),
    ]
    return sorted(found, key=lambda finding: finding.severity != "warning")


def _posterior_collapse(numbers: Mapping[str, float], kl_weight: float) -> Iterator[Finding]:
    if not _collapsed(numbers):
        return
    weight = f" or a smaller KL weight than {kl_weight:g}" if kl_weight > 0 else ""
    yield Finding(
        "posterior_collapse",
        "warning",
        "Posterior collapse",
        f"The codes carry no information on the images (KL {numbers['kl_loss']:.3f} nats, no "
        "active dimension), and every reconstruction is the same image.",
        f"Try a KL warm-up (`warmup_epochs`){weight}, the regulariser `free_bits`, a likelihood "
        "that is narrower (`optimal_gaussian`), or a weaker decoder.",
    )


def _kl_weight_too_strong(numbers: Mapping[str, float], kl_weight: float) -> Iterator[Finding]:
    explained = _explained(numbers)
    if kl_weight <= 1 or explained is None or explained >= EXPLAINED or _collapsed(numbers):
        return
    yield Finding(
        "kl_weight_too_strong",
        "warning",
        "KL weight too strong",
        f"At the KL weight of {kl_weight:g} reconstructions explain only {explained:.0%} of the "
        f"variance of the images, with {numbers['kl_loss']:.1f} nats of KL.",
        "Lower `kl_weight`; `vae-keras sweep --vary kl_weight=...` shows what each costs.",
    )


def _over_fitting(
    numbers: Mapping[str, float], history: Mapping[str, Sequence[float]]
) -> Iterator[Finding]:
    train, test = numbers.get("mse_train"), numbers.get("mse")
    if not train or test is None or test < OVER_FITTED * train:
        return
    text = (
        f"The error of reconstructions is {test / train:.2f} times as large on test images "
        f"({test:.4f}) as on training images ({train:.4f})."
    )
    losses = np.asarray(history.get("val_loss", ()), dtype=float)
    if len(losses) and np.isfinite(losses).any() and np.nanargmin(losses) < len(losses) - 1:
        text += f" The validation loss was best in epoch {np.nanargmin(losses) + 1}."
    yield Finding(
        "over_fitting",
        "warning",
        "Over-fitting",
        text,
        "Train on more images, stop earlier (`early_stopping_patience`), or take a smaller "
        "architecture.",
    )


def _likelihood_does_not_fit(numbers: Mapping[str, float]) -> Iterator[Finding]:
    ratio = numbers.get("residual_variance_ratio")
    if ratio is None or WIDE <= ratio <= NARROW or _collapsed(numbers):
        return
    times = ratio if ratio > 1 else 1 / max(ratio, 1e-12)
    if ratio > NARROW:
        text = (
            f"Squared errors are {times:.1f} times as large as the likelihood expects. It is too "
            "narrow, so that the model spends code on noise."
        )
    else:
        text = (
            f"The likelihood expects squared errors {times:.1f} times as large as they are. "
            "Details weigh less in the loss than they could, and the ELBO is not calibrated."
        )
    yield Finding(
        "likelihood_does_not_fit",
        "warning" if ratio > NARROW or ratio < VERY_WIDE else "note",
        "The likelihood does not fit",
        text,
        "For a calibrated ELBO take a likelihood that learns its scale (`optimal_gaussian`, "
        "`learned_gaussian`), or for grey values `continuous_bernoulli` in place of `bernoulli`. "
        "As a loss alone the likelihood is fine if you like the images.",
    )


def _dead_units(numbers: Mapping[str, float]) -> Iterator[Finding]:
    active, size = numbers.get("active_units"), numbers.get("latent_dim")
    if active is None or size is None or not 0 < active < size:
        return
    yield Finding(
        "dead_units",
        "note",
        "Dead units",
        f"{int(size - active)} of {int(size)} latent dimensions do not respond to the image.",
        f"A code of size {int(active)} would do the same. To make the others active, try a KL "
        "warm-up, `free_bits` or a smaller KL weight.",
    )


def _warmup_cut_short(history: Mapping[str, Sequence[float]]) -> Iterator[Finding]:
    weights, final = history.get("kl_weight", ()), history.get("val_kl_weight", ())
    if not len(weights) or not len(final) or not max(weights) < 0.999 * max(final):
        return
    yield Finding(
        "warmup_cut_short",
        "warning",
        "KL warm-up cut short",
        f"Training ended at a KL weight of {max(weights):.3g} of {max(final):.3g}, so that the "
        "model was never trained at its final weight.",
        "Train for more epochs than the warm-up takes, or shorten it (`warmup_epochs`).",
    )


def _training_cut_short(history: Mapping[str, Sequence[float]]) -> Iterator[Finding]:
    losses = np.asarray(history.get("val_loss", ()), dtype=float)
    last = max(1, len(losses) // 10)
    if len(losses) < 3 or not np.isfinite(losses).all() or losses.argmin() < len(losses) - 1:
        return
    fall, whole = losses[-1 - last] - losses[-1], losses.max() - losses[-1]
    if fall <= STILL_FALLING * whole:
        return
    yield Finding(
        "training_cut_short",
        "note",
        "Training cut short",
        f"The validation loss was still falling at the end, by {fall:.3g} over the last "
        f"{'epoch' if last == 1 else f'{last} epochs'}.",
        "Train longer (`epochs`).",
    )


def _prior_mismatch(numbers: Mapping[str, float]) -> Iterator[Finding]:
    distance, kl = numbers.get("aggregated_posterior_kl"), numbers.get("kl_loss")
    nats, share = SPREAD_OUT
    if distance is None or kl is None or distance < max(nats, share * kl):
        return
    yield Finding(
        "prior_mismatch",
        "note",
        "Codes are not where the prior is",
        f"The codes as a whole are {distance:.2f} nats from the prior (of {kl:.2f} nats of KL), so "
        "that some samples from the prior have codes unlike those of any image.",
        "Draw samples from a mixture fitted to the codes (`vae-keras sample --codes mixture`), or "
        "train with a learned prior (`mixture`) or a larger KL weight.",
    )


def _memorised(numbers: Mapping[str, float]) -> Iterator[Finding]:
    copied = numbers.get("copied_share")
    if copied is None or copied < COPIED:
        return
    yield Finding(
        "memorised",
        "note",
        "Samples close to training images",
        f"{copied:.0%} of the samples lie nearer to a training image than 99 % of the test images "
        "do.",
        "Compare the samples with their nearest training images: smooth samples lie near many "
        "images anyway, while copies are a sign of too few training images.",
    )


def _collapsed(numbers: Mapping[str, float]) -> bool:
    return numbers.get("active_units") == 0 and numbers.get("kl_loss", np.inf) < COLLAPSED_KL * max(
        1.0, numbers.get("latent_dim", 1)
    )


def _explained(numbers: Mapping[str, float]) -> float | None:
    error, of_mean = numbers.get("mse"), numbers.get("mse_of_mean_image")
    return None if error is None or not of_mean else max(0.0, 1 - error / of_mean)
