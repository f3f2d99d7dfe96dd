"""What a docstring gives as the default of an argument is its default."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

import vae_keras

PACKAGE = Path(vae_keras.__file__).parent
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


def documented(body):
    """Yield each function and class of a module, with the expressions of its defaults by name."""
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield node, defaults_of(node.args)
        elif isinstance(node, ast.ClassDef):
            fields = [one for one in node.body if isinstance(one, ast.AnnAssign)]
            defaults = {one.target.id: one.value for one in fields if one.value is not None}
            for one in node.body:
                if isinstance(one, ast.FunctionDef) and one.name == "__init__":
                    defaults = defaults_of(one.args)
            yield node, defaults
            yield from documented(node.body)


def defaults_of(arguments):
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(reversed(positional), reversed(arguments.defaults), strict=False),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return {argument.arg: value for argument, value in pairs if value is not None}


def value_of(expression, path):
    """Evaluate a default, in its module if it is not a literal."""
    try:
        return ast.literal_eval(expression)
    except ValueError:
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        return eval(ast.unparse(expression), vars(importlib.import_module(name)))


def wrong_defaults(path):
    """Return how many documented defaults of a file were compared, and those that differ."""
    checked, wrong = 0, []
    for node, defaults in documented(ast.parse(path.read_text("utf-8")).body):
        for argument, written in documented_defaults(ast.get_docstring(node) or ""):
            try:
                expected = ast.literal_eval(written)
            except (ValueError, SyntaxError):
                continue  # `SquaredError()` and the like
            checked += 1
            if argument not in defaults:
                wrong.append((node.name, argument, "no default", expected))
            elif (value := value_of(defaults[argument], path)) != expected:
                wrong.append((node.name, argument, value, expected))
    return checked, wrong


def test_defaults_are_the_documented_ones():
    found = {path: wrong_defaults(path) for path in PACKAGE.rglob("*.py")}
    assert {str(path): wrong for path, (_, wrong) in found.items() if wrong} == {}
    assert sum(checked for checked, _ in found.values()) > 150


@pytest.mark.parametrize(
    ("signature", "wrong"),
    [
        ("def f(a, b=1): ...", []),
        ("def f(a, *, b=1): ...", []),
        ("def f(b=2, a=1): ...", [("f", "b", 2, 1)]),
        ("def f(a, b): ...", [("f", "b", "no default", 1)]),
        ("class f:\n    b: int = 3", [("f", "b", 3, 1)]),
        ("class f:\n    def __init__(self, b=4): ...", [("f", "b", 4, 1)]),
    ],
)
def test_a_wrong_one_is_found(tmp_path, signature, wrong):
    docstring = '"""Do.\n\nArgs:\n    b: It. Defaults to `1`.\n"""'
    head, _, body = signature.partition(":")
    indented = docstring.replace("\n", "\n    ")
    body = body if body.startswith("\n") else f"\n    {body.strip()}"
    path = tmp_path / "module.py"
    path.write_text(f"{head}:\n    {indented}{body}\n")
    assert wrong_defaults(path) == (1, wrong)


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
