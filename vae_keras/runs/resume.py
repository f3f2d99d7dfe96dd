"""Whether an interrupted run can continue: the same settings, the same data and environment."""

import time
import warnings
from typing import Any

from vae_keras.config.config import Config
from vae_keras.errors import ArgumentError, RunDirectoryError
from vae_keras.io.files import write_json
from vae_keras.runs.directory import RunDirectory
from vae_keras.runs.environment import environment
from vae_keras.runs.reading import read_environment, run_settings

# Entries of `environment.json` that cannot change a result, or are compared on their own.
_IRRELEVANT = ("command", "git_commit", "resumed", "data")


def check_same_config(config: Config, run_directory: RunDirectory) -> None:
    """Raise `ArgumentError` unless a run was begun with these settings.

    Args:
        config: The settings.
        run_directory: A run that was begun.
    """
    before, now = run_settings(run_directory).to_dict(), config.to_dict()
    differ = [name for name in now if before[name] != now[name]]
    if differ:
        raise ArgumentError(
            f"`config` must be that of the run in {run_directory.path} to continue it. Received: "
            + ", ".join(f"{name}={now[name]!r} in place of {before[name]!r}" for name in differ)
        )


def note_environment(run_directory: RunDirectory, facts: dict[str, Any]) -> None:
    """Write what a result may depend on to `environment.json`.

    If the run continues, what changed since it was begun is added under `resumed`, with a warning.

    Args:
        run_directory: The run.
        facts: What to write besides `environment()`.

    Raises:
        RunDirectoryError: If the run was begun with other data.
    """
    before = read_environment(run_directory)
    if not before:
        run_directory.write_environment(**facts)
        return
    now = {**environment(), **facts}
    checksum, sha256 = now["data"]["sha256"], before.get("data", {}).get("sha256")
    if checksum != sha256:
        raise RunDirectoryError(
            f"The data must be those that the run in {run_directory.path} was begun with. "
            f"Received: others, with checksum {checksum} in place of {sha256}"
        )
    changed = {
        name: (before.get(name), value)
        for name, value in now.items()
        if name not in _IRRELEVANT and before.get(name) != value
    }
    if changed:
        warnings.warn(
            "The run continues in another environment than it was begun in, so its metrics may "
            "differ a little from those of an uninterrupted run: "
            + "; ".join(_describe_change(name, *values) for name, values in changed.items()),
            stacklevel=2,
        )
    again = {"at": time.strftime("%Y-%m-%d %H:%M:%S"), "command": now["command"]}
    again.update({name: value for name, (_, value) in changed.items()})
    before["resumed"] = [*before.get("resumed", []), again]
    write_json(run_directory.environment, before)


def _describe_change(name: str, before: Any, now: Any) -> str:
    if isinstance(before, dict) and isinstance(now, dict):
        inner = [key for key in {**before, **now} if before.get(key) != now.get(key)]
        return ", ".join(_describe_change(key, before.get(key), now.get(key)) for key in inner)
    return f"{name} {now} in place of {before}"
