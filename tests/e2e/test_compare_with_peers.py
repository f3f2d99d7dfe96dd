"""The comparison with peers, on one of them and with next to no images."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "compare.py"
AMOUNTS = {
    **{"rounds": 2, "images": 200, "epochs": 2, "inference_images": 150, "starts": 1},
    **{"agreement_images": 1280, "agreement_epochs": 8},
}


def compare(*arguments):
    done = subprocess.run(
        [sys.executable, PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.thorough
def test_a_table_of_two_that_do_the_same(tmp_path):
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in AMOUNTS.items()]
    printed = compare(
        *["--architectures", "mlp_400x2", "--peers", "keras_subclass", "pythae", *flags],
        *["--measure", "training", "agreement", "--backend", "tensorflow"],
        *["--peak-seconds", "0.01", "--output", tmp_path],
    )
    one = json.loads((tmp_path / "compared.json").read_text())["architectures"]["mlp_400x2"]
    assert set(one["figures"]) == {"training", "memory", "agreement"}
    # 784 x 400, 400 x 400, two heads of 20, and back: the multiplications of the dense layers.
    dense = 2 * (784 * 400 + 400 * 400) + 3 * 400 * 20
    assert one["flop"] == 6 * dense
    assert one["parameters"] == dense + 4 * 400 + 2 * 20 + 784
    ours, rate = (one["figures"]["training"][name] for name in ("vae_keras", "keras_subclass"))
    ratios = [b / a for a, b in zip(ours["seconds"], rate["seconds"], strict=True)]
    assert rate["ratio"] == pytest.approx(sum(ratios) / 2)
    losses = [figure["loss"] for figure in one["figures"]["agreement"].values()]
    assert max(losses) < 330  # an untrained model has 544
    assert one["disagreeing"] == []
    assert "| `keras_subclass` | " in printed
    assert "`pythae` was skipped: cannot be imported: " in printed
    kept = tmp_path / "compared.json"
    assert "none fell" in compare("--read", kept, "--against", kept)
