"""How well a score separates anomalous images from ordinary ones."""

import math

import numpy as np
from numpy.typing import ArrayLike

from vae_keras.array_checks import check_labels, check_vector
from vae_keras.errors import ArgumentError
from vae_keras.evaluation.metrics.estimates import Estimate


def roc_auc(scores: ArrayLike, is_anomaly: ArrayLike) -> Estimate:
    """Compute the area under the receiver operating characteristic.

    The chance that an anomalous image has a larger score than an ordinary one, where a tie counts
    as a half: 0.5 is guessing, 1 is perfect. scikit-learn's `roc_auc_score` gives the same value;
    the standard error is DeLong's, which makes no assumption on the distribution of the scores.

    Args:
        scores: Score of each image, higher for more anomalous images, shape `(n,)`.
        is_anomaly: Whether each image is anomalous, bool or 0 and 1, shape `(n,)`.

    Returns:
        Area in `[0, 1]`. Its standard error is NaN with fewer than two images of either kind, and
        0, which tells nothing, if the scores of the two kinds do not overlap.

    Raises:
        ArgumentError: If shapes do not fit, a score is not finite, `is_anomaly` has other values,
            or all images are of one kind.

    References:
        DeLong, DeLong & Clarke-Pearson (1988), "Comparing the areas under two or more correlated
        receiver operating characteristic curves", Biometrics 44(3).
    """
    values = check_vector("scores", scores)
    labels = check_labels("is_anomaly", is_anomaly, len(values), "scores")
    if not np.isin(labels, (0, 1)).all():
        raise ArgumentError(
            "`is_anomaly` must be True or False, or 1 or 0, for each image. "
            f"Received: {np.unique(labels)[:5]}"
        )
    anomalous = labels.astype(bool)
    if anomalous.all() or not anomalous.any():
        raise ArgumentError(
            "`is_anomaly` must have both anomalous and ordinary images. "
            f"Received: all {bool(anomalous[0])}"
        )
    from scipy.stats import rankdata  # type: ignore[import-untyped]

    high, low = values[anomalous], values[~anomalous]
    ranks = rankdata(np.concatenate([high, low]))
    # For each image, the share of the other kind against which it is ranked correctly.
    right_high = (ranks[: len(high)] - rankdata(high)) / len(low)
    right_low = 1 - (ranks[len(high) :] - rankdata(low)) / len(high)
    if min(len(high), len(low)) < 2:
        error = math.nan
    else:
        error = math.sqrt(right_high.var(ddof=1) / len(high) + right_low.var(ddof=1) / len(low))
    return Estimate(float(right_high.mean()), error)
