"""What a docstring gives as the default of an argument is its default."""

import ast
import importlib
import inspect
import re
from operator import attrgetter
from pathlib import Path

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


def documented_names(body, prefix=""):
    """Yield each function, class and method of a module that documents a default."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            if any(documented_defaults(ast.get_docstring(node) or "")):
                yield prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from documented_names(node.body, f"{prefix}{node.name}.")


def wrong_defaults(member):
    """Return how many documented defaults were compared, and those that differ."""
    own_init = isinstance(member, type) and "__init__" in vars(member)
    parameters = inspect.signature(member.__init__ if own_init else member).parameters
    checked, wrong = 0, []
    for argument, written in documented_defaults(member.__doc__):
        try:
            expected = ast.literal_eval(written)
        except (ValueError, SyntaxError):
            continue  # `SquaredError()` and the like
        checked += 1
        if parameters[argument].default != expected:
            wrong.append((argument, parameters[argument].default, expected))
    return checked, wrong


def test_defaults_are_the_documented_ones():
    total, found = 0, {}
    for path in sorted(PACKAGE.rglob("*.py")):
        names = list(documented_names(ast.parse(path.read_text("utf-8")).body))
        if names:  # others are not imported
            module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
            for name in names:
                member = attrgetter(name)(importlib.import_module(module))
                checked, wrong = wrong_defaults(member)
                total += checked
                if wrong:
                    found[f"{module}.{name}"] = wrong
    assert found == {}
    assert total > 150


def test_a_wrong_one_is_found():
    def function(first, second=2):
        """Do it.

        Args:
            first: It. Defaults to `1`.
            second: It. Defaults to `3`.
        """

    assert wrong_defaults(function) == (
        2,
        [("first", inspect.Parameter.empty, 1), ("second", 2, 3)],
    )


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
