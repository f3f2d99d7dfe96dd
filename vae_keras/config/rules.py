"""What a setting accepts: the check that its annotation names, or else the one of its type.

Like those of `vae_keras.checks`, a check takes the name of the setting and the value, and returns
the value in the form that a `Config` holds, or raises `ArgumentError`.
"""

import json
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin

from vae_keras.checks import as_finite, as_integer, height_and_width, red_green_blue
from vae_keras.errors import ArgumentError

AUGMENTATIONS = ("flip", "shift")
Check: TypeAlias = Callable[[str, Any], Any]


def check_of(annotation: Any) -> Check:
    """Return the check of a setting.

    Args:
        annotation: Type of the setting, or `Annotated[type, check]` where the type alone does not
            say what is accepted. `None` is accepted where the type has it.
    """
    kind, check = annotation, None
    if get_origin(annotation) is Annotated:
        kind, check = get_args(annotation)
    optional = NoneType in get_args(kind)
    check = check or _check_of_type(get_args(kind)[0] if optional else kind, optional)
    return lambda name, value: None if optional and value is None else check(name, value)


def one_of(*names: str) -> Check:
    """Return a check that accepts these names only."""
    return _check(lambda value: value in names, f"one of {', '.join(names)}")


def fraction(name: str, value: Any) -> float:
    """Return a number between 0 and 1, both excluded."""
    number = as_finite(value)
    if number is None or not 0 < number < 1:
        raise _refused(name, value, "between 0 and 1")
    return number


def seed(name: str, value: Any) -> int:
    """Return an integer that every backend and NumPy take as a seed."""
    number = as_integer(value)
    if number is None or not 0 <= number < 2**32:
        raise _refused(name, value, "an integer from 0 to 2**32 - 1")
    return number


def image_size(name: str, value: Any) -> str:
    """Return height and width as text, `64x48`: one word of the command line."""
    height, width = height_and_width(name, value)
    return f"{height}x{width}"


def color(name: str, value: Any) -> str:
    """Return the name of a colour."""
    red_green_blue(name, value)
    return str(value)


def class_names(name: str, value: Any) -> tuple[str, ...]:
    """Return a sequence of names of classes, or of their numbers as text, as a tuple."""
    if not isinstance(value, (tuple, list)) or not all(isinstance(one, str) for one in value):
        raise _refused(name, value, "names or numbers of classes")
    return tuple(value)


def augmentation(name: str, value: Any) -> tuple[str, ...]:
    """Return the names of changes to training images, each once, in one order."""
    if not isinstance(value, (tuple, list)) or not set(value) <= set(AUGMENTATIONS):
        raise _refused(name, value, f"any of {', '.join(AUGMENTATIONS)}")
    return tuple(one for one in AUGMENTATIONS if one in value)


def options(name: str, value: Any) -> tuple[str, ...]:
    """Return options as `NAME=VALUE` with JSON values; a dictionary is written in this form."""
    if isinstance(value, Mapping):
        return tuple(f"{key}={json.dumps(one)}" for key, one in value.items())
    if not isinstance(value, (tuple, list)) or not all(
        isinstance(one, str) and one.partition("=")[0].isidentifier() and "=" in one
        for one in value
    ):
        raise _refused(name, value, "a dictionary, or NAME=VALUE for each option")
    return tuple(value)


def read_option(option: str) -> tuple[str, Any]:
    """Return name and value of an option; a value that is not JSON is a string."""
    name, _, value = option.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _check_of_type(kind: Any, optional: bool) -> Check:
    if get_origin(kind) is Literal:
        return one_of(*get_args(kind))
    if kind is bool:
        left_out = ", or left out" if optional else ""
        return _check(lambda value: isinstance(value, bool), f"true or false{left_out}")
    return _check(lambda value: isinstance(value, kind), {str: "a string"}[kind])


def _check(accepts: Callable[[Any], bool], expected: str) -> Check:
    def check(name: str, value: Any) -> Any:
        if not accepts(value):
            raise _refused(name, value, expected)
        return value

    return check


def _refused(name: str, value: Any, expected: str) -> ArgumentError:
    return ArgumentError(f"`{name}` must be {expected}. Received: {name}={value!r}")
