"""The same run on every backend: same file, same calls, same losses."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from vae_keras import VAE
from vae_keras.architectures import conv, mlp
from vae_keras.likelihoods import SquaredError

pytestmark = pytest.mark.thorough

SCRIPT = Path(__file__).with_name("backend_run.py")
BACKENDS = [name for name in ("tensorflow", "jax", "torch") if importlib.util.find_spec(name)]


def _run(backend, images, models):
    answer = subprocess.run(
        [sys.executable, SCRIPT, images, *models],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout.splitlines()[-1])


def _saved_model(architecture, path):
    keras.utils.set_random_seed(0)
    likelihood = SquaredError()
    vae = VAE(*architecture((12, 12, 1), 2, likelihood), likelihood, seed=0)
    vae.compile(keras.optimizers.Adam(1e-3))
    vae.save(path)
    return path


@pytest.mark.skipif(len(BACKENDS) < 2, reason="one backend is installed; nothing to compare")
def test_first_steps_agree_on_every_installed_backend(tmp_path):
    images = tmp_path / "images.npy"
    np.save(images, np.random.default_rng(1).random((5 * 32, 12, 12, 1), dtype="float32"))
    models = [
        _saved_model(architecture, tmp_path / f"{architecture.__name__}.keras")
        for architecture in (mlp, conv)
    ]
    first, *others = [_run(backend, images, models) for backend in BACKENDS]
    for mine in first:
        assert len(mine["fit"]) == 5
        assert mine["fit"][0]["recon_loss"] > 1
    for backend, other in zip(BACKENDS[1:], others, strict=True):
        for mine, theirs in zip(first, other, strict=True):
            assert theirs["test"] == pytest.approx(mine["test"], rel=1e-4), backend
            for my_step, their_step in zip(mine["fit"], theirs["fit"], strict=True):
                assert their_step == pytest.approx(my_step, rel=1e-4), backend
