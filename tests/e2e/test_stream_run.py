"""A run on a folder that is read as it is needed, from the command line."""

import json
from pathlib import Path

import pytest

from vae_keras.cli.main import main
from vae_keras.data import dataset as image_dataset
from vae_keras.data import write_sprites

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sprites")
    write_sprites(path, 400, size=16)
    return path


def settings(folder: Path, run: Path, *more: str) -> list[str]:
    tiny = ["--architecture", "mlp", "--encoder-units", "8", "--epochs", "2"]
    return [
        "train",
        "--data",
        str(folder),
        *tiny,
        "--warmup-epochs",
        "0",
        *more,
        "--run-dir",
        str(run),
    ]


def test_a_streamed_run(folder: Path, tmp_path: Path, capsys, monkeypatch):
    # 256 bytes an image: room for 60.
    monkeypatch.setattr(image_dataset, "BOUNDED_BYTES", 60 * 256)
    run = tmp_path / "run"
    assert main(settings(folder, run, "--stream", "True")) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert "288 + 32 + 80 images (train, validation, test) of 16 x 16 x 1" in output
    assert "read as needed, sha256 over names and files" in output
    assert "60 of 288 training images, drawn at random" in output
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["training"]["train_images"] == 288
    assert metrics["data"]["train_images_for_evaluation"] == 60
    assert metrics["test"]["knn_accuracy"] > 0
    assert (run / "report.html").stat().st_size > 10_000

    capsys.readouterr()
    # What reads the data of a run again: the same images, bounded alike.
    for command in (
        ["evaluate", str(run)],
        ["sample", str(run), "--codes", "mixture", "--output", str(tmp_path / "samples.png")],
    ):
        assert main(command) == 0, capsys.readouterr().err
    assert (tmp_path / "samples.png").stat().st_size > 1000


@pytest.mark.parametrize("kind", ["conditional", "autoencoder"])
def test_other_models(kind: str, folder: Path, tmp_path: Path, capsys):
    more = ["--stream", "True", "--model", kind, "--image-size", "12x8"]
    assert main(settings(folder, tmp_path / "run", *more)) == 0, capsys.readouterr().err
    line = "400 images of 16 x 16, centre-cropped and resized to 12 x 8"
    assert f"\nImages: {line}\n" in capsys.readouterr().out
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["data"]["prepared"] == line


def test_bias_of_the_mean_image_and_binary_draws(folder: Path, tmp_path: Path, capsys):
    more = ["--stream", "True", "--likelihood", "bernoulli", "--output-bias", "data"]
    run = settings(folder, tmp_path / "run", *more, "--binarize", "dynamic")
    assert main(run) == 0, capsys.readouterr().err
    assert main(settings(folder, tmp_path / "static", *more, "--binarize", "static")) == 2
    assert "`binarize` must be 'dynamic' or 'none'" in capsys.readouterr().err


def test_a_broken_file_ends_the_command_with_one_line(tmp_path: Path, capsys):
    write_sprites(tmp_path / "images", 40, size=16)
    broken = sorted((tmp_path / "images").rglob("*.png"))[7]
    broken.write_bytes(broken.read_bytes()[:70])
    assert main(settings(tmp_path / "images", tmp_path / "run", "--stream", "True")) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    assert f"{broken} cannot be read as an image" in errors[0]
    assert not (tmp_path / "run").exists()


def test_the_sets_do_not_depend_on_how_they_are_read(folder: Path, tmp_path: Path):
    found = []
    for stream in ("True", "False"):
        assert main(settings(folder, tmp_path / stream, "--stream", stream)) == 0
        test = json.loads((tmp_path / stream / "metrics.json").read_text())["test"]
        found.append([test[name] for name in ("mse_of_mean_image", "knn_accuracy_pixels")])
    assert found[0] == found[1]
