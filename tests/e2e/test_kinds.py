"""A conditional VAE and an autoencoder, from training to every command."""

import contextlib
import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import vae_keras
from vae_keras import RunDirectory, load_dataset
from vae_keras.cli import main as cli

# Python hides these from users, pytest does not, and here the standard error is looked at.
pytestmark = [pytest.mark.thorough, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

KINDS = ("conditional", "autoencoder")
TINY = [
    *["--dataset", "digits", "--train-size", "64", "--batch-size", "32", "--epochs", "1"],
    *["--architecture", "mlp", "--encoder-units", "8", "--warmup-epochs", "0"],
]
EVERY_KIND = {
    *{"classes", "interpolations", "latent_density", "latent_scatter", "loss_by_class"},
    *{"nearest_training_images", "reconstructions", "samples", "training_curves"},
}


@pytest.fixture(scope="session")
def trained(offline, tmp_path_factory):
    """Directory and output of a run of each kind."""
    runs = {}
    for kind in KINDS:
        path = tmp_path_factory.mktemp("kinds") / kind
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            assert cli.main(["train", *TINY, "--model", kind, "--run-dir", str(path)]) == 0
        runs[kind] = (RunDirectory(path), output.getvalue())
    return runs


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder of three digits that are a 3, and their pixels."""
    folder = tmp_path_factory.mktemp("photos")
    test = load_dataset("digits").test
    images = test.images[test.labels == 3][:3]
    for number, image in enumerate(images):
        Image.fromarray(image[..., 0]).save(folder / f"{number}.png")
    return folder, images


def figures(directory):
    return {path.stem for path in directory.figures.glob("*.png")}


def test_files_of_a_conditional_run(trained):
    directory, output = trained["conditional"]
    variational = {"decoded_grid", "traversals", "uncertainty"}
    assert figures(directory) == {*EVERY_KIND, *variational}
    assert "given one of 10 classes, SquaredError likelihood, KL weight 1" in " ".join(
        output.split()
    )
    numbers = json.loads(directory.metrics.read_text())["test"]
    assert numbers["loss"] == pytest.approx(numbers["recon_loss"] + numbers["kl_scaled"], rel=1e-5)


def test_files_of_an_autoencoder_run(trained):
    directory, output = trained["autoencoder"]
    # Nothing says which part of the plane of codes a grid should show.
    assert figures(directory) == EVERY_KIND
    assert "KL" not in output
    assert "plain autoencoder, mean squared error" in output
    numbers = json.loads(directory.metrics.read_text())["test"]
    assert {"kl_loss", "kl_scaled", "elbo"}.isdisjoint(numbers)
    assert numbers["loss"] == pytest.approx(numbers["mse"], rel=1e-5)
    row = next(line for line in output.splitlines() if line.startswith("test loss"))
    assert row.split("  ")[0] == "test loss (mean squared error per pixel value)"
    assert row.split()[-1] == f"{numbers['mse']:.4f}"


@pytest.mark.parametrize("kind", KINDS)
def test_figures_show_something(kind, trained):
    directory, _ = trained[kind]
    for name in figures(directory):
        with Image.open(directory.figures / f"{name}.png") as picture:
            assert min(picture.size) >= 100, name
            assert np.asarray(picture.convert("L")).std() > 5, name


RELOAD = """
import json, sys
import numpy as np
import vae_keras
images = np.load(sys.argv[1])
for path, label in ((sys.argv[2], 3), (sys.argv[3], None)):
    model = vae_keras.load(path)
    np.save(path + "/again.npy", model.reconstruct(images, label=label))
    y = None if label is None else np.full(len(images), label)
    history = model.fit(images, y, epochs=1, verbose=0).history
    print(json.dumps([type(model).__name__, sorted(history)]))
"""


def test_reload_in_a_new_process(trained, photos, tmp_path):
    _, images = photos
    np.save(tmp_path / "images.npy", images)
    paths = [str(trained[kind][0].path) for kind in KINDS]
    done = subprocess.run(
        [sys.executable, "-c", RELOAD, str(tmp_path / "images.npy"), *paths],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    conditional, autoencoder = map(json.loads, done.stdout.splitlines())
    losses = ["loss", "recon_loss"]
    assert conditional == ["ConditionalVAE", ["kl_loss", "kl_scaled", "kl_weight", *losses]]
    assert autoencoder == ["Autoencoder", losses]
    for path, label in zip(paths, (3, None), strict=True):
        expected = vae_keras.load(path).reconstruct(images, label=label)
        np.testing.assert_allclose(np.load(f"{path}/again.npy"), expected, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_evaluate_repeats_the_runs_numbers(kind, trained, command, tmp_path):
    directory, _ = trained[kind]
    output = command("evaluate", directory.path, "--output", tmp_path / "numbers.json")
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    expected = json.loads(directory.metrics.read_text())["test"]
    assert numbers == pytest.approx(expected, rel=1e-5)
    assert ("KL" in output) == (kind == "conditional")


def test_evaluate_estimates_the_log_likelihood_given_the_class(trained, command, tmp_path):
    directory, _ = trained["conditional"]
    numbers = tmp_path / "numbers.json"
    command("evaluate", directory.path, "--log-likelihood", 5, "--output", numbers)
    found = json.loads(numbers.read_text())
    assert found["elbo"] < found["log_likelihood"] < found["elbo"] + 2


@pytest.mark.parametrize(("kind", "given"), [("conditional", ["--label", 3]), ("autoencoder", [])])
def test_reconstruct(kind, given, trained, command, photos, tmp_path):
    folder, images = photos
    path = trained[kind][0].path
    command("reconstruct", path, folder, *given, "--output", tmp_path / "out")
    expected = vae_keras.load(path).reconstruct(images, label=3 if given else None)
    for number, image in enumerate(np.round(255 * expected[..., 0])):
        with Image.open(tmp_path / "out" / f"{number + 1:05d}_{number}.png") as picture:
            np.testing.assert_allclose(np.asarray(picture), image, atol=1)


def test_encode(trained, command, photos, tmp_path):
    folder, images = photos
    path = trained["conditional"][0].path
    command("encode", path, folder, "--label", "3", "--output", tmp_path / "codes.npz")
    posterior = vae_keras.load(path).encode_distribution(images, label=3)
    with np.load(tmp_path / "codes.npz") as arrays:
        np.testing.assert_allclose(arrays["z_mean"], posterior.mean, atol=1e-5)

    path = trained["autoencoder"][0].path
    for name in ("codes.csv", "plain.npz"):
        command("encode", path, folder, "--output", tmp_path / name)
    codes = vae_keras.load(path).encode(images)
    with (tmp_path / "codes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["name", "z1", "z2"]
    found = [[float(row["z1"]), float(row["z2"])] for row in rows]
    np.testing.assert_allclose(found, codes, atol=1e-5)
    with np.load(tmp_path / "plain.npz") as arrays:
        assert set(arrays) == {"name", "z"}
        np.testing.assert_allclose(arrays["z"], codes, atol=1e-5)


def test_sample_of_one_class_and_of_every_class(trained, command, tmp_path):
    path = trained["conditional"][0].path
    for label in (3, 4):
        output = tmp_path / f"{label}.npy"
        command("sample", path, "--label", label, "--n", 5, "--seed", 1, "--output", output)
    printed = command("sample", path, "--n", 5, "--seed", 1, "--output", tmp_path / "all.npy")
    assert "5 samples in each of 10 classes are in" in printed
    three, four, everything = (np.load(tmp_path / f"{name}.npy") for name in ("3", "4", "all"))
    assert everything.shape == (5, 10, 8, 8, 1)
    np.testing.assert_allclose(everything[:, 3], three, atol=1e-6)
    np.testing.assert_allclose(everything[:, 4], four, atol=1e-6)
    assert np.abs(three - four).max() > 1e-3


@pytest.mark.parametrize("given", [[], ["--codes", "grid"], ["--codes", "mixture", "--label", "7"]])
def test_sample_picture_of_a_conditional_model(given, trained, command, tmp_path):
    output = tmp_path / "samples.png"
    command("sample", trained["conditional"][0].path, *given, "--output", output)
    with Image.open(output) as picture:
        width, height = picture.size
        assert np.asarray(picture.convert("L")).std() > 10
    # Ten columns of eight, or a square of 64.
    assert (width > 1.1 * height) == ("--label" not in given)


def test_sample_of_an_autoencoder(trained, command, tmp_path):
    path = trained["autoencoder"][0].path
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        output = tmp_path / f"{name}.npy"
        command("sample", path, "--codes", "mixture", "--n", 4, "--seed", seed, "--output", output)
    a, b, c = (np.load(tmp_path / f"{name}.npy") for name in "abc")
    assert a.shape == (4, 8, 8, 1)
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 1e-3


MISTAKES = {
    "label of a VAE": (["sample", "{vae}", "--label", "3"], ["`label` must not be given"]),
    "label to evaluate": (["evaluate", "{conditional}", "--label", "3"], ["--label"]),
    "unknown number": (["sample", "{conditional}", "--label", "10"], ["`label`", "label='10'"]),
    "negative": (["sample", "{conditional}", "--label=-1"], ["`label`", "label='-1'"]),
    "unknown name": (["sample", "{conditional}", "--label", "cat"], ["`label`", "0, 1, 2"]),
    "no label": (
        ["reconstruct", "{conditional}", "{photos}", "--output", "{out}/x"],
        ["`label` must be given", "10 classes"],
    ),
    "no label to encode": (
        ["encode", "{conditional}", "{photos}", "--output", "{out}/x.csv"],
        ["`label` must be given"],
    ),
    "label of an autoencoder": (
        ["encode", "{autoencoder}", "{photos}", "--label", "3", "--output", "{out}/x.csv"],
        ["`label` must not be given"],
    ),
    "prior of an autoencoder": (["sample", "{autoencoder}"], ["`--codes mixture`"]),
    "grid of an autoencoder": (
        ["sample", "{autoencoder}", "--codes", "grid"],
        ["`--codes mixture`"],
    ),
    "unknown codes": (["sample", "{conditional}", "--codes", "priors"], ["--codes", "priors"]),
    "codes outside a run": (
        ["sample", "{alone}", "--codes", "mixture"],
        ["`codes` must be 'prior' for a model outside its run directory", "alone.keras"],
    ),
    "likelihood of an autoencoder": (
        ["evaluate", "{autoencoder}", "--log-likelihood", "5"],
        ["`log_likelihood` must not be given for an autoencoder"],
    ),
    "no samples": (["evaluate", "{conditional}", "--log-likelihood", "0"], ["`samples`"]),
    "data without labels": (
        ["evaluate", "{conditional}", "--data", "{unlabelled}"],
        ["`data` must have labels"],
    ),
    "preset by position": (["presets", "conv"], ["conv"]),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistakes_are_one_line(case, trained, run, photos, capsys, tmp_path, tmp_path_factory):
    arguments, expected = MISTAKES[case]
    other = tmp_path_factory.mktemp("other")
    (other / "alone.keras").write_bytes(trained["conditional"][0].model.read_bytes())
    np.save(other / "unlabelled.npy", load_dataset("digits").test.images)
    places = {
        **{kind: trained[kind][0].path for kind in KINDS},
        "vae": run.path,
        "alone": other / "alone.keras",
        "unlabelled": other / "unlabelled.npy",
        "photos": photos[0],
        "out": tmp_path,
    }
    code = cli.main([one.format(**places) for one in arguments])
    errors = capsys.readouterr().err.splitlines()
    assert (code, len(errors)) == (2, 1), errors
    assert errors[0].startswith(f"vae-keras {arguments[0]}: error: ")
    for text in expected:
        assert text in errors[0]
    assert not list(tmp_path.iterdir())
