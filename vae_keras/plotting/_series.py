"""What a figure of a training history needs: its series, the end of the warm-up, limits."""

from collections.abc import Mapping, Sequence

import numpy as np

from vae_keras.errors import ArgumentError


def read_series(history: Mapping[str, Sequence[float]]) -> tuple[dict[str, np.ndarray], int]:
    """Return the history's lists as float vectors of one length, and that length.

    A list without any finite number is left out.
    """
    series = {name: np.asarray(values, dtype=np.float64) for name, values in history.items()}
    lengths = {name: len(values) for name, values in series.items() if values.ndim == 1}
    if len(lengths) < len(series) or len(set(lengths.values())) != 1 or 0 in lengths.values():
        raise ArgumentError(
            "`history` must hold lists of one number for each epoch, all of one length (NaN where "
            f"an epoch has none). Received: {_describe(series)}"
        )
    epochs = next(iter(lengths.values()))
    return {name: v for name, v in series.items() if np.any(np.isfinite(v))}, epochs


def warmup_end(series: Mapping[str, np.ndarray]) -> int | None:
    """Return the epoch, from 1, in which the KL weight first has its final value.

    The final value is the validation's weight if that is known, else the largest weight. Return
    None if the weight has it from the start (no warm-up) or never reaches it (the run was too
    short).
    """
    weight = series.get("kl_weight")
    if weight is None:
        return None
    final = np.nanmax(series.get("val_kl_weight", weight))
    reached = np.flatnonzero(weight >= final * (1 - 1e-6))
    return int(reached[0]) + 1 if len(reached) and reached[0] > 0 else None


def best_epoch(series: Mapping[str, np.ndarray]) -> int | None:
    """Return the epoch, from 1, of the smallest validation loss after the warm-up, if any."""
    loss = series.get("val_loss")
    if loss is None:
        return None
    weight, final = series.get("kl_weight"), series.get("val_kl_weight")
    if weight is not None and final is not None and np.nanmax(weight) < 0.999 * np.nanmax(final):
        return None  # no epoch was trained at the validation's weight
    start = (warmup_end(series) or 1) - 1
    if not np.any(np.isfinite(loss[start:])):
        return None
    return start + int(np.nanargmin(np.where(np.isfinite(loss), loss, np.nan)[start:])) + 1


def robust_limits(curves: Sequence[np.ndarray]) -> tuple[float, float]:
    """Return limits of an axis that a few huge values do not stretch.

    The spread is the range from the 2nd to the 98th percentile of all values from the second epoch
    on. Values further than one spread above or below that range are outside the limits.

    Args:
        curves: Vectors of one length, an entry for each epoch; entries that are not finite are
            ignored.
    """
    everything = np.concatenate(curves)
    everything = everything[np.isfinite(everything)]
    later = np.concatenate([curve[1:] for curve in curves])
    later = later[np.isfinite(later)]
    inside = everything
    # One later epoch has no spread of its own to compare the first one with.
    if len(curves[0]) > 2 and len(later):
        lower, upper = np.quantile(later, [0.02, 0.98])
        reach = upper - lower
        if reach > 0:
            inside = everything[(everything >= lower - reach) & (everything <= upper + reach)]
    low, high = float(inside.min()), float(inside.max())
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 0.05
    return low - margin, high + margin


def _describe(series: Mapping[str, np.ndarray]) -> str:
    return ", ".join(f"{name}.shape={values.shape}" for name, values in series.items()) or "{}"
