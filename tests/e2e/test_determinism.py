"""Two trainings in two processes, bit for bit; the whole is `reproductions/determinism.py`."""

import determinism
import keras
import numpy as np
import pytest

from vae_keras.models.fitting.execution import has_accelerator

pytestmark = pytest.mark.thorough


@pytest.mark.backend
def test_the_same_bits_twice_and_deterministic_changes_none(tmp_path):
    backend = keras.backend.backend()
    settings = {**determinism.COMMON, **determinism.SETTINGS["mlp"], "train_size": 128}
    first, second = (
        determinism.trained(
            backend,
            {**settings, "deterministic": deterministic},
            None,
            tmp_path / f"{deterministic}.npz",
        )
        for deterministic in (False, True)
    )
    assert {"weights", "optimizer", "history", "evaluation", "samples"} <= first.keys()
    assert all(np.isfinite(one).all() for one in first["weights"])
    found = determinism.differences(first, second)
    if has_accelerator():  # only `deterministic` makes its sums the same
        assert found.pop("metrics of samples", 0.0) < 1e-5
    elif backend == "tensorflow":
        assert found.pop("evaluation", 0.0) < 1e-5
        # Other kernels train the classifier that judges samples: how far its accuracy moves depends
        # on the processor (0.004 on an AMD EPYC without AVX-512).
        assert found.pop("metrics of samples", 0.0) < 0.02
    assert found == {}


def test_a_difference_is_found():
    differences = determinism.differences
    first = {"weights": [np.ones(3, "float32")], "history": [np.zeros(2)]}
    second = {"weights": [np.float32([1, 1, 1.5])], "history": [np.zeros(2)]}
    assert differences(first, first) == {}
    assert differences(first, second) == {"weights": 0.5}
    assert differences(first, {**first, "history": [-np.zeros(2)]}) == {"history": 0.0}
