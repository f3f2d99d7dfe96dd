"""Mutation testing: does a test fail when a line of the mathematics is changed?

    python tools/mutation.py --results /tmp/mutation.jsonl
    python tools/mutation.py --results /tmp/mutation.jsonl --sample 500 --seed 1
    python tools/mutation.py --results /tmp/mutation.jsonl --only regularizers/mmd --survivors

mutmut makes the mutants (`pip install 'vae-keras[mutation]'`). Everything is imported once, and
each mutant is a fork that puts one change in its place and runs the tests that call the changed
function, the quickest files first, up to the first failure. A mutant that takes five times as
long as the tests did, and ten seconds more, is killed by the clock. What is done stands in the
file of results, a line a mutant: call it again and it continues. docs/developing/testing.md has the
figures.
"""

import argparse
import hashlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SUBJECTS = ("checks.py", "math.py", "likelihoods", "regularizers", "evaluation")
TESTS = (
    "tests/unit/test_checks.py",
    "tests/unit/test_math.py",
    "tests/unit/likelihoods",
    "tests/unit/regularizers",
    "tests/unit/evaluation",
    "tests/reference",
    "tests/unit/test_documented_defaults.py",
)
LOOK = ("tests/unit/test_documented_defaults.py",)  # at functions, without calling them
KILLED = ("killed", "too slow")
SLACK = 10.0  # seconds that a mutant may take beside five times what its tests took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, required=True, help="JSON lines; made or gone on")
    parser.add_argument("--only", default="", help="paths that contain this")
    parser.add_argument("--sample", type=int, help="so many of each module, drawn by chance")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument(
        "--again", action="store_true", help="only what no test killed, on all cases"
    )
    parser.add_argument("--cases", type=int, default=3, help="of a parametrised test; 0 for all")
    parser.add_argument("--longest", type=float, default=10.0, help="seconds of a test")
    parser.add_argument("--survivors", action="store_true", help="list them under the table")
    parser.add_argument("--backend", default="torch", help="torch has no graphs to compile")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    # One thread each: a fork of a process whose threads have run cannot use them.
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "Agg"}
    os.environ.update(KERAS_BACKEND=arguments.backend, **threads, **quiet)

    from mutants.generate import mutants_of
    from mutants.reach import fewer, reach_of_tests

    paths = [path for path in subject_files() if arguments.only in path]
    made = {path: mutants_of(ROOT, path) for path in paths}
    mutants = [mutant for found, _ in made.values() for mutant in found]
    texts = sum(left_out for _, left_out in made.values())
    equivalent = {entry["key"]: entry for entry in read_equivalent()}
    results = read_results(arguments.results)
    chosen = [mutant for mutant in mutants if mutant.key not in equivalent]
    if arguments.again:
        tried = {key for key, row in results.items() if row["status"] != "killed"}
        todo = [mutant for mutant in chosen if mutant.key in tried]
    else:
        chosen = sample(chosen, arguments.sample, arguments.seed)
        todo = [mutant for mutant in chosen if mutant.key not in results]
    say(f"{len(mutants)} mutants, {texts} texts left out, {len(todo)} to try")
    if todo:
        with arguments.results.open("a", buffering=1) as file:

            def note(row: dict[str, Any]) -> None:
                results[row["key"]] = row
                file.write(json.dumps(row) + "\n")

            reach = reach_of_tests(ROOT, TESTS, arguments.results.with_suffix(".reach.json"))
            fewer(reach, 0 if arguments.again else arguments.cases, arguments.longest)
            try_all(todo, reach, note, arguments.again)
    rows = [results[mutant.key] for mutant in chosen if mutant.key in results]
    print(table(mutants, rows, equivalent))
    if arguments.survivors:
        for row in sorted(rows, key=lambda row: (row["path"], row["line"])):
            if row["status"] not in KILLED:
                print(f"{row['key']} {row['path']}:{row['line']} {row['scope']}: {row['change']}")


def sample(mutants: list[Any], size: int | None, seed: int) -> list[Any]:
    """Return so many mutants of each module, drawn by chance; all where `size` is `None`.

    A larger sample of the same seed holds the smaller one, and other mutants change nothing.
    """
    drawn = sorted(
        mutants, key=lambda mutant: hashlib.sha256(f"{seed} {mutant.key}".encode()).digest()
    )
    taken: Counter[str] = Counter()
    kept = []
    for mutant in drawn:
        taken[group(mutant.path)] += 1
        if size is None or taken[group(mutant.path)] <= size:
            kept.append(mutant)
    return kept


