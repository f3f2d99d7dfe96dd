"""The command line: arguments in, exit code out. Nothing here loads a backend before it has to."""

import contextlib
import io
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import tyro

from vae_keras import __version__
from vae_keras.cli.commands import COMMANDS, Train
from vae_keras.cli.study_commands import Sweep, typed_settings
from vae_keras.config.config import OPTION_AXES, Config, read_config
from vae_keras.config.presets import preset
from vae_keras.errors import ArgumentError, VAEKerasError, unknown_name
from vae_keras.io.text import printable
from vae_keras.runs.directory import open_run

USER_ERROR, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: As `sys.argv[1:]`, which is the default.

    Returns:
        Exit code: 0, 2 for a mistake that one line on the standard error explains, 130 for Ctrl-C.
    """
    name, *rest = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if name == "--version":
        print(f"vae-keras {__version__}")
        return 0
    if name in ("-h", "--help"):
        print(_overview())
        return 0
    try:
        if name not in COMMANDS:
            raise unknown_name("command", name, COMMANDS)
        with _warnings_in_one_line(name):
            _parse(name, rest).run()
    except VAEKerasError as error:
        print(f"vae-keras {name}: error: {printable(error)}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print(f"vae-keras {name}: interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def _overview() -> str:
    lines = ["usage: vae-keras COMMAND [...]; `vae-keras COMMAND --help` tells more", ""]
    lines += [f"  {name:<12} {command.__doc__}" for name, command in COMMANDS.items()]
    return "\n".join(lines)


def _parse(name: str, arguments: list[str]) -> Any:
    """Let tyro read the command's fields, and turn what it has to complain about into one line."""
    options: dict[str, Any] = {}
    if name == "train":
        options["default"] = Train(settings=_starting_settings(arguments))
    elif name == "sweep":
        settings = _starting_settings(arguments)
        options["default"] = Sweep(settings=settings, typed=typed_settings(arguments))
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.cli(COMMANDS[name], args=arguments, prog=f"vae-keras {name}", **options)
    except SystemExit as stop:
        if stop.code:
            raise ArgumentError(_one_line(complaint.getvalue())) from None
        raise


def _starting_settings(arguments: list[str]) -> Config:
    """Return what the other flags override: the settings of `--config` or of `--preset`.

    With another member of an axis they are without the options of the old one, so that only an
    option that was typed can be one that the new one does not take.
    """
    given: dict[str, str] = {}
    members: dict[str, str] = {}
    for flag, value in zip(arguments, [*arguments[1:], ""], strict=True):
        name, equals, joined = flag.partition("=")
        axis = name.removeprefix("--")
        if name == "--resume":
            return _resumed_settings(arguments, run=joined if equals else value)
        if name in ("--preset", "--config"):
            given[name] = joined if equals else value
        elif name != axis and axis in ("architecture", *OPTION_AXES):
            members[axis] = joined if equals else value
    if len(given) == 2:
        raise ArgumentError(
            "`--config` and `--preset` must not be given together: a config file is complete. "
            f"Received: {given}"
        )
    if "--config" in given:
        settings = read_config(given["--config"])
    else:
        settings = preset(given.get("--preset", "default"))
    return settings.replace(**members)


def _resumed_settings(arguments: list[str], *, run: str) -> Config:
    if len(arguments) > 2 or not run or run.startswith("--"):
        raise ArgumentError(
            "`--resume` must be given with a run directory and nothing else: the run has its "
            f"settings. Received: {' '.join(arguments)}"
        )
    return read_config(open_run(run).config)


def _one_line(box: str) -> str:
    """Keep of tyro's box what is wrong and the flags that are near.

    The box has a title and rules between its parts, of plain dashes where the output is not UTF-8.
    """
    lines = [line.strip("│ ") for line in box.splitlines()[1:-1]]
    parts = " ".join("\n" if set(line) <= {"─", "-"} else line for line in lines)
    wrong, *rest = parts.strip().split("\n")
    near = re.findall(r"--[\w-]+", "".join(part for part in rest if "Perhaps you meant" in part))
    hint = f". Did you mean {' or '.join(near)}?" if near else ""
    return re.sub(r"^Error parsing (\w+/)?\w+: (?=`)", "", wrong.strip()) + hint


@contextlib.contextmanager
def _warnings_in_one_line(name: str) -> Iterator[None]:
    """Print a warning without the file and the line of code that it came from."""

    def show(message: Warning | str, *_: Any) -> None:
        print(f"vae-keras {name}: warning: {printable(message)}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show  # type: ignore[assignment]
        # A class's name in letters that matplotlib's font lacks: one for each letter and figure.
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        yield
