"""Anomaly scores, and how well they separate anomalous from normal images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.checks import positive_integer
from vae_keras.errors import ArgumentError
from vae_keras.plotting._checks import check_numbers, drawn_images
from vae_keras.plotting._text import number_text
from vae_keras.plotting.images import plot_image_grid
from vae_keras.plotting.style import PALETTE, fix_ticks, new_axes, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NORMAL_COLOR = PALETTE[0]
ANOMALOUS_COLOR = PALETTE[6]
# Share of the scores at each end that may lie beyond the axis, so that a few do not stretch it.
_TAIL = 0.005


def plot_anomaly_scores(
    scores: ArrayLike,
    is_anomaly: ArrayLike,
    *,
    auc: float | None = None,
    name: str = "anomaly score (nats)",
    ax: Axes | None = None,
) -> Axes:
    """Draw the histograms of the scores of normal and of anomalous images, one over the other.

    Each histogram has the area 1, whatever its number of images. A few extreme scores lie beyond
    the axis; the label says how many.

    Args:
        scores: Anomaly score of each image, higher for more anomalous images, shape `(n,)`.
        is_anomaly: Whether each image is an anomaly, shape `(n,)`, bool; both kinds must occur.
        auc: Area under the ROC curve, for the title. Defaults to no title.
        name: Name of the score, with its unit. Defaults to `"anomaly score (nats)"`.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes.

    Raises:
        ArgumentError: If `scores` are not a vector of finite numbers, or `is_anomaly` does not
            fit them or holds only one kind.
    """
    values, mask = _check_scores(scores, is_anomaly)
    low, high = np.quantile(values, [_TAIL, 1 - _TAIL])
    if low == high:
        low, high = low - 0.5, high + 0.5
    fewest = min(np.count_nonzero(mask), np.count_nonzero(~mask))
    edges = np.linspace(low, high, int(np.clip(2 * np.sqrt(fewest), 10, 60)) + 1)
    with style():
        ax = new_axes(ax, (6.5, 3.6))
        kinds = (("normal", ~mask, NORMAL_COLOR), ("anomalous", mask, ANOMALOUS_COLOR))
        for kind, chosen, color in kinds:
            share = 1 / np.count_nonzero(chosen) / (edges[1] - edges[0])
            density = np.histogram(values[chosen], edges)[0] * share
            label = f"{kind} ({np.count_nonzero(chosen):,})"
            ax.stairs(density, edges, fill=True, color=color, alpha=0.45, label=label)
            ax.stairs(density, edges, color=color, linewidth=1.4)
        beyond = np.count_nonzero((values < low) | (values > high))
        if auc is not None:
            ax.set_title(f"ROC-AUC {auc:.3f}")
        ax.set_xlabel(f"{name}\n({beyond:,} beyond the axis)" if beyond else name)
        ax.set_ylabel("density")
        ax.set_ylim(bottom=0)
        ax.legend()
        fix_ticks(ax)
    return ax


def plot_roc(scores: ArrayLike, is_anomaly: ArrayLike, *, ax: Axes | None = None) -> Axes:
    """Draw the receiver operating characteristic of anomaly scores, with its area in the title.

    It shows, for each threshold of the score, the share of the anomalies that are found (true
    positives) over the share of the normal images that are taken for anomalies (false positives).

    Args:
        scores: Anomaly score of each image, higher for more anomalous images, shape `(n,)`.
        is_anomaly: Whether each image is an anomaly, shape `(n,)`, bool; both kinds must occur.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes.

    Raises:
        ArgumentError: If `scores` are not a vector of finite numbers, or `is_anomaly` does not
            fit them or holds only one kind.
    """
    from sklearn.metrics import auc, roc_curve

    values, mask = _check_scores(scores, is_anomaly)
    false_rate, true_rate, _ = roc_curve(mask, values)
    with style():
        ax = new_axes(ax, (4.6, 4.4))
        ax.plot([0, 1], [0, 1], color="0.5", linewidth=1.0, linestyle=":", label="chance")
        ax.plot(false_rate, true_rate, color=PALETTE[0], clip_on=False, label="anomaly score")
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1)
        ax.set_aspect("equal")
        ax.set_xlabel("false-positive rate")
        ax.set_ylabel("true-positive rate")
        ax.set_title(f"ROC-AUC {auc(false_rate, true_rate):.3f}")
        ax.grid(True)
        ax.legend(loc="lower right")
        fix_ticks(ax)
    return ax


def plot_most_anomalous(
    images: ArrayLike, scores: ArrayLike, *, n: int = 10, ax: Axes | None = None
) -> Axes:
    """Draw the images with the highest anomaly scores, the highest first, each under its score.

    Args:
        images: Images, shape `(count, height, width, channels)`, float in `[0, 1]` or uint8.
        scores: Score of each image, shape `(count,)`.
        n: Number of images to draw. Defaults to `10`.
        ax: Axes to draw on. Defaults to those of a new figure.

    Returns:
        The axes, at most five images in a row.

    Raises:
        ArgumentError: If there are no images, or `scores` or `n` do not fit them.
    """
    n = positive_integer("n", n)
    array = np.atleast_1d(images)
    # Only the chosen images are converted, as the argument may be a whole test set.
    drawn_images("images", array[:1])
    values = check_numbers("scores", scores, "n", count=len(array))
    highest = np.argsort(-values, kind="stable")[:n]
    titles = [number_text(values[index]) for index in highest]
    return plot_image_grid(array[highest], columns=5, titles=titles, ax=ax)


def _check_scores(scores: ArrayLike, is_anomaly: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    values = check_numbers("scores", scores, "n")
    mask = np.asarray(is_anomaly)
    if mask.shape != values.shape or mask.dtype != bool or np.all(mask) or not np.any(mask):
        raise ArgumentError(
            f"`is_anomaly` must be a boolean for each of the {len(values)} scores, some of them "
            f"true and some false. Received: is_anomaly.shape={mask.shape}, "
            f"is_anomaly.dtype={mask.dtype}, {np.count_nonzero(mask)} true"
        )
    return values, mask
