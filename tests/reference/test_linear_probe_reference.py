"""The linear probe against Fisher's linear discriminant, which is optimal for such codes."""

import numpy as np
import pytest

from vae_keras.evaluation import linear_probe_accuracy


def test_probe_is_as_good_as_the_optimal_linear_rule():
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 12000)
    mixing = rng.normal(size=(6, 6))
    codes = (1.3 * rng.normal(size=(5, 6))[labels] + rng.normal(size=(12000, 6))) @ mixing
    split = codes[:8000], labels[:8000], codes[8000:], labels[8000:]
    best = LinearDiscriminantAnalysis().fit(*split[:2]).score(*split[2:])
    assert 0.5 < best < 0.95
    assert linear_probe_accuracy(*split) == pytest.approx(best, abs=0.01)
