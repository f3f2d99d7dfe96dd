"""The command line: arguments in, exit code out. A backend is loaded only once it is needed."""

import contextlib
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import vae_keras
from vae_keras.cli.arguments import parse_command
from vae_keras.cli.commands import COMMANDS
from vae_keras.errors import VAEKerasError, unknown_name
from vae_keras.io.interrupts import keep_interrupts
from vae_keras.io.text import printable

USER_ERROR, INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: As `sys.argv[1:]`, which is the default.

    Returns:
        Exit code: 0, 2 after a mistake, which one line on the standard error explains, or 130
        after Ctrl-C.
    """
    name, *rest = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if name == "--version":
        print(f"vae-keras {vae_keras.__version__}")
        return 0
    if name in ("-h", "--help"):
        print(_overview())
        return 0
    try:
        if name not in COMMANDS:
            raise unknown_name("command", name, COMMANDS)
        with _warnings_in_one_line(name), keep_interrupts():
            parse_command(name, rest).run()
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


@contextlib.contextmanager
def _warnings_in_one_line(name: str) -> Iterator[None]:
    """Print a warning without the file name and the line of code it was raised in."""

    def show(message: Warning | str, *_: Any) -> None:
        print(f"vae-keras {name}: warning: {printable(message)}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.showwarning = show  # type: ignore[assignment]
        # matplotlib warns of each letter of a class name that its font lacks, in each figure.
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        yield
