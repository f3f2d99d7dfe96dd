"""What a run prints says the truth about each kind of model and adds up for its reader."""

import math
import re

import keras
import pytest
from rich.console import Console

from vae_keras import ConditionalVAE, objectives, preset, priors, regularizers
from vae_keras.architectures import mlp
from vae_keras.config.preset_table import SUMMARIES
from vae_keras.likelihoods import Bernoulli, SquaredError
from vae_keras.models import step_memory
from vae_keras.runs.build import build_model
from vae_keras.runs.console import (
    _describe_memory,
    member_name,
    metrics_table,
    plain_console,
    print_model_summary,
    print_presets,
)

ROW = r"(.*\S) {2,}([-\d.]+)(?: +± +([\d.]+))?"
NUMBERS = {"loss": 9.0, "recon_loss": 5.0, "kl_loss": 1.0, "kl_scaled": 4.0, "mse": 0.1}


def printed(numbers, **members):
    """Return the rows of the table: label and number."""
    console = Console(width=80)
    with console.capture() as capture:
        console.print(metrics_table(numbers, title="Test set", **members))
    title, *lines = capture.get().splitlines()
    assert title.strip() == "Test set"
    rows = {}
    for line in lines:
        label, value, error = re.fullmatch(ROW, line.rstrip()).groups()
        rows[label] = value if error is None else f"{value} ± {error}"
    return rows


def test_the_weighted_kl_is_shown_where_it_differs():
    assert printed(NUMBERS) == {
        "test loss (reconstruction + weighted KL), nats": "9.00",
        "  reconstruction": "5.00",
        "  KL": "1.00",
        "  KL, weighted": "4.00",
        "MSE per pixel": "0.10000",
    }
    assert "  KL, weighted" not in printed({**NUMBERS, "kl_scaled": 1.0})


def test_another_regulariser_is_no_kl():
    assert printed(NUMBERS, regularizer="total_correlation") == {
        "test loss (reconstruction + weighted regulariser), nats": "9.00",
        "  reconstruction": "5.00",
        "  regulariser (total correlation), weighted": "4.00",
        "KL divergence (nats)": "1.00",
        "MSE per pixel": "0.10000",
    }


def test_a_bound_of_several_samples_is_no_sum():
    rows = printed(NUMBERS, objective="importance_weighted")
    assert rows["test loss (negative importance-weighted bound), nats"] == "9.00"
    assert not any("weighted KL" in row or "KL, weighted" in row for row in rows)


def test_the_loss_of_an_autoencoder_is_not_in_nats():
    numbers = {"loss": 0.0312, "recon_loss": 0.0312, "mse": 0.0312}
    assert printed(numbers) == {
        "test loss (mean squared error per pixel value)": "0.0312",
        "MSE per pixel": "0.03120",
    }
    assert printed({**numbers, "loss": 0.05})["  without the losses of its layers"] == "0.0312"


def test_bounds_and_log_likelihood():
    found = {
        "elbo": -90.0,
        "log_likelihood": -86.76,
        "log_likelihood_standard_error": 0.25,
        "bits_per_dimension": 0.15964,
    }
    rows = printed({**NUMBERS, **found})
    assert rows["ELBO (nats)"] == "-90.00"
    assert rows["log-likelihood (nats)"] == "-86.76 ± 0.25"
    assert rows["bits per dimension"] == "0.1596"


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (regularizers.KL(), "kl"),
        (regularizers.FreeBits(), "free_bits"),
        (regularizers.MMD(), "mmd"),
        (objectives.ELBO(), "elbo"),
        (objectives.ImportanceWeighted(), "importance_weighted"),
        (priors.StandardNormal(), "standard_normal"),
    ],
)
def test_members_have_the_names_of_the_settings(part, name):
    assert member_name(part) == name


def described(model):
    console = Console(width=200)
    with console.capture() as capture:
        print_model_summary(model, console, 16)
    return capture.get().splitlines()[0]


def test_the_memory_of_a_step_and_the_batch_that_takes_less(tiny_vae):
    vae = tiny_vae()
    # The values that its layers give, by hand, and its 1,156 weights.
    values = sum(math.prod(one.shape[1:]) for one in outputs_of(vae))
    assert step_memory(vae.encoder, vae.decoder, 16) == 4 * (40 * values + 4 * 1_156)
    assert _describe_memory(vae, 16) == "A training step of 16 images takes about 0.0 GiB"
    many = 2**30
    gibibytes = 10 * many * values / 2**30
    assert _describe_memory(vae, many).startswith(
        f"A training step of {many} images takes about {gibibytes:.1f} GiB; with --batch-size "
    )
    fewer = int(_describe_memory(vae, many).split()[-4].rstrip(","))
    assert step_memory(vae.encoder, vae.decoder, fewer) <= 2 * 2**30
    assert step_memory(vae.encoder, vae.decoder, 2 * fewer) > 2 * 2**30


def outputs_of(vae):
    layers = [*vae.encoder.layers, *vae.decoder.layers]
    return keras.tree.flatten([layer.output for layer in layers])


def test_what_a_vae_has_by_default_goes_unsaid(tiny_vae):
    assert described(tiny_vae()) == (
        "Model: 1,156 parameters, code size 2, SquaredError likelihood, KL weight 1"
    )


def test_what_a_vae_has_of_its_own_is_said(tiny_vae):
    bound = tiny_vae(
        likelihood=Bernoulli(),
        prior=priors.Mixture(3),
        objective=objectives.ImportanceWeighted(),
    )
    assert described(bound) == (
        "Model: 1,156 parameters, code size 2, Bernoulli likelihood, Mixture prior, "
        "ImportanceWeighted objective, KL weight 1"
    )
    free_bits = tiny_vae(regularizer=regularizers.FreeBits(), kl_weight=0.5)
    assert described(free_bits).endswith("SquaredError likelihood, FreeBits weight 0.5")


def test_other_kinds_say_what_they_are():
    likelihood = SquaredError()
    parts = mlp((8, 8, 1), 2, likelihood, encoder_units=(8,), num_classes=3)
    assert described(ConditionalVAE(*parts, likelihood)).startswith(
        "Model: 1,204 parameters, code size 2, given one of 3 classes, SquaredError likelihood"
    )
    autoencoder = build_model(preset("autoencoder", encoder_units=(8,), latent_dim=2), (8, 8, 1))
    assert described(autoencoder) == (
        "Model: 1,138 parameters, code size 2, plain autoencoder, mean squared error"
    )


def test_presets_have_a_line_each(capsys):
    print_presets()
    *lines, empty, hint = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(SUMMARIES)
    assert all(line.rstrip().endswith(SUMMARIES[line.split()[0]]) for line in lines)
    assert empty == ""
    assert "--preset NAME" in hint


def test_a_notebook_gets_plain_lines(monkeypatch):
    assert not plain_console().is_jupyter
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    console = plain_console()
    assert not console.is_jupyter and not console.is_terminal
