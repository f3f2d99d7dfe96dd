"""The comparison with the peers: its table, the operations it counts, and what it calls a fall."""

import copy
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest
from comparison.against import regressions
from comparison.contenders import ENTRIES, OURS
from comparison.figures import disagreeing, quartiles, reached
from comparison.flops import multiplications, training_flop

from vae_keras import build_model, preset

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
AMOUNTS = {
    **{"rounds": 2, "images": 200, "epochs": 2, "inference_images": 150, "starts": 1},
    **{"agreement_images": 1280, "agreement_epochs": 8},
}


def compare(*arguments, **environment):
    return subprocess.run(
        [sys.executable, BENCHMARKS / "compare.py", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A tiny comparison with all peers that need no compiler, one of them broken."""
    folder = tmp_path_factory.mktemp("compared")
    broken = folder / "broken"
    broken.mkdir()
    (broken / "pythae.py").write_text("raise ImportError('is broken on purpose')")
    path = os.pathsep.join([str(broken), os.environ.get("PYTHONPATH", "")])
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in AMOUNTS.items()]
    peers = ("keras_subclass", "torch_eager", "torch_channels_last", "jax_scan", "pythae")
    done = compare(
        *["--architectures", "mlp_400x2", "--peers", *peers, *flags, "--output", folder],
        *["--measure", "training", "inference", "memory", "first_step", "agreement"],
        *["--backend", keras.backend.backend(), "--peak-seconds", "0.01"],
        PYTHONPATH=path,
        OMP_WAIT_POLICY="passive",  # PyTorch's threads, beside those of other tests
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "compared.json").read_text()), done.stdout


@pytest.mark.slow
def test_table_has_all_figures(measured):
    result, printed = measured
    one = result["architectures"]["mlp_400x2"]
    taking_part = {OURS, "keras_subclass"}
    taking_part |= {"torch_eager"} if importlib.util.find_spec("torch") else set()
    taking_part |= {"jax_scan"} if importlib.util.find_spec("jax") else set()
    assert set(one["figures"]) == {"training", "inference", "memory", "first_step", "agreement"}
    for figures in one["figures"].values():
        assert set(figures) == taking_part
    assert set(result["contenders"]) == taking_part
    assert result["settings"]["backend"] == result["contenders"][OURS]["backend"]
    # 784 x 400, 400 x 400, two heads of 20, and back: the multiplications of the dense layers.
    dense = 2 * (784 * 400 + 400 * 400) + 3 * 400 * 20
    assert one["flop"] == 6 * dense
    assert one["parameters"] == dense + 4 * 400 + 2 * 20 + 784
    rate = one["figures"]["training"]["keras_subclass"]
    assert rate["images_per_second"] == pytest.approx(
        sum(AMOUNTS["images"] * AMOUNTS["epochs"] / second for second in rate["seconds"]) / 2
    )
    ours = one["figures"]["training"][OURS]["seconds"]
    ratios = [b / a for a, b in zip(ours, rate["seconds"], strict=True)]
    assert rate["ratio"] == pytest.approx(sum(ratios) / 2)
    assert rate["gflops"] == pytest.approx(rate["images_per_second"] * one["flop"] / 1e9)
    for name, first in one["figures"]["first_step"].items():
        assert first["seconds_from_start"] > first["seconds_from_fit"] > 0
        assert one["figures"]["memory"][name]["process_mb"] > 50
        assert f"| `{name}` | " in printed


@pytest.mark.slow
def test_all_contenders_do_the_same(measured):
    one = measured[0]["architectures"]["mlp_400x2"]
    losses = [figure["loss"] for figure in one["figures"]["agreement"].values()]
    assert max(losses) < 330  # an untrained model has 544
    assert one["disagreeing"] == []


@pytest.mark.slow
def test_who_cannot_take_part_is_named(measured):
    result, printed = measured
    skipped = result["architectures"]["mlp_400x2"]["skipped"]
    # It needs PyTorch, which it looks for first.
    why = "broken on purpose" if importlib.util.find_spec("torch") else "No module named 'torch'"
    assert why in skipped["pythae"]
    assert set(skipped) | set(result["contenders"]) == {
        *(OURS, "keras_subclass", "torch_eager", "torch_channels_last", "jax_scan", "pythae")
    }
    assert "`pythae` was skipped: cannot be imported: " in printed


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (lambda: keras.layers.Dense(5), (7,), 7 * 5),
        (lambda: keras.layers.Dense(5), (3, 7), 3 * 7 * 5),
        (lambda: keras.layers.Conv2D(4, 3, padding="same"), (6, 8, 2), 6 * 8 * 9 * 2 * 4),
        (lambda: keras.layers.Conv2D(4, 3, strides=2, padding="same"), (7, 7, 2), 16 * 9 * 2 * 4),
        (lambda: keras.layers.Conv2D(4, 3), (6, 8, 2), 4 * 6 * 9 * 2 * 4),
        (
            lambda: keras.layers.Conv2DTranspose(4, 5, strides=2, padding="same"),
            (3, 4, 2),
            3 * 4 * 25 * 2 * 4,
        ),
        (lambda: keras.layers.ReLU(), (7,), 0),
    ],
)
def test_multiplications_of_a_layer(layer, shape, expected):
    inputs, built = keras.Input(shape), layer()
    model = keras.Model(inputs, built(inputs))
    assert multiplications(built) == expected
    assert training_flop(model) == 6 * expected
    outside = keras.Input(shape)
    assert training_flop(keras.Model(outside, model(outside))) == 6 * expected


def test_a_layer_that_is_not_counted_is_an_error():
    inputs = keras.Input((5, 2))
    layer = keras.layers.Conv1D(3, 2)
    layer(inputs)
    with pytest.raises(ValueError, match="Received: Conv1D"):
        multiplications(layer)


def test_operations_of_the_architectures():
    vae = build_model(preset("conv"), (28, 28, 1))
    by_hand = (
        14 * 14 * 9 * 32 + 7 * 7 * 9 * 32 * 64 + 2 * 3136 * 20  # encoder
        + 20 * 3136 + 7 * 7 * 16 * 64 * 32 + 14 * 14 * 16 * 32  # decoder
    )  # fmt: skip
    assert training_flop(vae.encoder, vae.decoder) == 6 * by_hand
    vae = build_model(preset("stable_conv"), (28, 28, 1))
    assert training_flop(vae.encoder, vae.decoder) == pytest.approx(1.3e9, rel=0.05)


def test_time_to_a_loss_is_taken_between_two_epochs():
    curve = [(2.0, 300.0), (3.0, 280.0), (4.0, 260.0)]
    assert reached(curve, 270.0) == pytest.approx((3.5, 2.5))
    assert reached(curve, 260.0) == (4.0, 3.0)
    assert reached(curve, 310.0) == (2.0, 1.0)
    assert reached(curve, 250.0) == (None, None)


def test_disagreement():
    losses = {"a": 250.0, "b": 252.0, "c": 280.0}
    figures = {"agreement": {name: {"loss": loss} for name, loss in losses.items()}}
    assert disagreeing(figures, 0.05) == ["c: a loss of 280.00, where the median is 252.00"]
    assert disagreeing(figures, 0.2) == []
    figures["agreement"]["a"]["loss"] = float("nan")
    assert len(disagreeing(figures, 0.2)) >= 1
    assert disagreeing({}, 0.1) == []


def fake(ratio, spread=0.02):
    """A result with one ratio."""
    figure = {
        **{"images_per_second": 1000.0, "ms_per_step": 1.0, "processor_ms_per_step": 2.0},
        **{"gflops": 17.0, "ratio": ratio},
        "ratio_quartiles": [ratio - spread, ratio + spread],
    }
    ours = {**figure, "ratio": 1.0, "ratio_quartiles": [1.0, 1.0]}
    contenders = {
        name: {"versions": {"keras": "3.15.1"}, "device": "cpu", "backend": None}
        for name in (OURS, "keras_subclass")
    }
    return {
        **{"format": 1, "version": "0.1.0", "date": "2026-01-01", "peak": None},
        "machine": {
            **{"processor": "one", "cores": 2, "memory_gb": 8.0, "accelerator": None},
            **{"system": "Linux", "python": "3.11"},
        },
        "settings": {"backend": "tensorflow", "batch_size": 128},
        "contenders": contenders,
        "architectures": {
            "conv": {
                **{"parameters": 243_465, "flop": 17_122_560, "skipped": {}, "disagreeing": []},
                "amounts": {"epochs": 2, "images": 10_000, "rounds": 7},
                "load": {"training": [0.0, 1.0]},
                "figures": {"training": {OURS: ours, "keras_subclass": figure}},
            }
        },
    }


@pytest.mark.parametrize(
    ("new", "falls"),
    [
        (fake(1.5), False),
        (fake(1.38), False),  # beyond the quartiles, but not by 10 %
        (fake(1.34), True),
        (fake(1.34, spread=0.2), False),  # by 10 %, within the quartiles
        (fake(3.0), False),
    ],
)
def test_regressions(new, falls):
    fell, compared = regressions(fake(1.5), new)
    assert compared == 1
    assert bool(fell) == falls


def test_against_a_kept_table(tmp_path):
    kept, slower, other = (tmp_path / f"{name}.json" for name in ("kept", "slower", "other"))
    kept.write_text(json.dumps(fake(1.5)))
    result = fake(1.2)
    result["machine"]["processor"] = "another"
    slower.write_text(json.dumps(result))
    done = compare("--read", slower, "--against", kept)
    assert (done.returncode, done.stderr) == (1, "")
    assert "fell: conv, training, against keras_subclass: 1.20" in done.stdout
    assert "differs: machine, processor: another, was one" in done.stdout
    assert "| `keras_subclass` | 1,000 | 1.20 (1.18 to 1.22) | " in done.stdout

    assert "none fell" in compare("--read", kept, "--against", kept).stdout
    result = copy.deepcopy(result)
    result["architectures"] = {}
    other.write_text(json.dumps(result))
    done = compare("--read", other, "--against", kept)
    assert done.returncode == 1
    assert "no ratio in common" in done.stderr


def test_a_table_of_something_that_trained_wrongly_fails(tmp_path):
    result = fake(1.5)
    result["architectures"]["conv"]["disagreeing"] = ["jax_scan: a loss of 1.00"]
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(result))
    done = compare("--read", path)
    assert done.returncode == 1
    assert "does not do the same: conv, jax_scan: a loss of 1.00" in done.stdout


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--peers", "nobody"], "invalid choice: 'nobody'"),
        (["--rounds", "0"], "must be at least 1"),
        (["--backend", "theano"], "must be tensorflow, jax or torch, not theano"),
        (["--against", "/no/such.json"], "there is no file /no/such.json"),
    ],
)
def test_wrong_input(flags, complaint):
    done = compare(*flags)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_each_contender_has_its_file():
    for entry in ENTRIES.values():
        assert (BENCHMARKS / "peers" / f"{entry.module}.py").is_file()


def test_quartiles():
    assert quartiles([3.0]) == (3.0, 3.0)
    assert quartiles([1.0, 2.0, 3.0, 4.0, 5.0]) == (2.0, 4.0)