def subject_files() -> list[str]:
    """Return the files to mutate, from the root; `__init__.py` only names things."""
    package = ROOT / "vae_keras"
    found = [package / subject for subject in SUBJECTS if subject.endswith(".py")]
    for subject in SUBJECTS:
        files = sorted((package / subject).rglob("*.py"))
        found += [path for path in files if path.name != "__init__.py"]
    return [path.relative_to(ROOT).as_posix() for path in found]


def read_equivalent() -> list[dict[str, str]]:
    """Return the mutants that no test can tell from the package, each with its reason."""
    return json.loads((Path(__file__).parent / "mutants" / "equivalent.json").read_text())


def read_results(path: Path) -> dict[str, dict[str, Any]]:
    """Return the last result of each mutant."""
    if not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
    return {row["key"]: row for row in rows}


def try_all(
    mutants: list[Any],
    reach: dict[str, Any],
    note: Callable[[dict[str, Any]], None],
    afresh_too: bool,
) -> None:
    """Try mutants one after the other, and call `note` with the row of each.

    With `afresh_too`, a changed name at the level of a module or class that survives is tried in a
    fresh import as well: other names may be made from it. That takes seconds.
    """
    from mutants.fork import in_fork
    from mutants.patch import forget, patch, replace
    from mutants.reach import files_of, tests_for
    from mutants.trial import Chosen, Collected, run_tests

    tests = {mutant.key: tests_for(mutant, reach, LOOK) for mutant in mutants}
    seconds = {
        name: told["seconds"] for file in reach.values() for name, told in file["tests"].items()
    }
    # The quick ones first, so that there is much to read soon.
    mutants = sorted(mutants, key=lambda mutant: sum(seconds[test] for test in tests[mutant.key]))
    terminal = os.dup(2)  # pytest takes the streams

    def in_place(mutant: Any) -> str | None:
        if not patch(mutant.path, mutant.scope, mutant.line, mutant.source):
            return None
        return collected.run(tests[mutant.key])

    def afresh(mutant: Any) -> str:
        forget(ROOT)
        replace(ROOT, mutant.path, mutant.source)
        only = Chosen(tests[mutant.key])
        code = run_tests(ROOT, files_of(tests[mutant.key]), only)
        return only.failed or ("" if code == 0 else f"exit code {code}")

    def status(mutant: Any) -> tuple[str, str]:
        only = tests[mutant.key]
        if not only:
            return "no tests", ""
        limit = SLACK + 5.0 * sum(seconds[test] for test in only)
        for way in (in_place, afresh):
            try:
                failed = in_fork(lambda way=way: [way(mutant)], limit)
            except RuntimeError as error:
                return "killed", str(error)[-300:]
            if failed is None:
                return "too slow", ""
            if failed[0]:
                return "killed", failed[0]
            if failed[0] == "" and (mutant.scope or not afresh_too):
                break  # a changed function is the same in a fresh import; a name may be in others
        return "survived", ""

    def work() -> None:
        start = time.monotonic()
        for number, mutant in enumerate(mutants, 1):
            began = time.monotonic()
            found, by = status(mutant)
            names = ("key", "path", "line", "scope", "change")
            row = {name: getattr(mutant, name) for name in names}
            took = round(time.monotonic() - began, 2)
            note(
                {**row, "status": found, "by": by, "tests": len(tests[mutant.key]), "seconds": took}
            )
            if number % 100 == 0 or number == len(mutants):
                line = f"{number} of {len(mutants)}, {time.monotonic() - start:.0f} s\n"
                os.write(terminal, line.encode())

    collected = Collected(work)
    run_tests(ROOT, files_of([test for only in tests.values() for test in only]), collected)
    if collected.failed:
        raise SystemExit(f"The tests fail without a mutant: {collected.failed}")


def group(path: str) -> str:
    """Return the subject that a file belongs to."""
    return path.removeprefix("vae_keras/").split("/")[0].removesuffix(".py")


def table(mutants: list[Any], rows: list[dict[str, Any]], equivalent: dict[str, Any]) -> str:
    """Return the score by module, as Markdown."""

    groups = list(dict.fromkeys(group(mutant.path) for mutant in mutants))
    lines = [
        "| module | mutants | equivalent | tried | killed | by the clock | survived | score |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in [*groups, "all"]:
        own = [mutant for mutant in mutants if name in ("all", group(mutant.path))]
        tried = [row["status"] for row in rows if name in ("all", group(row["path"]))]
        killed, slow = (tried.count(status) for status in KILLED)
        score = f"{(killed + slow) / len(tried):.1%}" if tried else "-"
        same = sum(mutant.key in equivalent for mutant in own)
        left = len(tried) - killed - slow
        cells = [name, len(own), same, len(tried), killed, slow, left, score]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
