"""Which tests a mutant is for: those that call what it changes."""

import contextlib
import hashlib
import importlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mutants.fork import in_fork
from mutants.generate import Mutant
from mutants.trial import Reach, outside_modules, run_tests


def reach_of_tests(root: Path, tests: Iterable[str], cache: Path) -> dict[str, Any]:
    """Run the tests unchanged: of each file, what each test calls and how long it takes.

    Kept in the file `cache`, of each file of tests until that changes.
    """

    found = [root / test for test in tests if test.endswith(".py")]
    found += [path for test in tests for path in sorted((root / test).rglob("test_*.py"))]
    digests = {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
    }
    known = json.loads(cache.read_text()) if cache.exists() else {"files": {}, "modules": []}
    new = [name for name in digests if known["files"].get(name, {}).get("of") != digests[name]]
    if new:
        print(f"the tests of {len(new)} files, unchanged", file=sys.stderr, flush=True)

        def work() -> Any:
            reach = Reach(root)
            code = run_tests(root, new, reach)
            if code:
                raise RuntimeError(reach.failed or f"pytest's exit code {code}")
            return {"files": reach.by_file(), "modules": outside_modules(root)}

        told = in_fork(work, 3600.0)
        for name, of_file in told["files"].items():
            known["files"][name] = {**of_file, "of": digests[name]}
        known["modules"] = sorted({*known["modules"], *told["modules"]})
        cache.write_text(json.dumps(known))
    for name in known["modules"]:  # so that no fork has to
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    return {name: known["files"][name] for name in digests if name in known["files"]}


def fewer(reach: dict[str, Any], cases: int, longest: float) -> None:
    """Leave so many cases of each parametrised test, spread evenly, and no test that takes long."""
    for file in reach.values():
        groups: dict[str, list[str]] = {}
        for name, told in file["tests"].items():
            if told["seconds"] <= longest:
                groups.setdefault(name.split("[")[0], []).append(name)
        kept: set[str] = set()
        for names in groups.values():
            count = min(cases or len(names), len(names))
            kept.update(names[i * len(names) // count] for i in range(count))
        file["tests"] = {name: told for name, told in file["tests"].items() if name in kept}


def tests_for(mutant: Mutant, reach: dict[str, Any], look: Iterable[str]) -> list[str]:
    """Return the tests that call the changed function, by file, the quickest file first.

    A change outside of functions is for all tests of the files that call anything in the module.
    The files in `look` look at functions without calling them, and are for all.
    """
    inside = f"{mutant.path}::{mutant.scope}"

    def calls(names: list[str]) -> bool:
        return inside in names if mutant.scope else any(name.startswith(inside) for name in names)

    chosen = []
    for name_of, file in reach.items():
        calling = [name for name, told in file["tests"].items() if calls(told["calls"])]
        if name_of in look or calls(file["setup"]) or (calling and not mutant.scope):
            calling = list(file["tests"])
        chosen.append((sum(file["tests"][name]["seconds"] for name in calling), calling))
    return [name for _, calling in sorted(chosen) for name in calling]


def files_of(tests: list[str]) -> list[str]:
    return list(dict.fromkeys(test.split("::")[0] for test in tests))
