"""The main job: train, evaluate, write everything to a run directory, from which it replays."""

import csv
import json
import math
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from PIL import Image

import vae_keras
from vae_keras import (
    VAE,
    KLWarmup,
    ReduceLROnPlateau,
    build_model,
    load_dataset,
    training_callbacks,
)
from vae_keras.architectures import mlp
from vae_keras.cli.main import main
from vae_keras.config.config import read_config
from vae_keras.likelihoods import SquaredError
from vae_keras.runs.build import load_data

FIGURES = (
    "classes",
    "decoded_grid",
    "interpolations",
    "latent_density",
    "latent_scatter",
    "loss_by_class",
    "nearest_training_images",
    "reconstructions",
    "samples",
    "training_curves",
    "traversals",
    "uncertainty",
    "epochs/epoch_001",
    "epochs/epoch_002",
    "epochs/epoch_003",
)
TIMEOUT = 180  # seconds, for a process that takes ten


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_file_is_there_and_no_other(run):
    found = {
        file.relative_to(run.path).as_posix() for file in run.path.rglob("*") if file.is_file()
    }
    events = {name for name in found if name.startswith("tensorboard/")}
    assert found - events == {
        "config.json",
        "environment.json",
        "evaluation.npz",
        "history.csv",
        "metrics.json",
        "report.html",
        "model.keras",
        "encoder.keras",
        "decoder.keras",
        *(f"figures/{name}.png" for name in FIGURES),
    }
    assert {name.split("/")[1] for name in events} == {"train", "validation"}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_show_something(run, name):
    with Image.open(run.directory.figures / f"{name}.png") as picture:
        picture.load()
        assert picture.format == "PNG"
        assert min(picture.size) >= 100
        assert np.asarray(picture.convert("L")).std() > 10


def test_numbers_are_sane(run):
    metrics = json.loads(run.directory.metrics.read_text())
    test, training = metrics["test"], metrics["training"]
    assert all(math.isfinite(value) for value in test.values())
    assert test["loss"] == pytest.approx(test["recon_loss"] + test["kl_loss"], rel=1e-5)
    assert test["kl_scaled"] == pytest.approx(test["kl_loss"], rel=1e-6)  # the final weight is 1
    # 64 pixels; grey everywhere would be about 64 * 0.18.
    assert 2 < test["recon_loss"] < 12
    assert test["mse"] == pytest.approx(test["recon_loss"] / 64, rel=0.1)  # mean against drawn code
    # The unit-variance normal's constant, 64 / 2 ln(pi), lies between the loss and the bound.
    assert test["elbo"] == pytest.approx(-test["loss"] - 32 * math.log(math.pi), abs=1)
    assert 0.1 < test["knn_accuracy"] <= 1
    assert 0.5 < test["knn_accuracy_pixels"] <= 1
    assert (training["epochs"], training["train_images"]) == (3, 64)
    assert training["parameters"] == 65 * 8 + 2 * 9 * 2 + 3 * 8 + 9 * 64
    assert 0 < training["seconds"] < TIMEOUT
    history = rows(run.directory.history)
    assert training["best_val_loss"] == min(float(row["val_loss"]) for row in history[1:])


def test_history(run):
    history = rows(run.directory.history)
    assert [row["epoch"] for row in history] == ["1", "2", "3"]
    assert [float(row["kl_weight"]) for row in history] == [0, 1, 1]
    assert [float(row["val_kl_weight"]) for row in history] == [1, 1, 1]
    assert float(history[-1]["loss"]) < float(history[1]["loss"])
    assert [float(row["learning_rate"]) for row in history] == pytest.approx([0.01] * 3)


def test_environment(run):
    facts = json.loads(run.directory.environment.read_text())
    assert facts["backend"] == keras.backend.backend()
    assert facts["packages"]["keras"] == keras.__version__
    assert len(facts["data"]["sha256"]) == 64
    assert "scikit-learn" in facts["data"]["source"]
    assert facts["devices"]
    assert facts["training"] == {
        "deterministic": False,
        "jit_compile": keras.backend.backend() == "jax",
        "steps_per_execution": 20 if keras.backend.backend() == "tensorflow" else 1,
        "seed": 0,
    }
    assert facts["processor"]["instruction_sets"] is not None


def test_what_is_printed(run):
    lines = run.output.splitlines()
    assert lines[0].startswith("Data: digits, 64 + 143 + 359 images (train, validation, test)")
    assert any(line.startswith("Model: 1,156 parameters, code size 2, Squared") for line in lines)
    assert [line.split()[0] for line in lines if "1.0e-02" in line] == ["1/3", "2/3", "3/3"]
    end = next(n for n, line in enumerate(lines) if line.startswith("Test set"))
    assert max(len(line) for line in lines[1:end]) <= 80  # below the line on the data
    assert lines[-4:] == [  # the path as it is, neither styled nor wrapped
        f"Everything is in {run.path}",
        f"  look:   {run.path}/report.html",
        f"  load:   vae_keras.load('{run.path}')",
        f"  again:  vae-keras train --config '{run.path}/config.json'",
    ]


def check_same_training(run, vae, history):
    """Compare a training with that of the command line: each epoch, each weight."""
    for number, row in enumerate(rows(run.directory.history)):
        for name, values in history.items():
            assert float(row[name]) == pytest.approx(values[number], rel=1e-5), name
    trained = vae_keras.load(run.path)
    for theirs, ours in zip(trained.trainable_weights, vae.trainable_weights, strict=True):
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(theirs), keras.ops.convert_to_numpy(ours), atol=1e-6
        )


