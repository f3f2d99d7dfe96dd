"""The values of `--vary`: from `SETTING=VALUE,VALUE` to the settings' types, and back."""

import types
from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin, get_type_hints

from vae_keras.config.config import Config
from vae_keras.errors import ArgumentError, unknown_name

_TYPES = get_type_hints(Config)
_FORMS = {bool: "True or False", int: "an integer", float: "a number", str: "a word"}


def value_text(value: Any) -> str:
    """Write a value in the form that `--vary` reads."""
    if isinstance(value, (tuple, list)):
        return f"[{','.join(map(value_text, value))}]"
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def read_vary(entries: Iterable[str]) -> dict[str, tuple[Any, ...]]:
    """Read the settings to vary and their values.

    Args:
        entries: Entries of the form `SETTING=VALUE,VALUE`. A value that is a list is written in
            brackets, say `encoder_units=[512,256],[256,256]`; `None` is written as `None`.

    Returns:
        The values of each setting.

    Raises:
        ArgumentError: If an entry has another form, a setting is unknown or given twice, or a
            value is not of the setting's type.

    Example:
        >>> read_vary(["kl_weight=0.1,1", "normalization=None,batch"])
        {'kl_weight': (0.1, 1.0), 'normalization': (None, 'batch')}
    """
    vary: dict[str, tuple[Any, ...]] = {}
    for entry in entries:
        name, equals, values = entry.partition("=")
        name = name.removeprefix("--").replace("-", "_")
        if not equals:
            raise ArgumentError(
                f"`vary` must be SETTING=VALUE,VALUE for each setting. Received: {entry!r}"
            )
        check_setting(name)
        if name in vary:
            raise ArgumentError(f"`vary` must hold each setting once. Received: {name} twice")
        vary[name] = tuple(_read_value(name, value) for value in _outside_brackets(entry, values))
    return vary


def check_setting(name: str) -> None:
    """Raise `ArgumentError`, with similar names, unless there is a setting of this name."""
    if name not in _TYPES:
        raise unknown_name("vary", name, _TYPES)


def _outside_brackets(entry: str, text: str) -> list[str]:
    """Split a text at its commas outside brackets; `entry` is the whole entry for the error."""
    parts, depth = [""], 0
    for letter in text:
        depth += {"[": 1, "]": -1}.get(letter, 0)
        if depth < 0:
            break
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    if depth or "" in parts:
        what = "an unmatched bracket" if depth else "an empty value"
        raise ArgumentError(
            f"`vary` must be SETTING=VALUE,VALUE for each setting. Received: {entry!r}, with {what}"
        )
    return parts


def _read_value(name: str, text: str) -> Any:
    """Return a text as a value of a setting."""
    kind = _TYPES[name]
    try:
        return _converted(kind, text)
    except (ValueError, KeyError):
        raise ArgumentError(
            f"`vary` must hold {_form(kind)} for `{name}`. Received: {name}={text}"
        ) from None


def _converted(kind: Any, text: str) -> Any:
    """Return a text as a value of a setting's type; `ValueError` or `KeyError` if it is none."""
    inner = get_args(kind)
    if types.NoneType in inner:
        return None if text == "None" else _converted(inner[0], text)
    if get_origin(kind) is tuple:
        if not (text.startswith("[") and text.endswith("]")):
            raise ValueError(text)
        inside = text[1:-1]
        return tuple(
            _converted(inner[0], part)
            for part in (_outside_brackets(text, inside) if inside else ())
        )
    if kind is bool or get_origin(kind) is Literal:
        return {str(value): value for value in inner or (True, False)}[text]
    return kind(text)


def _form(kind: Any) -> str:
    """Describe the values of a type for an error message."""
    origin, inner = get_origin(kind), get_args(kind)
    if types.NoneType in inner:
        return f"{_form(inner[0])} or None"
    if origin is Literal:
        return f"one of {', '.join(inner)}"
    if origin is tuple:
        return "lists in brackets such as [512,256]" if inner[0] is int else "lists in brackets"
    return _FORMS[kind]
