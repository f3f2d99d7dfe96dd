"""Kill training runs, fail their disk, jump their clock; resume them; compare with runs left alone.

    python tests/robustness/run_faults.py --kills 100 --others 6 --output faults.json
    python tests/robustness/run_faults.py --kills 20 --others 0 --backend jax --output jax.json

Every run is a process of its own, at a moment and a place that the seed decides. Prints the table:
fault, times injected, runs lost, numbers that differ. A second call with the same output continues
where the first one stopped. Fails if a run was lost or a number differs.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from faults.configurations import CONFIGURATIONS
from faults.injections import FAULTS, Injection, planned
from faults.table import complaints, markdown, summed

_OWN_MOUNTS = "FAULTS_OWN_MOUNTS"


def main() -> int:
    arguments = parsed()
    small_disk = arguments.small_disk and in_own_mounts()
    injections = planned(
        kills=arguments.kills,
        others=arguments.others,
        seed=arguments.seed,
        configurations=arguments.configurations,
        small_disk=small_disk,
    )
    if arguments.faults:
        injections = [one for one in injections if one.fault in arguments.faults]
    if not small_disk:
        print("no small file system can be mounted here: that row is left out", flush=True)
    with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as temporary:
        folder = arguments.folder or Path(temporary)
        results = played(injections, arguments, folder)
        wrong = complaints(results)
        for line in wrong:
            print(line)
        print(markdown(results), end="")
        if wrong and arguments.folder is None:
            print("give --folder to keep the runs that went wrong")
    return 1 if any(row["lost"] or row["different"] for row in summed(results)) else 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--kills", type=int, default=100, help="runs that are killed")
    add("--others", type=int, default=6, help="runs for each other fault")
    add("--seed", type=int, default=0, help="decides moments and places")
    add("--backend", default="tensorflow", choices=["tensorflow", "jax", "torch"])
    add("--jobs", type=int, default=2, help="runs at the same time")
    add("--configurations", nargs="+", default=list(CONFIGURATIONS), choices=CONFIGURATIONS)
    add("--faults", nargs="+", choices=FAULTS, metavar="FAULT", help="only these rows")
    add("--no-small-disk", dest="small_disk", action="store_false", help="mount nothing")
    add("--folder", type=Path, help="for the runs; those that went wrong stay there")
    add("--output", type=Path, help="a JSON file of the results; what it has is not done again")
    return parser.parse_args()


def in_own_mounts() -> bool:
    """Begin anew where this process may mount what no other sees; return whether it does.

    The small file systems end with the process, however it ends.
    """
    if os.environ.get(_OWN_MOUNTS):
        return True
    command = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--map-root-user", "-m"]
    with tempfile.TemporaryDirectory() as folder:
        attempt = [*command, "mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", folder]
        if (
            shutil.which("unshare") is None
            or subprocess.run(attempt, capture_output=True, check=False).returncode
        ):
            return False
    os.environ[_OWN_MOUNTS] = "1"
    sys.stdout.flush()
    os.execvp(command[0], [*command, sys.executable, *sys.argv])


def played(
    injections: list[Injection], arguments: argparse.Namespace, folder: Path
) -> list[dict[str, Any]]:
    """Play what has no result yet, some at a time, and write each result at once."""
    from faults import processes
    from faults.laboratory import Laboratory

    setting = {"backend": arguments.backend, "seed": arguments.seed}
    results = read(arguments.output, setting)
    known = {one["key"] for one in results}
    todo = [one for one in injections if one.key not in known]
    print(f"{len(injections)} runs, {len(injections) - len(todo)} of them done", flush=True)
    processes.prepare(arguments.backend)
    laboratory = Laboratory(folder, arguments.jobs)
    began = time.monotonic()
    with ThreadPoolExecutor(arguments.jobs) as pool:
        waiting = [pool.submit(laboratory.play, injection) for injection in todo]
        try:
            for number, done in enumerate(as_completed(waiting), 1):
                results.append(done.result())
                write(arguments.output, setting, results)
                say(number, len(todo), time.monotonic() - began, results[-1])
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return results


def say(number: int, count: int, seconds: float, result: dict[str, Any]) -> None:
    """Print one line of progress."""
    how = "LOST" if result["lost"] else f"{len(result['different'])} numbers differ"
    hits = "; ".join(one["hit"] or "not hit" for one in result["processes"][: result["planned"]])
    left = seconds / number * (count - number)
    print(
        f"{number}/{count}  {result['key']} ({result['configuration']}): {hits or 'nothing'}: {how}"
        f"  [{seconds / 60:.1f} min, {left / 60:.0f} to go]",
        flush=True,
    )


def read(path: Path | None, setting: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the results that a file has, if it is of the same setting."""
    if path is None or not path.exists():
        return []
    kept = json.loads(path.read_text())
    if kept["setting"] != setting:
        raise SystemExit(f"{path} is of another setting: {kept['setting']}")
    return kept["results"]


def write(path: Path | None, setting: dict[str, Any], results: list[dict[str, Any]]) -> None:
    """Write all results so far, beside and renamed."""
    if path is None:
        return
    from faults.processes import machine

    text = {"setting": setting, "machine": machine(), "table": summed(results), "results": results}
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(json.dumps(text, indent=1) + "\n")
    os.replace(beside, path)


if __name__ == "__main__":
    sys.exit(main())
