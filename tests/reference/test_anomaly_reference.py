"""The area under the curve against scikit-learn, its error against DeLong's double loop."""

import math

import numpy as np
import pytest

from vae_keras.evaluation import roc_auc


@pytest.mark.parametrize("levels", [3, 1000])  # many ties, and few
def test_area_matches_sklearn_and_its_error_a_double_loop(levels):
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(levels)
    anomalous = rng.random(120) < 0.3
    scores = np.round(levels * rng.random(120) ** (1 - 0.4 * anomalous))
    area = roc_auc(scores, anomalous)
    assert area.value == pytest.approx(roc_auc_score(anomalous, scores), abs=1e-12)

    high, low = scores[anomalous], scores[~anomalous]
    wins = [[1.0 if x > y else 0.5 if x == y else 0.0 for y in low] for x in high]
    by_high, by_low = np.mean(wins, axis=1), np.mean(wins, axis=0)
    variance = np.var(by_high, ddof=1) / len(high) + np.var(by_low, ddof=1) / len(low)
    assert area.standard_error == pytest.approx(math.sqrt(variance), rel=1e-9)
