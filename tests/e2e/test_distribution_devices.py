"""Two devices give what one gives: two halves of this machine's processor, two processes."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import vae_keras

HERE = Path(__file__).parent
BACKEND = keras.backend.backend()

pytestmark = [
    pytest.mark.backend,
    pytest.mark.slow,
    pytest.mark.skipif(BACKEND == "torch", reason="PyTorch has no way to share batches"),
]


def trained_on(devices, folder):
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, HERE / "distribution_run.py", str(devices), folder],
        env={
            **os.environ,
            "KERAS_BACKEND": BACKEND,
            "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return the results with one and with two devices, and the folder of the second."""
    folder = tmp_path_factory.mktemp("devices")
    return (*(trained_on(count, folder / str(count)) for count in (1, 2)), folder / "2")


@pytest.mark.parametrize("name", ["plain", "everything", "conditional", "analytic"])
def test_two_devices_give_the_curve_of_one(runs, name):
    one, two = (run[name] for run in runs[:2])
    assert set(two["history"]) == set(one["history"])
    for metric, values in one["history"].items():
        assert two["history"][metric] == pytest.approx(values, rel=1e-4, abs=1e-5), metric
    assert two["weights"] == pytest.approx(one["weights"], rel=1e-4, abs=1e-5)


def test_callbacks_leave_their_files(runs):
    folder = runs[2]
    rows = (folder / "history.csv").read_text().splitlines()
    assert len(rows) == 1 + 3
    assert (folder / "figures" / "epoch_003.png").stat().st_size > 1000
    assert list((folder / "log").rglob("*tfevents*"))


def test_a_model_of_two_devices_goes_on_on_one(runs):
    vae = vae_keras.load(runs[2] / "model.keras")
    sums = [float(np.abs(weight).sum()) for weight in vae.get_weights()]
    assert sums == pytest.approx(runs[1]["plain"]["weights"], rel=1e-6)
    steps = int(vae.optimizer.iterations)
    assert steps == 3 * 4
    images = np.random.default_rng(1).integers(0, 256, (32, 8, 8, 1)).astype("uint8")
    vae.fit(images, batch_size=16, verbose=0)
    assert int(vae.optimizer.iterations) == steps + 2


def test_a_loss_over_the_batch_is_not_that_of_one_device_on_tensorflow_alone(runs):
    said = runs[1]["warning"]
    if BACKEND == "tensorflow":
        assert said == [
            "`MMD` looks at the images of a batch together. On TensorFlow each of 2 devices looks "
            "at its part of it, as if `batch_size` were that much smaller; on JAX at the whole."
        ]
    else:
        assert said == []


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
@pytest.mark.skipif(BACKEND != "jax", reason="several processes are of JAX")
def test_two_processes_give_the_run_of_one(tmp_path):
    program = HERE.parents[1] / "benchmarks" / "two_processes.py"
    settings = ["--epochs", "2", "--warmup-epochs", "1", "--train-size", "65"]
    done = subprocess.run(
        [sys.executable, program, "--folder", tmp_path / "runs", *settings],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    one, several = (set(os.listdir(tmp_path / "runs" / name)) for name in ("one", "several"))
    assert several == one
    lines = (tmp_path / "runs" / "several" / "history.csv").read_text().splitlines()
    assert len(lines) == 1 + 2  # of one process, not of both
