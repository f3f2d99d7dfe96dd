from pathlib import Path

import pytest

from vae_keras import Config, RunDirectory
from vae_keras.studies.compare.table import (
    comparison_table,
    differing_settings,
    result_rows,
    run_names,
)
from vae_keras.studies.finished import FinishedRun


def run(numbers, **settings):
    metrics = {"test": numbers, "training": {"epochs": 3, "seconds": 61.4, "parameters": 243465}}
    return FinishedRun(RunDirectory("run"), Config(**settings), metrics)


RUNS = [
    run({"loss": 105.06, "loss_standard_error": 0.24, "mse": 0.0093, "ssim": 0.8, "kl_loss": 25.0}),
    run({"loss": 104.0, "mse": 0.0101, "ssim": 0.8, "kl_loss": 24.0, "a_new_number": 1.5}),
    run({"loss": 110.0, "mse": 0.0093, "ssim": 0.8}),
]


def test_the_best_of_a_row_is_marked_and_errors_stand_beside():
    rows = {row.label: row.cells for row in result_rows(RUNS, incomparable=())}
    assert rows["loss"] == ("105.06 ± 0.24", "104.00 *", "110.00")
    assert rows["MSE per pixel"] == ("0.00930 *", "0.01010", "0.00930 *")  # both of two
    assert rows["SSIM"] == ("0.800", "0.800", "0.800")  # none is better
    assert rows["KL divergence (nats)"] == ("25.00", "24.00", "")  # neither is better
    assert rows["a new number"] == ("", "1.5000", "")
    assert rows["parameters"] == ("243,465",) * 3
    assert rows["seconds of training"] == ("61",) * 3


def test_more_is_better_for_some():
    runs = [run({"elbo": -100.0, "knn_accuracy": 0.9}), run({"elbo": -99.0, "knn_accuracy": 0.8})]
    rows = {row.label: row.cells for row in result_rows(runs, incomparable=())}
    assert rows["ELBO (nats)"] == ("-100.00", "-99.00 *")
    assert rows["k-NN accuracy of codes"] == ("0.900 *", "0.800")


def test_nothing_is_best_that_does_not_compare():
    rows = {row.label: row.cells for row in result_rows(RUNS, incomparable={"loss"})}
    assert rows["loss"] == ("105.06 ± 0.24", "104.00", "110.00")
    assert rows["MSE per pixel"][0].endswith("*")


def test_settings_that_differ():
    configs = [Config(), Config(latent_dim=10), Config(encoder_units=(512, 256))]
    rows = {row.label: row.cells for row in differing_settings(configs)}
    assert rows == {
        "latent_dim": ("2", "10", "2"),
        "encoder_units": ("None", "None", "[512,256]"),
    }
    assert differing_settings([Config(), Config()]) == []


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["runs/a", "runs/b"], ["a", "b"]),
        (["one/seed=0", "two/seed=0", "two/seed=1"], ["one/seed=0", "two/seed=0", "two/seed=1"]),
        (["a/x/r", "b/x/r"], ["a/x/r", "b/x/r"]),
    ],
)
def test_names_tell_runs_apart(paths, names):
    assert run_names([Path(path) for path in paths]) == names


def test_a_terminal_has_errors_for_two_runs():
    rows = result_rows(RUNS, incomparable=())
    cells = list(comparison_table(rows[:1], ["a", "b", "c"]).columns[1].cells)
    assert cells == ["105.06"]
    rows = result_rows(RUNS[:2], incomparable=())
    cells = list(comparison_table(rows[:1], ["a", "b"]).columns[1].cells)
    assert cells == ["105.06 ± 0.24"]
