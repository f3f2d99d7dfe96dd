"""A mistake is one line on the standard error that names the argument, and exit code 2."""

import errno
import gzip
import io
import os
import re
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae_keras.cli import main as cli
from vae_keras.data.readers.idx import IDX_FILES

# Python hides these from users, pytest does not, and here the standard error is looked at.
pytestmark = [pytest.mark.thorough, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

OWN = ["--architecture", "mlp", "--encoder-units", "8", "--epochs", "1", "--warmup-epochs", "0"]
DIGITS = ["--dataset", "digits", *OWN]
IWAE = ["--objective", "importance_weighted"]


@pytest.fixture(scope="session")
def bad(run, tmp_path_factory):
    """A folder of everything that can be wrong with files."""
    folder = tmp_path_factory.mktemp("bad")
    random = np.random.default_rng(0)
    grey = random.integers(0, 256, (40, 8, 8), dtype=np.uint8)

    (folder / "empty").mkdir()
    for name in ("broken", "mixed", "wrong_size", "good"):
        (folder / name).mkdir()
        for number in range(3):
            Image.fromarray(grey[number]).save(folder / name / f"{number}.png")
    (folder / "broken" / "1.png").write_bytes((folder / "good" / "1.png").read_bytes()[:50])
    for path in (folder / "mixed" / "2.png", folder / "wrong_size" / "0.png"):
        Image.fromarray(grey[0, :5]).save(path)

    np.savez(folder / "whole.npz", x=grey)
    whole = (folder / "whole.npz").read_bytes()
    (folder / "cut.npz").write_bytes(whole[: len(whole) // 2])
    floats = grey.astype("float32")
    np.save(folder / "to255.npy", floats)
    np.save(folder / "negative.npy", floats / 127.5 - 1)
    floats[3, 2, 1] = np.nan
    np.save(folder / "nan.npy", floats / 255)
    np.save(folder / "other_size.npy", grey[:, :6])

    (folder / "fashion").mkdir()
    for name in IDX_FILES:
        content = gzip.compress(b"\0\0\x08\x01" + bytes(4) + random.bytes(900))
        (folder / "fashion" / name).write_bytes(content[: len(content) // 2])

    (folder / "a_file").write_text("text, and no model\n")
    (folder / "not.json").write_text("{'epochs': 3}")
    (folder / "unknown.json").write_text('{"epochs": 3, "beta": 4}')
    (folder / "wrong_type.json").write_text('{"data": 3}')
    model = run.directory.model.read_bytes()
    (folder / "cut.keras").write_bytes(model[: len(model) // 2])
    with zipfile.ZipFile(folder / "photos.keras", "w") as archive:
        archive.writestr("photo.png", b"x")
    return folder


def complaint(capsys, arguments):
    """Return the one line that the command leaves on the standard error."""
    capsys.readouterr()
    code = cli.main(arguments)
    output, errors = capsys.readouterr()
    assert code == 2, output + errors
    lines = errors.splitlines()
    assert len(lines) == 1, errors
    assert lines[0].startswith(f"vae-keras {arguments[0]}: error: ")
    return lines[0]


TRAINING = {
    "preset": (["--preset", "defalt"], ["`preset`", "'default'", "preset='defalt'"]),
    "dataset": (["--dataset", "fashon_mnist"], ["`dataset`", "Did you mean 'fashion_mnist'"]),
    "architecture": (["--architecture", "stabel_conv"], ["`architecture`", "'stable_conv'"]),
    "likelihood": (["--likelihood", "bernouli"], ["`likelihood`", "Did you mean 'bernoulli'"]),
    "activation": ([*DIGITS, "--activation", "reul"], ["`activation`", "Did you mean 'relu'"]),
    "normalization": ([*DIGITS, "--normalization", "instance"], ["--normalization", "instance"]),
    "backend": ([*DIGITS, "--backend", "theano"], ["`backend`", "tensorflow, jax, torch"]),
    "option of another": ([*DIGITS, "--filters", "8"], ["`filters`", "'mlp'", "filters=(8,)"]),
    "regularizer": (["--regularizer", "free_bit"], ["`regularizer`", "Did you mean 'free_bits'"]),
    "samples": ([*DIGITS, *IWAE, "--objective-options", "samples=0"], ["`samples`", "samples=0"]),
    "capacity": (
        [*DIGITS, "--regularizer", "capacity", "--regularizer-options", "capacity=-1"],
        ["`capacity`", "capacity=-1"],
    ),
    "data range": (
        [*DIGITS, "--likelihood-options", "data_range=[0,2]"],
        ["`data_range`", "(0, 1) or (-1, 1)"],
    ),
    "option of a member": (
        [*DIGITS, "--likelihood", "gaussian", "--likelihood-options", "scal=1"],
        ["`likelihood_options`", "Did you mean 'scale'"],
    ),
    "option of none": (
        [*DIGITS, "--likelihood", "bernoulli", "--likelihood-options", "scale=1"],
        ["`likelihood_options`", "takes none"],
    ),
    "option without a value": (
        [*DIGITS, "--prior", "mixture", "--prior-options", "components"],
        ["`prior_options`", "NAME=VALUE"],
    ),
    "bound with another regularizer": (
        [*DIGITS, *IWAE, "--regularizer", "mmd"],
        ["`regularizer`", "`KL`", "MMD"],
    ),
    "what settings cannot build": (
        [*DIGITS, "--likelihood", "perceptual"],
        ["`likelihood`", "only Python can give"],
    ),
    "autoencoder with a weight": (
        [*DIGITS, "--model", "autoencoder", "--kl-weight", "4"],
        ["`kl_weight`", "autoencoder"],
    ),
    "latent-dim": ([*DIGITS, "--latent-dim", "0"], ["`latent_dim`", "latent_dim=0"]),
    "batch-size": ([*DIGITS, "--batch-size", "-1"], ["`batch_size`", "batch_size=-1"]),
    "epochs": ([*DIGITS, "--epochs", "0"], ["`epochs`", "epochs=0"]),
    "rate 0": ([*DIGITS, "--learning-rate", "0"], ["`learning_rate`", "learning_rate=0"]),
    "rate nan": ([*DIGITS, "--learning-rate", "nan"], ["`learning_rate`", "learning_rate=nan"]),
    "rate text": ([*DIGITS, "--learning-rate", "fast"], ["--learning-rate", "fast"]),
    "no value": ([*DIGITS, "--learning-rate"], ["--learning-rate"]),
    "kl-weight": ([*DIGITS, "--kl-weight", "-1"], ["`kl_weight`", "kl_weight=-1"]),
    "units": ([*DIGITS, "--encoder-units", "0"], ["`encoder_units`", "encoder_units=(0,)"]),
    "train-size": ([*DIGITS, "--train-size", "9999"], ["`train_size`", "1295", "train_size=9999"]),
    "unknown flag": (
        [*DIGITS, "--latent-dims", "2"],
        ["--latent-dims", "Did you mean --latent-dim?"],
    ),
    "flag of a paper": ([*DIGITS, "--beta", "4"], ["--beta", "Did you mean --kl-weight?"]),
    "flag of other programs": ([*DIGITS, "--lr", "0.1"], ["--lr", "Did you mean --learning-rate?"]),
    "stray word": ([*DIGITS, "digits"], ["digits"]),
    "config missing": (["--config", "{bad}/nowhere.json"], ["`config`", "nowhere.json"]),
    "config no JSON": (["--config", "{bad}/not.json"], ["`config`", "JSON", "not.json"]),
    "config unknown": (["--config", "{bad}/unknown.json"], ["`config`", "unknown beta"]),
    "config type": (["--config", "{bad}/wrong_type.json"], ["`data`", "data=3"]),
    "config and preset": (
        ["--config", "{bad}/not.json", "--preset", "default"],
        ["`--config` and `--preset`"],
    ),
    "folder without path": (["--dataset", "folder", *OWN], ["`path`", "dataset='folder'"]),
    "path of digits": ([*DIGITS, "--data", "{bad}/good"], ["`data`", "'digits'"]),
    "no such data": ([*OWN, "--data", "{bad}/nowhere"], ["`data`", "nowhere"]),
    "no images": ([*OWN, "--data", "{bad}/empty"], ["images", "empty"]),
    "no images by name": (
        [*OWN, "--dataset", "folder", "--data", "{bad}/empty"],
        ["images", "empty"],
    ),
    "broken image": ([*OWN, "--data", "{bad}/broken"], ["broken/1.png"]),
    "mixed sizes": ([*OWN, "--data", "{bad}/mixed"], ["mixed/2.png", "8 x 8", "5 x 8"]),
    "cut npz": ([*OWN, "--data", "{bad}/cut.npz"], ["cut.npz", "damaged or cut short"]),
    "nan": ([*OWN, "--data", "{bad}/nan.npy"], ["nan.npy", "1 of 2560 values are NaN"]),
    "0 to 255": ([*OWN, "--data", "{bad}/to255.npy"], ["`data`", "[0.0, 1.0]", "255"]),
    "-1 to 1": ([*OWN, "--data", "{bad}/negative.npy"], ["`data`", "[0.0, 1.0]", "-1"]),
    "cut fashion": (
        [*OWN, "--dataset", "fashion_mnist", "--data", "{bad}/fashion"],
        ["fashion/", ".gz"],
    ),
    "text as data": ([*OWN, "--data", "{bad}/a_file"], ["`path`", "a_file"]),
}


@pytest.mark.parametrize("case", TRAINING)
def test_train(case, bad, capsys, tmp_path):
    arguments, expected = TRAINING[case]
    run_dir = tmp_path / "new"
    line = complaint(
        capsys,
        ["train", *(one.format(bad=bad) for one in arguments), "--run-dir", str(run_dir)],
    )
    for text in expected:
        assert text in line
    assert not run_dir.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["train", "--latent-dims", "2"],
            "Unrecognized options: --latent-dims, 2. Did you mean --latent-dim?",
        ),
        (
            ["train", "--epochs", "many"],
            "Error parsing --epochs: invalid literal for int() with base 10: 'many'",
        ),
        (["train", "--seed"], "Missing value for argument '--seed'. Expected 1 values."),
        (
            ["train", "--seed=-1"],
            "`seed` must be an integer from 0 to 2**32 - 1. Received: seed=-1",
        ),
    ],
)
def test_one_line_of_tyros_box(arguments, expected, encoding, monkeypatch):
    # tyro draws its box of other characters where the output is not UTF-8.
    errors = io.StringIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    monkeypatch.setattr(sys, "stderr", errors)
    assert cli.main(arguments) == 2
    assert errors.getvalue() == f"vae-keras train: error: {expected}\n"


@pytest.mark.parametrize(
    ("run_dir", "expected"),
    [
        ("{run}", "must be new or empty"),
        ("{bad}/a_file", "must be a directory"),
        ("{bad}/a_file/below", "must be writable"),
        ("{bad}/" + "x" * 300, "File name too long"),
    ],
)
def test_run_dir(run_dir, expected, run, bad, capsys):
    before = {path: path.stat().st_mtime_ns for path in run.path.rglob("*")}
    given = run_dir.format(run=run.path, bad=bad)
    line = complaint(capsys, ["train", *DIGITS, "--run-dir", given])
    assert "`run_dir`" in line and expected in line and given in line
    assert {path: path.stat().st_mtime_ns for path in run.path.rglob("*")} == before


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_run_dir_without_permission(tmp_path, capsys):
    tmp_path.chmod(0o500)
    line = complaint(capsys, ["train", *DIGITS, "--run-dir", str(tmp_path / "new")])
    assert "`run_dir` must be writable" in line


COMMANDS = {
    "unknown": (["trian"], ["`command`", "Did you mean 'train'"]),
    "no model": (["evaluate"], ["MODEL", "run directory"]),
    "missing model": (["evaluate", "{bad}/nowhere"], ["`path`", "no such file"]),
    "no run": (["evaluate", "{bad}/good"], ["`path`", "no model.keras in it"]),
    "evaluate what": (["evaluate", "{bad}/alone.keras"], ["`dataset` or `data`", "alone.keras"]),
    "evaluate size": (
        ["evaluate", "{run}", "--data", "{bad}/other_size.npy", "--output", "{out}/x.json"],
        ["`data` must hold images of shape (8, 8, 1)", "--crop center"],
    ),
    "evaluate dataset": (["evaluate", "{run}", "--dataset", "digit"], ["`dataset`", "'digits'"]),
    "evaluate output": (
        ["evaluate", "{run}", "--output", "{bad}/a_file/x.json"],
        ["a_file/x.json", "writable"],
    ),
    "cut model": (["reconstruct", "{bad}/cut.keras", "{bad}/good"], ["`path`", "whole", "cut"]),
    "text model": (["reconstruct", "{bad}/a_file", "{bad}/good"], ["`path`", "whole", "a_file"]),
    "zip model": (["reconstruct", "{bad}/photos.keras", "{bad}/good"], ["`path`", "without"]),
    "half a model": (["reconstruct", "{run}/encoder.keras", "{bad}/good"], ["`VAE`", "Functional"]),
    "image size": (
        ["reconstruct", "{run}", "{bad}/wrong_size", "--output", "{out}/x"],
        ["wrong_size/0.png", "8 x 8", "5 x 8"],
    ),
    "broken image": (
        ["reconstruct", "{run}", "{bad}/broken", "--output", "{out}/x"],
        ["broken/1.png"],
    ),
    "missing image": (
        ["reconstruct", "{run}", "{bad}/nowhere.png", "--output", "{out}/x"],
        ["nowhere.png", "no such path"],
    ),
    "no images": (["reconstruct", "{run}", "--output", "{out}/x"], ["`images`"]),
    "full output": (
        ["reconstruct", "{run}", "{bad}/good", "--output", "{bad}"],
        ["`output`", "new or empty"],
    ),
    "output below a file": (
        ["reconstruct", "{run}", "{bad}/good", "--output", "{bad}/a_file/x"],
        ["a_file/x", "writable"],
    ),
    "output too long": (
        ["reconstruct", "{run}", "{bad}/good", "--output", "{out}/" + "x" * 300],
        ["File name too long"],
    ),
    "sample suffix": (["sample", "{run}", "--output", "{out}/x.jpg"], ["`output`", ".png or .npy"]),
    "sample none": (["sample", "{run}", "--n", "0", "--output", "{out}/x.png"], ["`n`", "n=0"]),
    "sample seed": (
        ["sample", "{run}", "--seed", "-1", "--output", "{out}/x.png"],
        ["`seed`", "seed=-1"],
    ),
    "sample output": (["sample", "{run}", "--output", "{bad}/a_file/x.png"], ["a_file/x.png"]),
    "encode suffix": (
        ["encode", "{run}", "{bad}/good", "--output", "{out}/x.txt"],
        ["`output`", ".csv or .npz"],
    ),
    "encode missing": (
        ["encode", "{run}", "{bad}/nowhere", "--output", "{out}/x.csv"],
        ["nowhere"],
    ),
    "flag": (["encode", "{run}", "{bad}/good", "--outptu", "x.csv"], ["--outptu", "--output"]),
    "backend": (["sample", "{run}", "--backend", "theano"], ["`backend`", "theano"]),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_commands(case, run, bad, capsys, tmp_path):
    arguments, expected = COMMANDS[case]
    alone = bad / "alone.keras"
    if not alone.exists():
        alone.write_bytes(run.directory.model.read_bytes())
    line = complaint(capsys, [one.format(run=run.path, bad=bad, out=tmp_path) for one in arguments])
    for text in expected:
        assert text in line
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("always::UserWarning")
def test_divergence(capsys, tmp_path):
    # One batch an epoch: validation is the first to see it. The warm-up is too long as well.
    run_dir = tmp_path / "new"
    code = cli.main(
        [
            *["train", *DIGITS, "--train-size", "64", "--epochs", "3", "--warmup-epochs", "3"],
            *["--learning-rate", "1e30", "--run-dir", str(run_dir)],
        ]
    )
    warning, error = capsys.readouterr().err.splitlines()
    assert code == 2
    assert warning.startswith("vae-keras train: warning: The KL warm-up takes 3 epochs and ")
    assert re.match("vae-keras train: error: `val_loss` became (inf|nan) after epoch 1; ", error)
    assert "Lower the learning rate" in error
    assert error.endswith(f"The run is in {run_dir}")
    assert (run_dir / "history.csv").exists()
    assert not (run_dir / "model.keras").exists()


def no_space(*arguments, **options):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_no_space_left_while_training(tiny, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "replace", no_space)
    line = complaint(capsys, ["train", *tiny, "--run-dir", str(tmp_path / "new")])
    assert f"`{tmp_path}/new/checkpoint/owner.json`" in line
    assert line.endswith("Received: No space left on device")
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


@pytest.mark.parametrize(
    ("name", "arguments", "output"),
    [
        ("encode", ["{bad}/good"], "codes.npz"),
        ("encode", ["{bad}/good"], "codes.csv"),
        ("sample", [], "samples.png"),
        ("reconstruct", ["{bad}/good"], "pictures"),
    ],
)
def test_no_space_left_for_the_output(
    name, arguments, output, run, bad, capsys, tmp_path, monkeypatch
):
    monkeypatch.setattr(os, "replace", no_space)
    given = [one.format(bad=bad) for one in arguments]
    line = complaint(capsys, [name, str(run.path), *given, "--output", str(tmp_path / output)])
    assert "No space left on device" in line and output in line
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_no_space_left_while_a_model_is_written(run, tmp_path, monkeypatch):
    from vae_keras import RunDirectory, load
    from vae_keras.errors import RunDirectoryError

    vae = load(run.path)
    monkeypatch.setattr(zipfile.ZipFile, "writestr", no_space)
    with pytest.raises(RunDirectoryError, match=r"model\.keras.*No space left"):
        RunDirectory(tmp_path).write_model(vae)
    assert [path for path in Path(tmp_path).rglob("*") if path.is_file()] == []
