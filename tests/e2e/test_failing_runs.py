"""Runs made to fail on purpose, each named rightly; and one that is well."""

import json

import pytest

from vae_keras import Config, diagnose, training_callbacks
from vae_keras.cli.main import main
from vae_keras.runs.build import build_model_for, load_data
from vae_keras.runs.evaluate import measure

pytestmark = pytest.mark.thorough

BASE = {
    **{"dataset": "digits", "architecture": "mlp", "encoder_units": (64,)},
    **{"learning_rate": 0.003, "batch_size": 32, "epochs": 20, "early_stopping_patience": None},
    **{"likelihood": "gaussian", "likelihood_options": {"scale": 0.2}},
}
FAILURES = {
    "posterior_collapse": {"likelihood_options": {"scale": 3}},
    "kl_weight_too_strong": {"kl_weight": 8.0},
    "over_fitting": {
        **{"train_size": 60, "latent_dim": 10, "epochs": 150},
        **{"batch_size": 60, "learning_rate": 0.01},
    },
    "likelihood_does_not_fit": {"likelihood_options": {"scale": 0.02}},
    "warmup_cut_short": {"warmup_epochs": 60},
    "dead_units": {"likelihood_options": {"scale": 0.4}, "latent_dim": 32},
}


def findings(settings):
    """Train with some settings and return what `diagnose` finds."""
    config = Config(**{**BASE, **settings})
    data = load_data(config)
    model = build_model_for(config, data)
    history = model.fit(
        data.train.images,
        validation_data=(data.validation.images,),
        batch_size=config.batch_size,
        epochs=config.epochs,
        callbacks=training_callbacks(config, train_images=len(data.train)),
        verbose=0,
    ).history
    numbers = measure(model, data, samples=0)
    return diagnose(numbers, history, kl_weight=config.kl_weight)


@pytest.mark.filterwarnings("ignore:.*warm-up")
@pytest.mark.parametrize("name", FAILURES)
def test_a_run_made_to_fail_is_named(name):
    found = findings(FAILURES[name])
    warnings = [one.name for one in found if one.severity == "warning"]
    assert warnings == ([] if name == "dead_units" else [name])
    assert name in [one.name for one in found]


def test_nothing_is_wrong_with_a_run_that_is_well():
    # Whether the loss still falls a little at the end depends on the processor's rounding.
    assert {one.name for one in findings({"epochs": 60})} <= {"training_cut_short"}


def test_diagnose_says_what_the_run_said(run, command):
    kept = json.loads(run.directory.metrics.read_text())["findings"]
    assert kept  # two epochs at the final weight are too few
    output = " ".join(command("diagnose", run.path).split())
    assert all(one["title"] in output and one["text"] in output for one in kept)


def test_a_run_that_is_none_or_not_finished(run, tmp_path, capsys):
    def complaint(*arguments):
        assert main([str(one) for one in arguments]) == 2
        return capsys.readouterr().err

    for name in ("diagnose", "report"):
        assert "a run directory. Received: " in complaint(name, tmp_path / "none")
        (tmp_path / "file").write_text("x")
        assert "a file" in complaint(name, tmp_path / "file")
        empty = tmp_path / "empty"
        empty.mkdir(exist_ok=True)
        assert "with no config.json in it" in complaint(name, empty)
        begun = tmp_path / f"begun {name}"
        begun.mkdir()
        (begun / "config.json").write_bytes(run.directory.config.read_bytes())
        assert "with no model.keras: its training has not" in complaint(name, begun)
        (begun / "model.keras").write_bytes(run.directory.model.read_bytes())
        assert "`vae-keras evaluate " in complaint(name, begun)
        (begun / "metrics.json").write_text("{")
        assert "must hold a readable metrics.json" in complaint(name, begun)
