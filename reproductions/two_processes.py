"""Train on two processes of this machine as on two machines, and compare with one process.

    python reproductions/two_processes.py --folder /tmp/two

Each process gets what a machine would: the address of the first one, the number of processes and
its own number, as environment variables, and the same command. The batches and the noise, and so
the loss curve, are those of one process; the largest relative difference is printed, and more than
1e-4 of it is a failure. Runs on the processor, with JAX.
"""

import argparse
import csv
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TRAIN = Path(__file__).parents[1] / "train.py"
SETTINGS = [
    *["--dataset", "digits", "--train-size", "1001", "--batch-size", "64", "--epochs", "5"],
    *["--warmup-epochs", "2", "--architecture", "mlp", "--encoder-units", "64"],
]
LIMIT = 1e-4


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="Other arguments are settings of `train`."
    )
    parser.add_argument("--folder", type=Path, help="where the two runs go; must be new or empty")
    parser.add_argument("--processes", type=int, default=2)
    arguments, settings = parser.parse_known_args()
    if arguments.folder is not None:
        return compare(arguments.folder, arguments.processes, [*SETTINGS, *settings])
    with tempfile.TemporaryDirectory() as folder:
        return compare(Path(folder), arguments.processes, [*SETTINGS, *settings])


def compare(folder: Path, count: int, settings: list[str]) -> int:
    finish([start(folder / "one", settings)])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    finish(
        [
            start(
                folder / "several",
                [*settings, "--distribute"],
                KERAS_DISTRIBUTION_JOB_ADDRESSES=address,
                KERAS_DISTRIBUTION_NUM_PROCESSES=str(count),
                KERAS_DISTRIBUTION_PROCESS_ID=str(number),
            )
            for number in range(count)
        ]
    )
    one, several = (history(folder / name / "history.csv") for name in ("one", "several"))
    worst = 0.0
    print(f"epoch   loss of one process   of {count}   val_loss of one   of {count}")
    for epoch, (alone, shared) in enumerate(zip(one, several, strict=True), 1):
        shown = [row[name] for name in ("loss", "val_loss") for row in (alone, shared)]
        print(f"{epoch:5}  ", "  ".join(f"{value:.7g}" for value in shown))
        for name in alone:
            if name != "seconds":
                difference = abs(alone[name] - shared[name])
                worst = max(worst, difference / max(abs(alone[name]), 1e-6))
    print(f"largest relative difference of any column: {worst:.1e}")
    return 1 if worst > LIMIT else 0


def start(run: Path, settings: list[str], **variables: str) -> subprocess.Popen:
    environment = {**os.environ, **variables, "JAX_PLATFORMS": "cpu", "KERAS_BACKEND": "jax"}
    command = [sys.executable, str(TRAIN), *settings, "--run-dir", str(run)]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, env=environment, **pipe)


def finish(processes: list[subprocess.Popen]) -> None:
    while any(process.poll() is None for process in processes):
        time.sleep(0.2)
        if any(process.returncode for process in processes):
            break  # the others would wait for it for minutes
    failed = next((process for process in processes if process.returncode), None)
    for process in processes:
        process.kill()
        output = process.communicate()[0]
        if process is failed:
            print(output[-3000:], file=sys.stderr)
    if failed is not None:
        raise SystemExit(f"a process ended with code {failed.returncode}")


def history(path: Path) -> list[dict[str, float]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


if __name__ == "__main__":
    sys.exit(main())
