"""Sweeps from the command line and from Python: what they leave, and how they go on."""

import csv
import json
import re

import keras
import numpy as np
import pytest
from PIL import Image

from vae_keras import RunDirectory, preset
from vae_keras.cli import main as cli
from vae_keras.config.config import read_config
from vae_keras.studies.sweep import run as sweep_module
from vae_keras.studies.sweep.run import run_sweep

# Python hides these from users, pytest does not, and here the standard error is looked at.
pytestmark = [pytest.mark.thorough, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def swept(offline, tiny, tmp_path_factory):
    """A finished sweep over two weights and two seeds, and the arguments that made it."""
    path = tmp_path_factory.mktemp("sweeps") / "beta [1]"
    arguments = [*["sweep", *tiny, "--vary", "kl_weight=1,4", "seed=0,1", "--output", str(path)]]
    assert cli.main(arguments) == 0
    return path, arguments


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def times(path):
    return {file: file.stat().st_mtime_ns for file in path.rglob("*") if file.is_file()}


def complaint(capsys, arguments):
    """Return the one line that the command leaves on the standard error."""
    capsys.readouterr()
    code = cli.main([str(argument) for argument in arguments])
    output, errors = capsys.readouterr()
    assert code == 2, output + errors
    (line,) = errors.splitlines()
    return line


def test_every_run_is_a_run_directory(swept):
    path, _ = swept
    names = [f"kl_weight={weight},seed={seed}" for weight in ("1", "4") for seed in (0, 1)]
    assert sorted(run.name for run in (path / "runs").iterdir()) == names
    for name in names:
        run = RunDirectory(path / "runs" / name)
        assert run.model.exists() and run.metrics.exists()
        config = read_config(run.config)
        assert f"kl_weight={config.kl_weight:g},seed={config.seed}" == name
        assert (config.epochs, config.encoder_units) == (3, (8,))


def test_a_run_is_what_train_makes(swept, run):
    path, _ = swept
    alone = json.loads(run.directory.metrics.read_text())["test"]
    within = json.loads((path / "runs" / "kl_weight=1,seed=0" / "metrics.json").read_text())["test"]
    for name in ("loss", "recon_loss", "kl_loss", "mse"):
        assert within[name] == pytest.approx(alone[name], rel=1e-5)


def test_tables(swept):
    path, _ = swept
    table = rows(path / "sweep.csv")
    assert [(row["kl_weight"], row["seed"]) for row in table] == [
        ("1", "0"),
        ("1", "1"),
        ("4", "0"),
        ("4", "1"),
    ]
    for row in table:
        metrics = json.loads((path / "runs" / row["run"] / "metrics.json").read_text())
        numbers = metrics["test"]
        assert {name: float(row[name]) for name in numbers} == pytest.approx(numbers)
        assert int(row["training_epochs"]) == 3
        assert int(row["training_parameters"]) == metrics["training"]["parameters"]
    markdown = (path / "sweep.md").read_text()
    line = next(line for line in markdown.splitlines() if line.startswith("| 1 | 2 |"))
    losses = [float(row["loss"]) for row in table[:2]]
    assert f"| {np.mean(losses):.2f} ± {np.std(losses, ddof=1):.2f} |" in line
    assert "Do not compare loss: the runs differ in kl_weight." in markdown


@pytest.mark.parametrize("name", ["sweep", "rate_distortion", "reconstructions"])
def test_pictures_show_something(swept, name):
    path, _ = swept
    with Image.open(path / f"{name}.png") as picture:
        assert min(picture.size) >= 300
        assert np.asarray(picture.convert("L")).std() > 10
    assert f"![{name}]({name}.png)" in (path / "sweep.md").read_text()


def test_what_is_done_is_not_done_again(swept, command, monkeypatch):
    path, arguments = swept
    before = times(path / "runs")
    made = []
    train = sweep_module.train_and_evaluate
    monkeypatch.setattr(
        sweep_module,
        "train_and_evaluate",
        lambda config, *rest, **more: made.append(config) or train(config, *rest, **more),
    )
    output = command(*arguments)
    assert output.count("already done, skipped") == 4
    assert made == []
    assert times(path / "runs") == before
    assert "Do not compare loss" in output and str(path) in output


def interrupt_in(monkeypatch, number):
    """Let Ctrl-C be pressed in the training of one run; return the settings of those begun."""
    begun = []
    train = sweep_module.train_and_evaluate

    def interrupted(config, run_directory, **options):
        begun.append(config)
        if len(begun) != number:
            return train(config, run_directory, **options)

        class CtrlC(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                raise KeyboardInterrupt

        return train(config, run_directory, callbacks=[CtrlC()], **options)

    monkeypatch.setattr(sweep_module, "train_and_evaluate", interrupted)
    return begun


def test_an_interrupted_sweep_goes_on(tiny, command, tmp_path, monkeypatch, capsys):
    arguments = ["sweep", *tiny, "--vary", "latent_dim=2,3", "--output", str(tmp_path)]
    with monkeypatch.context() as patch:
        interrupt_in(patch, 2)
        assert cli.main(arguments) == 130
    output, errors = capsys.readouterr()
    assert errors == "vae-keras sweep: interrupted\n"
    assert "run 2 of 2: latent_dim=3 (" in output
    assert "1 of 2 runs are done; the same command continues" in output
    assert [row["latent_dim"] for row in rows(tmp_path / "sweep.csv")] == ["2"]
    half = RunDirectory(tmp_path / "runs" / "latent_dim=3")
    assert half.model.exists() and not half.metrics.exists()
    before = times(tmp_path / "runs" / "latent_dim=2")

    output = command(*arguments)
    assert re.findall(r"^run .*", output, re.M) == [
        "run 1 of 2: latent_dim=2: already done, skipped",
        "run 2 of 2: latent_dim=3",
    ]
    assert times(tmp_path / "runs" / "latent_dim=2") == before
    assert len(rows(half.history)) == 3
    assert [row["latent_dim"] for row in rows(tmp_path / "sweep.csv")] == ["2", "3"]


def test_a_run_that_diverges_does_not_stop_the_others(tiny, tmp_path, capsys):
    place = tiny.index("--learning-rate")
    others = [*tiny[:place], *tiny[place + 2 :]]
    line = complaint(
        capsys, ["sweep", *others, "--vary", "learning_rate=1e30,0.01", "--output", tmp_path]
    )
    assert line.startswith("vae-keras sweep: error: 1 of 2 runs diverged: learning_rate=1e+30 (`")
    bad, good = rows(tmp_path / "sweep.csv")
    assert "became" in bad["error"] and bad["loss"] == ""
    assert good["error"] == "" and float(good["loss"]) > 0
    markdown = (tmp_path / "sweep.md").read_text()
    assert "| 1e+30 | 0 of 1 |" in markdown
    assert "learning_rate=1e+30 did not finish: `" in markdown


def test_in_python(tiny, tmp_path):
    base = preset(
        *("default",),
        dataset="digits",
        train_size=64,
        architecture="mlp",
        encoder_units=(8,),
        epochs=1,
        warmup_epochs=0,
    )
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        results = run_sweep(base, {"model": ["vae", "autoencoder"]}, tmp_path)
        assert keras.config.dtype_policy().name == "mixed_bfloat16"  # the user's
    finally:
        keras.config.set_dtype_policy("float32")
    assert [result.settings for result in results] == [{"model": "vae"}, {"model": "autoencoder"}]
    assert results[0].metrics["test"]["elbo"] < 0
    assert "elbo" not in results[1].numbers
    assert results[1].error is None
    assert "an autoencoder is the mean" in (tmp_path / "sweep.md").read_text()
    assert not (tmp_path / "rate_distortion.png").exists()


VARY = ["--vary", "kl_weight=1,4", "--output", "{out}/sweep"]
BAD = {
    "nothing to vary": (["--output", "{out}/sweep"], ["`vary`", "at least one setting"]),
    "nowhere": (["--vary", "seed=0,1"], ["--output"]),
    "unknown": (["--vary", "kl_wieght=1", *VARY[2:]], ["Did you mean 'kl_weight'"]),
    "no number": (["--vary", "kl_weight=1,x", *VARY[2:]], ["a number for `kl_weight`", "=x"]),
    "refused": (["--vary", "kl_weight=1,-4", *VARY[2:]], ["`kl_weight`", "kl_weight=-4"]),
    "twice": (["--vary", "seed=1", "seed=2", *VARY[2:]], ["each setting once"]),
    "value twice": (["--vary", "seed=1,1", *VARY[2:]], ["each value once"]),
    "set too": ([*VARY, "--kl-weight", "3"], ["set for all runs", "kl_weight"]),
    "preset set too": (
        ["--preset", "conv", "--vary", "preset=conv,mlp_400", *VARY[2:]],
        ["set for all runs", "preset"],
    ),
    "preset of a config": (
        ["--config", "{run}/config.json", "--vary", "preset=conv,mlp_400", *VARY[2:]],
        ["`vary` must not hold `preset` with `--config`"],
    ),
    "another flag": ([*VARY, "--latent-dims", "2"], ["Did you mean --latent-dim?"]),
    "member": (["--vary", "likelihood=bernouli", *VARY[2:]], ["Did you mean 'bernoulli'"]),
    "backend": (["--vary", "backend=jax,torch", *VARY[2:]], ["`backend`"]),
    "option of another": (
        ["--vary", "filters=[8],[16]", "--dataset", "digits", *VARY[2:], "--architecture", "mlp"],
        ["`filters`", "'mlp'"],
    ),
    "no such data": (
        ["--vary", "data=nowhere,{out}", *VARY[2:]],
        ["`data` must be an existing file or folder", "nowhere"],
    ),
    "output is a file": (
        ["--vary", "seed=0,1", "--output", "{run}/config.json"],
        ["must be writable", "config.json"],
    ),
    "output too long": (
        ["--vary", "seed=0,1", "--output", "{out}/" + "x" * 300],
        ["File name too long"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_mistake_is_said_before_any_training(case, run, capsys, tmp_path):
    arguments, expected = BAD[case]
    given = [one.format(out=tmp_path, run=run.path) for one in arguments]
    line = complaint(capsys, ["sweep", *given])
    assert line.startswith("vae-keras sweep: error: ")
    for text in expected:
        assert text in line
    assert list(tmp_path.iterdir()) == []


def test_another_sweep_in_the_same_place(swept, tiny, capsys):
    path, _ = swept
    before = times(path)
    others = [*tiny, "--epochs", 4, "--vary", "kl_weight=1,4", "seed=0,1"]
    line = complaint(capsys, ["sweep", *others, "--output", path])
    assert "choose another for other settings" in line
    assert "epochs=3 in place of 4" in line
    assert times(path) == before


def test_help(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["sweep", "--help"])
    assert stop.value.code == 0
    output = capsys.readouterr().out
    assert "usage: vae-keras sweep" in output
    for flag in ("--vary SETTING=VALUE,VALUE", "--output", "--latent-dim", "--preset"):
        assert flag in output
    assert "typed" not in output
