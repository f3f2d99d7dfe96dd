import math

import numpy as np
import pytest

from vae_keras.errors import ArgumentError
from vae_keras.evaluation import roc_auc


def test_known_area_with_a_tie():
    # Pairs of an anomaly and an ordinary image: 3 > 1, 3 > 2, 2 > 1, and 2 = 2 as a half.
    area = roc_auc([1.0, 2.0, 3.0, 2.0], [0, 0, 1, 1])
    assert area.value == pytest.approx(3.5 / 4)
    # Shares right: anomalies 1 and 3/4, ordinary 1 and 3/4; variance 1/32 each, over 2 each.
    assert area.standard_error == pytest.approx(math.sqrt(1 / 32))


def test_perfect_and_reversed_scores():
    scores, anomalous = np.arange(10.0), np.arange(10) >= 6
    assert roc_auc(scores, anomalous).value == 1.0
    assert roc_auc(-scores, anomalous).value == 0.0
    assert roc_auc(scores, anomalous).standard_error == 0.0


def test_one_anomaly_leaves_the_error_unknown():
    area = roc_auc([1.0, 2.0, 3.0], [False, True, False])
    assert area.value == 0.5
    assert math.isnan(area.standard_error)


def test_the_standard_error_is_the_spread_over_sets_of_images():
    rng = np.random.default_rng(0)
    anomalous = np.arange(150) < 50
    draws = [roc_auc(rng.normal(size=150) + 0.8 * anomalous, anomalous) for _ in range(500)]
    assert np.std([draw.value for draw in draws]) == pytest.approx(
        np.mean([draw.standard_error for draw in draws]), rel=0.12
    )


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([1.0, 2.0], [1, 1], "`is_anomaly` must have both.*Received: all True"),
        ([1.0, 2.0], [False, False], "`is_anomaly` must have both.*Received: all False"),
        ([1.0, 2.0], [0, 2], "`is_anomaly` must be True or False"),
        ([1.0, 2.0], [0, 1, 1], "`is_anomaly` must have one label for each of the 2"),
        ([1.0, np.nan], [0, 1], "`scores` must be finite"),
    ],
)
def test_wrong_input_is_refused(scores, labels, message):
    with pytest.raises(ArgumentError, match=message):
        roc_auc(scores, labels)
