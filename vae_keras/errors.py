"""The package's own errors: each message is one line that says what to do next.

A message names the argument in backticks, says what was expected and ends with
`Received: ...`. The command line prints the message alone and exits with code 2.
"""

import difflib
from collections.abc import Iterable
from numbers import Integral


class VAEKerasError(Exception):
    """Base of every error that a user's input or machine can cause."""


class ArgumentError(VAEKerasError, ValueError):
    """An argument, flag or configuration value makes no sense."""


class DataError(VAEKerasError, ValueError):
    """Images or labels cannot be read or do not fit the model."""


class ModelFileError(VAEKerasError, ValueError):
    """A saved model is missing, damaged or another kind of model."""


class RunDirectoryError(VAEKerasError, OSError):
    """A run directory exists already, cannot be written or is not one."""


class ExportError(VAEKerasError, RuntimeError):
    """A model cannot be written for another runtime, or computes something else there."""


class TrainingDivergedError(VAEKerasError, ArithmeticError):
    """A term of the loss became infinite or not a number."""


def unknown_name(argument: str, received: object, known: Iterable[str]) -> ArgumentError:
    """Return the error for a name that is not one of `known`, with the nearest ones.

    Args:
        argument: Name of the argument, without backticks.
        received: What the user gave.
        known: The names that exist.
    """
    names = sorted(known)
    near = difflib.get_close_matches(str(received).lower(), names, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
    return ArgumentError(
        f"`{argument}` must be one of {', '.join(names)}.{hint} Received: {argument}={received!r}"
    )


def check_seed(seed: object) -> None:
    """Raise `ArgumentError` unless `seed` is an integer of at least 0, of NumPy too, or `None`."""
    if seed is not None and (not isinstance(seed, Integral) or seed < 0):
        raise ArgumentError(f"`seed` must be an integer >= 0. Received: seed={seed!r}")
