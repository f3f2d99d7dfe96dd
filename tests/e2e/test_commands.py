"""The commands that read a finished run."""

import csv
import json
import resource
import subprocess

import numpy as np
import pytest
from PIL import Image

import vae_keras
from vae_keras import load_dataset
from vae_keras.cli import main as cli
from vae_keras.config.preset_table import SUMMARIES
from vae_keras.generation.codes import AggregatedPosterior

# Python hides these from users, pytest does not, and here the standard error is looked at.
pytestmark = [pytest.mark.thorough, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture
def photos(tmp_path):
    """A folder of five digits as PNG files, and their pixels."""
    folder = tmp_path / "photos"
    folder.mkdir()
    images = load_dataset("digits").test.images[:5]
    for number, image in enumerate(images):
        Image.fromarray(image[..., 0]).save(folder / f"digit {number}.png")
    return folder, images


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_evaluate_repeats_the_runs_numbers(run, command, tmp_path):
    output = command("evaluate", run.path, "--output", tmp_path / "numbers.json")
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    expected = json.loads(run.directory.metrics.read_text())["test"]
    assert {name: expected[name] for name in numbers} == pytest.approx(numbers, rel=1e-5)
    assert "\nTest set of digits" in output
    assert f"{numbers['loss']:.2f}" in output


def test_evaluate_on_other_data(run, command, tmp_path):
    data = load_dataset("digits", validation_size=0)
    images = np.concatenate([data.train.images, data.test.images])[:50]
    np.save(tmp_path / "other.npy", images)
    output = command(
        # Fewer images than the run was trained on, which is no matter here.
        *["evaluate", run.directory.model, "--data", tmp_path / "other.npy"],
        *["--output", tmp_path / "numbers.json"],
    )
    assert "\nTest set of array" in output
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    # No labels, and so no classes, neighbours or classifier.
    assert {"loss", "elbo", "mse", "psnr", "mutual_information", "copied_share"} < set(numbers)
    assert not [name for name in numbers if "accuracy" in name or "frechet" in name]
    before = json.loads(run.directory.metrics.read_text())["test"]
    assert before["loss"] != numbers["loss"]  # other data leave the numbers of the run alone
    assert "log-likelihood" not in output
    assert numbers["loss"] == pytest.approx(numbers["recon_loss"] + numbers["kl_loss"], rel=1e-5)


def test_evaluate_estimates_the_log_likelihood(run, command, tmp_path):
    output = command(
        *["evaluate", run.path, "--log-likelihood", 20, "--output", tmp_path / "numbers.json"]
    )
    numbers = json.loads((tmp_path / "numbers.json").read_text())
    assert numbers["log_likelihood_samples"] == 20
    # Twenty codes make a tighter bound than one, on the same images.
    assert numbers["elbo"] < numbers["log_likelihood"] < numbers["elbo"] + 2
    assert 0 < numbers["log_likelihood_standard_error"] < 1
    assert "bits_per_dimension" not in numbers  # the squared error is a density
    line = next(line for line in output.splitlines() if line.startswith("log-likelihood (nats)"))
    error = numbers["log_likelihood_standard_error"]
    assert line.split()[-3:] == [f"{numbers['log_likelihood']:.2f}", "±", f"{error:.2f}"]


def test_reconstruct(run, command, photos, tmp_path):
    folder, images = photos
    output = command("reconstruct", run.path, folder, "--output", tmp_path / "out")
    assert f"5 reconstructions and overview.png are in {tmp_path / 'out'}" in output
    names = [f"{n + 1:05d}_digit_{n}.png" for n in range(5)]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [*names, "overview.png"]
    vae = vae_keras.load(run.path)
    expected = np.round(np.clip(vae.reconstruct(images), 0, 1) * 255)[..., 0]
    for name, image in zip(names, expected, strict=True):
        written = pixels(tmp_path / "out" / name)
        assert written.shape == (8, 8)
        np.testing.assert_allclose(written, image, atol=1)
    assert min(pixels(tmp_path / "out" / "overview.png").shape[:2]) > 100


def test_reconstruct_files_of_one_name(run, command, photos, tmp_path):
    folder, _ = photos
    file = folder / "digit 0.png"
    command("reconstruct", run.path, file, file, "--output", tmp_path / "out")
    assert len(list((tmp_path / "out").glob("*_digit_0.png"))) == 2


def test_sample_picture(run, command, tmp_path):
    output = command("sample", run.path, "--n", 9, "--output", tmp_path / "samples.png")
    assert f"9 samples are in {tmp_path / 'samples.png'}" in output
    picture = pixels(tmp_path / "samples.png")
    assert min(picture.shape[:2]) > 100
    assert picture[..., :3].std() > 10


def test_sample_array_by_seed(run, command, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        command(
            *["sample", run.path, "--n", 3, "--seed", seed, "--output", tmp_path / f"{name}.npy"]
        )
    a, b, c = (np.load(tmp_path / f"{name}.npy") for name in "abc")
    assert a.shape == (3, 8, 8, 1)
    assert 0 <= a.min() < a.max() <= 1
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 1e-3


@pytest.mark.parametrize("codes", ["mixture", "posterior", "grid"])
def test_sample_from_the_codes_of_the_training_images(codes, run, command, tmp_path):
    output = tmp_path / "samples.npy"
    command("sample", run.path, "--codes", codes, "--n", 400, "--seed", 1, "--output", output)
    drawn = np.load(output)
    assert drawn.shape == (400, 8, 8, 1)
    vae = vae_keras.load(run.path)
    train = load_dataset("digits", train_size=64).train
    known = AggregatedPosterior(*vae.encode_distribution(train.images)).sample(5000, seed=0)
    # Five standard errors of the mean of 400 pixels.
    error = 5 * drawn.std(axis=0).max() / 20
    np.testing.assert_allclose(drawn.mean(axis=0), vae.decode(known).mean(axis=0), atol=error)


def test_encode(run, command, photos, tmp_path):
    folder, images = photos
    command("encode", run.path, folder, "--output", tmp_path / "codes.csv")
    command("encode", run.directory.model, folder, "--output", tmp_path / "codes.npz")
    posterior = vae_keras.load(run.path).encode_distribution(images)
    with (tmp_path / "codes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["name", "z1", "z2", "std1", "std2"]
    names = [(folder / f"digit {n}.png").as_posix() for n in range(5)]
    assert [row["name"] for row in rows] == names
    means = [[float(row["z1"]), float(row["z2"])] for row in rows]
    np.testing.assert_allclose(means, posterior.mean, atol=1e-5)
    with np.load(tmp_path / "codes.npz") as arrays:
        assert set(arrays) == {"name", "z_mean", "z_std"}
        assert arrays["name"].tolist() == names
        np.testing.assert_allclose(arrays["z_mean"], posterior.mean, atol=1e-5)
        np.testing.assert_allclose(arrays["z_std"], np.exp(posterior.log_var / 2), rtol=1e-4)
        np.testing.assert_allclose(
            arrays["z_std"][:, 1], [float(row["std2"]) for row in rows], rtol=1e-5
        )


COMMANDS = ["train", "evaluate", "report", "reconstruct", "sample", "encode", "export", "sweep"]


@pytest.mark.parametrize("name", COMMANDS)
def test_help(name, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([name, "--help"])
    assert stop.value.code == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    assert f"usage: vae-keras {name}" in output
    assert "--backend" in output


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_overview(arguments, capsys):
    assert cli.main(arguments) == 0
    output = capsys.readouterr().out
    names = [line.split()[0] for line in output.splitlines()[2:]]
    judging = ["evaluate", "diagnose", "report"]
    assert names[:5] == ["train", "presets", *judging]
    assert names[5:] == ["reconstruct", "encode", "sample", "export", "sweep", "compare"]


def test_presets(command):
    output = command("presets")
    for name, summary in SUMMARIES.items():
        assert f"{name} " in output and summary in output


def test_help_is_quick(script):
    # 0.4 s on an idle machine, and half a second is what is aimed at; a backend takes 5 s to load.
    # Processor time, as other tests run beside this one.
    def seconds():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    began = seconds()
    subprocess.run([*script, "--help"], capture_output=True, check=True, timeout=60)
    assert seconds() - began < 1.0


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"vae-keras {vae_keras.__version__}\n"
