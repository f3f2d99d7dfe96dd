"""Train each preset for a few epochs, load it again in a new process, and gather the figures.

    python reproductions/presets.py OUT --epochs 5

Each preset is run by the command line, as its users would, with its own data set. `OUT` gets a run
directory for each and `table.md`. Presets that are there already are not run again. Those that
take a minute or more for an epoch on a CPU see fewer images, and the table says so.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from vae_keras.config.preset_table import PRESETS

FEWER_IMAGES = {"stable_conv": 5_000, "resnet_64": 2_000}
COMMAND = [
    sys.executable,
    "-c",
    "import sys; from vae_keras.cli.main import main; sys.exit(main())",
]
COLUMNS = (
    ("loss", "{:.2f}"),
    ("recon_loss", "{:.2f}"),
    ("kl_loss", "{:.2f}"),
    ("elbo", "{:.2f}"),
    ("mse", "{:.4f}"),
    ("ssim", "{:.3f}"),
    ("knn_accuracy", "{:.3f}"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--presets", nargs="+", default=list(PRESETS), choices=list(PRESETS))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in arguments.presets:
        run = arguments.out / name
        if not (run / "reloaded.json").exists():
            train(name, run, arguments.epochs)
            reload(run)
        rows.append(row(name, run))
        write_table(arguments.out / "table.md", rows)
        print(rows[-1], flush=True)


def train(name: str, run: Path, epochs: int) -> None:
    """Train one preset for `epochs` epochs."""
    command = [*COMMAND, "train", "--preset", name, "--epochs", str(epochs), "--run-dir", str(run)]
    if name in FEWER_IMAGES:
        command += ["--train-size", str(FEWER_IMAGES[name])]
    with tempfile.TemporaryFile("w+") as log:
        if subprocess.run(command, stdout=log, stderr=log, check=False).returncode:
            log.seek(0)
            raise SystemExit(f"{name} failed:\n{log.read()[-2000:]}")


def reload(run: Path) -> None:
    """Evaluate the saved model in a new process; it must give the run's own figures."""
    answer = run / "reloaded.json"
    command = [*COMMAND, "evaluate", str(run), "--output", str(answer)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    before = json.loads((run / "metrics.json").read_text())["test"]
    after = json.loads(answer.read_text())
    for name, value in before.items():
        if abs(after[name] - value) > 1e-4 * max(1.0, abs(value)):
            answer.unlink()
            raise SystemExit(f"{run.name}: {name} was {value}, and is {after[name]} when loaded")


def row(name: str, run: Path) -> list[str]:
    """Return the cells of one preset."""
    metrics = json.loads((run / "metrics.json").read_text())
    config = json.loads((run / "config.json").read_text())
    training = metrics["training"]
    test = metrics["test"]
    # An autoencoder's loss is per pixel value: its digits begin further down.
    forms = {key: "{:.4f}" if abs(test.get(key, 1)) < 0.1 else form for key, form in COLUMNS}
    values = [form.format(test[key]) if key in test else "" for key, form in forms.items()]
    return [
        f"`{name}`",
        config["dataset"],
        f"{training['parameters']:,}",
        f"{training['train_images']:,}",
        f"{training['epochs']}",
        *values,
        f"{training['seconds']:.0f}",
    ]


def write_table(path: Path, rows: list[list[str]]) -> None:
    """Write the rows as Markdown."""
    heads = ["preset", "data", "parameters", "images", "epochs", *(key for key, _ in COLUMNS)]
    heads.append("seconds")
    lines = [heads, ["---"] * len(heads), *rows]
    path.write_text("".join(f"| {' | '.join(cells)} |\n" for cells in lines))


if __name__ == "__main__":
    main()
