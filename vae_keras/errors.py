"""The package's own errors: each message is one line that says what to do next.

A message names the argument in backticks, says what was expected and ends with
`Received: ...`. The command line prints the message alone and exits with code 2.
"""

import difflib
from collections.abc import Iterable


class VAEKerasError(Exception):
    """Base of every error that a user's input or machine can cause."""


class ArgumentError(VAEKerasError, ValueError):
    """An argument, a flag or a setting is out of range or contradicts another."""


class DataError(VAEKerasError, ValueError):
    """Images or labels cannot be read or do not fit the model."""


class ModelFileError(VAEKerasError, ValueError):
    """A saved model is missing, damaged or another kind of model."""


class RunDirectoryError(VAEKerasError, OSError):
    """A run directory exists already, cannot be written, or was not written by this package."""


class ExportError(VAEKerasError, RuntimeError):
    """A model cannot be written for another runtime, or gives other results there."""


class TrainingDivergedError(VAEKerasError, ArithmeticError):
    """A term of the loss became infinite or not a number."""


def unknown_name(argument: str, received: object, known: Iterable[str]) -> ArgumentError:
    """Return the error for a name that is not one of `known`, with the nearest ones.

    Args:
        argument: Name of the argument, without backticks.
        received: The value that the user passed.
        known: The names that exist.
    """
    names = sorted(known)
    near = difflib.get_close_matches(str(received).lower(), names, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
    return ArgumentError(
        f"`{argument}` must be one of {', '.join(names)}.{hint} Received: {argument}={received!r}"
    )
