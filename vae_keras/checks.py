"""What an argument must be: one rule for each kind of value, used everywhere.

Each check takes the name of the argument as its user wrote it, and the value. It returns the value
in the form that the package computes with, or raises `ArgumentError`.
"""

from numbers import Integral, Real
from typing import Any

from vae_keras.errors import ArgumentError

LARGEST_FLOAT32 = 3.4028234663852886e38


def as_integer(value: Any) -> int | None:
    """Return a whole number, Python's or NumPy's, as an `int`; `None` for anything else.

    A boolean is no number, and 2.0 is no whole number: either is more likely a mistake.
    """
    # NumPy registers its integers as `Integral`; this module does not import it, to stay light.
    return int(value) if isinstance(value, Integral) and not isinstance(value, bool) else None


def as_finite(value: Any) -> float | None:
    """Return a number as a `float`; `None` unless it stays finite in float32, as models compute."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return None
    return float(value) if abs(value) <= LARGEST_FLOAT32 else None


def positive_integer(name: str, value: Any) -> int:
    """Return a whole number above 0."""
    number = as_integer(value)
    if number is None or number < 1:
        raise ArgumentError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
    return number


def integer(name: str, value: Any, *, at_least: int = 0) -> int:
    """Return a whole number of at least `at_least`."""
    number = as_integer(value)
    if number is None or number < at_least:
        raise ArgumentError(
            f"`{name}` must be an integer of at least {at_least}. Received: {name}={value!r}"
        )
    return number


def positive_number(name: str, value: Any) -> float:
    """Return a finite number above 0."""
    number = as_finite(value)
    if number is None or not number > 0:
        raise ArgumentError(f"`{name}` must be a finite number above 0. Received: {name}={value!r}")
    return number


def not_negative(name: str, value: Any) -> float:
    """Return a finite number of at least 0."""
    number = as_finite(value)
    if number is None or number < 0:
        raise ArgumentError(
            f"`{name}` must be a finite number of at least 0. Received: {name}={value!r}"
        )
    return number
