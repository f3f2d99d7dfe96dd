import csv
import io
import statistics

import pytest

from vae_keras import Config, RunDirectory
from vae_keras.studies.sweep.table import (
    SweepResult,
    by_setting,
    csv_table,
    failures,
    markdown,
    rows_by_setting,
    sweep_table,
)

LOSSES = {(0.1, 0): 101.0, (0.1, 1): 103.5, (4.0, 0): 120.25, (4.0, 1): 119.0}


def result(weight, seed, loss):
    settings = {"kl_weight": weight, "seed": seed}
    directory = RunDirectory(f"sweep/runs/kl_weight={weight:g},seed={seed}")
    if loss is None:
        return SweepResult(settings, Config(**settings), directory, None, "`loss` became nan")
    metrics = {
        "test": {"loss": loss, "loss_standard_error": 0.1, "active_units": seed + 2, "mae": 0.1},
        "by_class": {"loss": [1.0]},
        "training": {"epochs": 3, "seconds": 1.5, "parameters": 1156},
    }
    return SweepResult(settings, Config(**settings), directory, metrics)


RESULTS = [result(weight, seed, loss) for (weight, seed), loss in LOSSES.items()]
FAILED = [*RESULTS[:3], result(4.0, 1, None)]


def test_runs_are_gathered_over_their_seeds():
    groups = by_setting(RESULTS)
    assert [group.settings for group in groups] == [{"kl_weight": 0.1}, {"kl_weight": 4.0}]
    assert [group.label for group in groups] == ["0.1", "4"]
    assert groups[1].title == "kl_weight=4"
    assert [len(group.runs) for group in groups] == [2, 2]
    (alone,) = by_setting([SweepResult({"seed": 1}, Config(), RunDirectory("run"), None, "x")])
    assert (alone.settings, alone.label) == ({}, "all seeds")


def test_a_row_is_mean_and_deviation():
    headings, rows = rows_by_setting(by_setting(RESULTS))
    assert headings == ["kl_weight", "seeds", "loss", "active"]  # of the main numbers
    losses = [LOSSES[0.1, 0], LOSSES[0.1, 1]]
    expected = f"{statistics.mean(losses):.2f} ± {statistics.stdev(losses):.2f}"
    assert rows[0] == ["0.1", "2", expected, "2.5 ± 0.7"]


def test_a_run_that_failed_does_not_count_and_is_named():
    groups = by_setting(FAILED)
    _, rows = rows_by_setting(groups)
    assert rows[1] == ["4", "1 of 2", "120.25", "2"]
    assert failures(groups) == ["kl_weight=4,seed=1 did not finish: `loss` became nan"]
    text = markdown(groups, notes=["A note."], figures=["sweep"])
    assert text.startswith("# Sweep over kl_weight\n")
    assert "| 4 | 1 of 2 | 120.25 | 2 |\n" in text
    assert "\n\nA note.\n\nkl_weight=4,seed=1 did not finish: `loss` became nan\n" in text
    assert text.endswith("![sweep](sweep.png)\n")


def test_nothing_but_failures():
    groups = by_setting([FAILED[-1]])
    assert rows_by_setting(groups) == (["kl_weight", "seeds"], [["4", "0 of 1"]])


def test_every_number_of_every_run():
    rows = list(csv.DictReader(io.StringIO(csv_table(FAILED))))
    assert list(rows[0]) == [
        *("run", "kl_weight", "seed"),
        *("training_epochs", "training_seconds", "training_parameters"),
        *("loss", "loss_standard_error", "active_units", "mae", "error"),
    ]
    assert [float(row["loss"]) for row in rows[:3]] == list(LOSSES.values())[:3]
    assert rows[0]["run"] == "kl_weight=0.1,seed=0"
    assert (rows[0]["training_epochs"], rows[0]["error"]) == ("3", "")
    assert (rows[3]["loss"], rows[3]["error"]) == ("", "`loss` became nan")


def test_console_has_the_deviation_beneath():
    table = sweep_table(by_setting(RESULTS))
    assert next(iter(table.columns[2].cells)).split("\n")[0] == "102.25"
    assert [column.header for column in table.columns] == ["kl_weight", "seeds", "loss", "active"]


@pytest.mark.parametrize("value", [(512, 256), None, "mlp"])
def test_values_are_written_as_they_are_read(value):
    text = {(512, 256): "[512,256]", None: "None", "mlp": "mlp"}[value]
    (group,) = by_setting([SweepResult({"x": value}, Config(), RunDirectory("run"), None, "x")])
    assert group.label == text
