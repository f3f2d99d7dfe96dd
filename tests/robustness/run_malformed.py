"""Does any malformed file get code run, a file read or written, or take long, when it is loaded?

    python tests/robustness/run_malformed.py --output /tmp/malformed

gives well over a thousand malformed data and `.keras` files, of a hundred kinds, to `load_dataset`,
`vae_keras.load` and, one in ten, to a command. They are loaded in a child process; a folder of
secrets beside it is watched, and Python's audit hooks listen. `/tmp/malformed/results.jsonl` has a
line for each file, and what is there already is not done again; `table.md` and `table.json` are the
table that is printed. Exit code 1 where a file had anything run, read or written outside of it, an
error was not the package's own and clear, or it took more than 2 s (by the wall clock and of the
processor: a busy machine stretches the first) or 1 GiB. Linux only.
"""

import argparse
import json
import math
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from malformed import whole
from malformed.canary import Canary
from malformed.cases import Malformed, all_cases
from malformed.processes import Loader
from malformed.table import faults, markdown, rows_by_kind

MOST_SECONDS, MOST_MIB = 2.0, 1024.0
_EVERY = 10  # of the refused files, one is given to a command too
_TRIES = 3  # of a file that took long: the machine may have been busy


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, help="folder for results, kept")
    parser.add_argument("--model", type=Path, help="a whole .keras file; by default made here")
    parser.add_argument("--each", type=int, help="take only so many of each kind")
    parser.add_argument("--kind", default="", help="take only kinds whose name begins so")
    arguments = parser.parse_args()
    output = arguments.output.absolute()
    output.mkdir(parents=True, exist_ok=True)
    model = arguments.model.read_bytes() if arguments.model else whole.model(output)
    (output / "whole.keras").write_bytes(model)
    canary = Canary(output / "canary")
    chosen, counts = [], Counter[str]()
    for case in all_cases(model, canary.folder):
        counts[case.kind] += 1
        wanted = case.kind.startswith(arguments.kind)
        if wanted and counts[case.kind] <= (arguments.each or math.inf):
            chosen.append(case)
    canary.touched(output)  # by what made the files
    results = _results(output / "results.jsonl", chosen, canary, output)
    rows = rows_by_kind(results)
    text = markdown(rows)
    (output / "table.md").write_text(text)
    (output / "table.json").write_text(json.dumps([row._asdict() for row in rows], indent=1))
    print(text)
    wrong = faults(results, most_seconds=MOST_SECONDS, most_mib=MOST_MIB)
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{len(results)} files of {len(rows)} kinds, {len(wrong)} faults")
    return 1 if wrong else 0


def _results(
    path: Path, cases: list[Malformed], canary: Canary, output: Path
) -> list[dict[str, Any]]:
    """Load every file that has no result yet."""
    done = {}
    if path.exists():
        lines = path.read_text().splitlines()
        done = {one["name"]: one for one in map(json.loads, filter(_whole_line, lines))}
    contents: dict[str, str] = {}
    with Loader(output / "child.log") as loader, path.open("a") as file:
        for number, case in enumerate(cases):
            if case.name in done:
                continue
            if not contents:
                endings = {case.ending for case in cases}
                contents = _whole_contents(loader, output, endings)
            result = _result(case, loader, canary, output, command=number % _EVERY == 0)
            result["same"] = result.get("content") in contents.values()
            done[case.name] = result
            file.write(json.dumps(result) + "\n")
            file.flush()
            if number % 20 == 0:
                print(f"\r{number} of {len(cases)}: {case.kind:60.60}", end="", file=sys.stderr)
    shutil.rmtree(output / "now", ignore_errors=True)
    print(file=sys.stderr)
    return [done[case.name] for case in cases]


def _result(
    case: Malformed, loader: Loader, canary: Canary, output: Path, *, command: bool
) -> dict[str, Any]:
    path, file = case.put(output / "now")
    task = {"loader": case.loader, "path": str(path), "name": file.name}
    result = loader.ask(task)
    for _ in range(_TRIES - 1):
        if result["seconds"] > MOST_SECONDS and result["outcome"] != "killed":
            again = loader.ask(task)
            for clock in ("seconds", "processor"):
                result[clock] = min(result[clock], again[clock])
    if command and result["outcome"] == "refused":
        arguments = _arguments(case, path, output)
        other = loader.ask({**task, "loader": "command", "arguments": arguments})
        result["command"] = other["outcome"]
        if other["outcome"] != "refused":
            result["message"] = other.get("message", "")
    touched = canary.touched(path.parent)
    heard = ", ".join(result.pop("heard", []))
    return {"name": case.name, "kind": case.kind, **result, "touched": touched, "executed": heard}


def _arguments(case: Malformed, path: Path, output: Path) -> list[str]:
    """Return a command that has to read the file."""
    new = str(output / "now" / "new")
    if case.loader == "model":
        return ["sample", str(path), "--output", f"{new}.png"]
    if case.loader == "folder":
        return ["encode", str(output / "whole.keras"), str(path), "--output", f"{new}.csv"]
    dataset = "fashion_mnist" if case.loader == "idx" else "array"
    return ["train", "--dataset", dataset, "--data", str(path), "--run-dir", new]


def _whole_contents(loader: Loader, output: Path, endings: set[str]) -> dict[str, str]:
    """Return what the loaders make of whole files; it also warms the process up."""
    makers = {"idx": whole.idx_gz, "npy": whole.npy, "npz": whole.npz}
    makers["keras"] = (output / "whole.keras").read_bytes
    contents = {}
    for ending in sorted(endings):
        kind = {"jpg": "JPEG", "tif": "TIFF"}.get(ending, ending.upper())
        content = makers[ending]() if ending in makers else whole.picture(kind)
        case = Malformed("whole", "whole", ending, lambda path, c=content: path.write_bytes(c))
        contents[ending] = _loaded(case, loader, output)
    return contents


def _loaded(case: Malformed, loader: Loader, output: Path) -> str:
    path, file = case.put(output / "now")
    for _ in range(2):
        result = loader.ask({"loader": case.loader, "path": str(path), "name": file.name})
    if result["outcome"] != "loaded":
        raise SystemExit(f"A whole file is refused: {result}")
    return str(result["content"])


def _whole_line(line: str) -> bool:
    """Tell whether a line was written to its end before the program was killed."""
    return line.startswith("{") and line.endswith("}")


if __name__ == "__main__":
    raise SystemExit(main())
