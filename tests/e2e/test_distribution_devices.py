"""Two devices give what one gives: two halves of this machine's processor, two processes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import vae_keras
from vae_keras.runs import train as experiment

HERE = Path(__file__).parent
BACKEND = keras.backend.backend()

pytestmark = [
    pytest.mark.backend,
    pytest.mark.thorough,
    pytest.mark.skipif(BACKEND == "torch", reason="PyTorch has no way to share batches"),
]


ALL = ("plain", "everything", "conditional")
FLAGS = os.environ.get("XLA_FLAGS", "")


def started(devices, folder, *names, **variables):
    folder.mkdir()
    here = 1 if variables else devices
    return subprocess.Popen(
        [sys.executable, HERE / "distribution_run.py", str(devices), folder, *names],
        env={
            **os.environ,
            "KERAS_BACKEND": BACKEND,
            "XLA_FLAGS": " ".join([FLAGS, f"--xla_force_host_platform_device_count={here}"]),
            **variables,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process):
    output, errors = process.communicate()
    assert process.returncode == 0, errors[-3000:]
    return json.loads(output.splitlines()[-1])


def assert_same(one, two):
    assert set(two["history"]) == set(one["history"])
    for metric, values in one["history"].items():
        assert two["history"][metric] == pytest.approx(values, rel=1e-4, abs=1e-5), metric
    assert two["weights"] == pytest.approx(one["weights"], rel=1e-4, abs=1e-5)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return the results with one and with two devices, and the folder of the second."""
    folder = tmp_path_factory.mktemp("devices")
    one, two = started(1, folder / "1", *ALL), started(2, folder / "2", *ALL, "batch_level")
    return finished(one), finished(two), folder / "2"


@pytest.mark.parametrize("name", ALL)
def test_two_devices_give_the_curve_of_one(runs, name):
    assert_same(runs[0][name], runs[1][name])


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
    said = runs[1]["batch_level"]
    if BACKEND == "tensorflow":
        assert said == [
            "`MMD` looks at the images of a batch together. On TensorFlow each of 2 devices looks "
            "at its part of it, as if `batch_size` were that much smaller; on JAX at the whole."
        ]
    else:
        assert said == []


@pytest.mark.skipif(BACKEND != "jax", reason="several processes are of JAX")
def test_two_processes_give_the_curve_of_one(runs, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    processes = [
        started(
            2,
            tmp_path / str(number),
            "plain",
            JAX_PLATFORMS="cpu",
            KERAS_DISTRIBUTION_JOB_ADDRESSES=address,
            KERAS_DISTRIBUTION_NUM_PROCESSES="2",
            KERAS_DISTRIBUTION_PROCESS_ID=str(number),
        )
        for number in range(2)
    ]
    for result in [finished(process) for process in processes]:
        assert_same(runs[0]["plain"], result["plain"])


def test_only_the_first_process_leaves_a_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(experiment, "process_number", lambda: 1)
    config = vae_keras.Config(
        dataset="digits",
        train_size=64,
        architecture="mlp",
        encoder_units=(8,),
        epochs=1,
        distribute=True,
    )
    with pytest.warns(UserWarning, match="There is one device"):
        metrics = vae_keras.train_and_evaluate(config, vae_keras.RunDirectory(tmp_path / "run"))
    assert metrics["training"]["epochs"] == 1
    assert not (tmp_path / "run").exists()
    assert capsys.readouterr().out == ""
