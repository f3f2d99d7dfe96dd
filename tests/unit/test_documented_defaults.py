"""What a docstring gives as the default of an argument is its default."""

import ast
import importlib
import inspect
import re

import pytest

DEFAULT = re.compile(r"^    (\w+): .*?Defaults\s+to\s+`([^`]+)`", re.MULTILINE | re.DOTALL)


def documented_defaults(text):
    """Yield the arguments of a docstring that name a default, with it."""
    section = re.search(
        r"^Args:\n(.*?)(?:^\S|\Z)", inspect.cleandoc(text), re.MULTILINE | re.DOTALL
    )
    if section is None:
        return
    for entry in re.split(r"\n(?=    \w)", section.group(1)):
        found = DEFAULT.match(entry)
        if found:
            yield found.groups()


@pytest.mark.parametrize("package", ["evaluation", "likelihoods", "regularizers"])
def test_defaults_are_the_documented_ones(package):
    module = importlib.import_module(f"vae_keras.{package}")
    checked, wrong = 0, []
    for name in module.__all__:
        member = getattr(module, name)
        parameters = inspect.signature(member).parameters
        for argument, written in documented_defaults(member.__doc__ or ""):
            try:
                expected = ast.literal_eval(written)
            except (ValueError, SyntaxError):
                continue  # `SquaredError()` and the like
            checked += 1
            if parameters[argument].default != expected:
                wrong.append((name, argument, parameters[argument].default, expected))
    assert wrong == []
    assert checked > 5


def test_a_docstring_is_read_whole():
    text = """Do it.

    Args:
        first: Of two lines,
            > 0. Defaults to
            `1_000`.
        second: None.
        third: It. Defaults to `"a"`.

    Returns:
        fourth: Nothing. Defaults to `4`.
    """
    assert list(documented_defaults(text)) == [("first", "1_000"), ("third", '"a"')]