@pytest.mark.thorough
def test_same_by_the_functions_of_a_notebook(run):
    config = read_config(run.directory.config)
    data = load_data(config)
    vae = build_model(config, data.image_shape)
    history = vae.fit(
        data.train.images,
        epochs=config.epochs,
        batch_size=config.batch_size,
        validation_data=(data.validation.images,),
        callbacks=training_callbacks(config),
        verbose=0,
    ).history
    check_same_training(run, vae, history)


@pytest.mark.thorough
def test_same_by_hand(run):
    data = load_dataset("digits", train_size=64)
    keras.utils.set_random_seed(0)
    likelihood = SquaredError()
    encoder, decoder = mlp(data.image_shape, 2, likelihood, encoder_units=(8,))
    vae = VAE(encoder, decoder, likelihood, seed=0)
    vae.compile(optimizer=keras.optimizers.Adam(0.01))
    history = vae.fit(
        data.train.images,
        epochs=3,
        batch_size=32,
        validation_data=(data.validation.images,),
        callbacks=[
            KLWarmup(1),
            ReduceLROnPlateau(patience=3, factor=0.5, min_delta=0.02, start_from_epoch=1),
            keras.callbacks.EarlyStopping(
                patience=10, restore_best_weights=True, start_from_epoch=1
            ),
        ],
        verbose=0,
    ).history
    check_same_training(run, vae, history)


@pytest.mark.thorough
def test_script_replays_a_config(run, script, tmp_path):
    again = tmp_path / "again"
    done = subprocess.run(
        [*script, "--config", str(run.directory.config), "--run-dir", str(again)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "1,156 parameters" in done.stdout
    assert "test loss (reconstruction + weighted KL), nats" in done.stdout
    assert done.stdout.splitlines()[-4] == f"Everything is in {again}"
    assert (again / "config.json").read_text() == run.directory.config.read_text()
    first, second = (json.loads((path / "metrics.json").read_text()) for path in (run.path, again))
    # `evaluate` may have added to the first in another test.
    same = {name: first["test"][name] for name in second["test"]}
    assert second["test"] == pytest.approx(same, rel=1e-5)
    assert second["data"] == first["data"]


@pytest.mark.thorough
def test_interrupted_training_leaves_a_model(script, tiny, tmp_path):
    path = tmp_path / "run"
    endless = ["--epochs", "100000", "--early-stopping-patience", "100000"]
    # A job in the background ignores Ctrl-C, and so would what the tests start if they are one.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        [*script, *tiny, *endless, "--run-dir", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        signal.signal(signal.SIGINT, before)
        try:
            deadline = time.monotonic() + TIMEOUT
            while not (path / "history.csv").exists() and time.monotonic() < deadline:
                assert process.poll() is None, process.communicate()
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
    assert (process.returncode, errors) == (130, "vae-keras train: interrupted\n")
    assert output.splitlines()[-2:] == [
        f"The model so far is in {path}/model.keras",
        f"Continue with: vae-keras train --resume {path}",
    ]
    vae = vae_keras.load(path)
    assert int(vae.optimizer.iterations) >= 2  # an epoch at least
    assert len(rows(path / "history.csv")) >= 1
    assert not list(path.rglob("*.part*"))


RELOAD = """
import json, sys
import numpy as np
import vae_keras
import keras
path, images, output = sys.argv[1:]
vae = keras.saving.load_model(path)
images = np.load(images)
np.save(output, vae.reconstruct(images))
before = int(vae.optimizer.iterations)
vae.fit(images, batch_size=8, epochs=1, verbose=0)
print(json.dumps([type(vae).__name__, before, int(vae.optimizer.iterations)]))
"""


def test_reload_in_a_new_process(run, tmp_path):
    images = load_dataset("digits").test.images[:16]
    np.save(tmp_path / "images.npy", images)
    done = subprocess.run(
        [
            *[sys.executable, "-c", RELOAD, str(run.directory.model)],
            *[str(tmp_path / "images.npy"), str(tmp_path / "reconstructions.npy")],
        ],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    # 3 epochs of 2 steps were behind it, 2 steps came.
    assert json.loads(done.stdout) == ["VAE", 6, 8]
    np.testing.assert_allclose(
        np.load(tmp_path / "reconstructions.npy"),
        vae_keras.load(run.path).reconstruct(images),
        atol=1e-6,
    )


def test_halves_load_without_the_package_knowing(run):
    images = load_dataset("digits").test.images[:4].astype("float32") / 255
    vae = vae_keras.load(run.path)
    encoder, decoder = (
        keras.saving.load_model(path) for path in (run.directory.encoder, run.directory.decoder)
    )
    z_mean, _ = encoder(images)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(z_mean), vae.encode(images), atol=1e-6)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(decoder(z_mean)), vae.reconstruct(images), atol=1e-6
    )


@pytest.mark.thorough
def test_relative_data_replay_from_any_directory(tmp_path, monkeypatch):
    np.save(tmp_path / "images.npy", np.random.default_rng(0).random((40, 8, 8, 1), "float32"))
    monkeypatch.chdir(tmp_path)
    settings = ["--architecture", "mlp", "--encoder-units", "4", "--epochs", "2"]
    arguments = ["train", "--data", "images.npy", *settings, "--warmup-epochs", "1"]
    assert main([*arguments, "--run-dir", "run"]) == 0
    assert read_config(tmp_path / "run").data == str(tmp_path / "images.npy")
