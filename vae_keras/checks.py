"""What an argument must be: one rule for each kind of value, used everywhere.

Each check takes the name of the argument as its user wrote it, and the value. It returns the value
in the form that the package computes with and saves, plain Python numbers, or raises
`ArgumentError`. The checks of arrays are in `array_checks`: the help of the command line, which
needs these here, is fast without NumPy.
"""

import re
from collections.abc import Iterable
from numbers import Integral, Real

from vae_keras.errors import ArgumentError, unknown_name

LARGEST_FLOAT32 = 3.4028234663852886e38
CROPS = ("center", "none", "pad")  # what happens to an image whose shape is not the wanted one
LARGEST_SIDE = 4096  # pixels


def as_integer(value: object) -> int | None:
    """Return a whole number, Python's or NumPy's, as an `int`; `None` for anything else.

    Booleans and floats such as 2.0 are refused: either is more likely a mistake.
    """
    # NumPy registers its integers as `Integral`, and its booleans as no number.
    return int(value) if isinstance(value, Integral) and not isinstance(value, bool) else None


def as_finite(value: object) -> float | None:
    """Return a number as a `float`; `None` unless it stays finite in float32, as models compute."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if abs(number) <= LARGEST_FLOAT32 else None


def positive_integer(name: str, value: object) -> int:
    """Return an integer above 0."""
    number = as_integer(value)
    if number is None or number < 1:
        raise ArgumentError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
    return number


def positive_integers(name: str, values: object, *, at_least: int = 0) -> tuple[int, ...]:
    """Return `at_least` or more integers above 0, as a tuple."""
    received = tuple(values) if isinstance(values, Iterable) else (None,)
    numbers = [as_integer(value) for value in received]
    checked = tuple(number for number in numbers if number is not None and number > 0)
    if len(checked) < max(len(received), at_least):
        some = f", at least {at_least} of them" if at_least else ""
        raise ArgumentError(
            f"`{name}` must be positive integers{some}. Received: {name}={values!r}"
        )
    return checked


def integer(name: str, value: object, *, at_least: int = 0) -> int:
    """Return an integer of at least `at_least`."""
    number = as_integer(value)
    if number is None or number < at_least:
        raise ArgumentError(
            f"`{name}` must be an integer of at least {at_least}. Received: {name}={value!r}"
        )
    return number


def check_seed(seed: object) -> int | None:
    """Return a seed: an integer of at least 0, or `None` for a random one."""
    return None if seed is None else integer("seed", seed)


def positive_number(name: str, value: object) -> float:
    """Return a finite number above 0."""
    number = as_finite(value)
    if number is None or not number > 0:
        raise ArgumentError(f"`{name}` must be a finite number above 0. Received: {name}={value!r}")
    return number


def not_negative(name: str, value: object) -> float:
    """Return a finite number of at least 0."""
    number = as_finite(value)
    if number is None or number < 0:
        raise ArgumentError(
            f"`{name}` must be a finite number of at least 0. Received: {name}={value!r}"
        )
    return number


def height_and_width(name: str, value: object) -> tuple[int, int]:
    """Return `(height, width)` in pixels, out of one side, two, or text: `"64"`, `"64x48"`."""
    sides: object = re.split("[x,]", value.lower()) if isinstance(value, str) else value
    given = tuple(sides) if isinstance(sides, Iterable) else (sides,)
    numbers = [
        int(one) if isinstance(one, str) and one.strip().isdecimal() else as_integer(one)
        for one in given
    ]
    known = [one for one in numbers if one is not None and 0 < one <= LARGEST_SIDE]
    if len(known) not in (1, 2) or len(known) < len(given):
        raise ArgumentError(
            f"`{name}` must be the side of a square, or height and width as 64x48, in pixels from "
            f"1 to {LARGEST_SIDE}. Received: {name}={value!r}"
        )
    return known[0], known[-1]


def red_green_blue(name: str, value: object) -> tuple[int, int, int]:
    """Return red, green and blue of a colour, each in 0..255, out of its name or `#rrggbb`."""
    if value == "white":  # the default: `--help` needs no Pillow
        return 255, 255, 255
    from PIL import ImageColor

    try:
        return ImageColor.getrgb(str(value))[:3]
    except ValueError:
        raise ArgumentError(
            f"`{name}` must be the name of a colour, as white, or #rrggbb. "
            f"Received: {name}={value!r}"
        ) from None


def one_of(name: str, value: str, known: Iterable[str]) -> str:
    """Return a name that is one of `known`; the error suggests the nearest ones."""
    names = tuple(known)
    if value not in names:
        raise unknown_name(name, value, names)
    return value
