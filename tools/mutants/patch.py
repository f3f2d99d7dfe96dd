"""Puts a mutant into a package that is imported already, or imports the package with it."""

import ast
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import types
from pathlib import Path
from typing import Any

PACKAGE = "vae_keras"


def module_name(path: str) -> str:
    """Return the name of the module of a file of the package."""
    return ".".join(Path(path).with_suffix("").parts)


def patch(path: str, scope: str, line: int, source: str) -> bool:
    """Change the imported module to what `source` says, if that is one function or one name.

    Args:
        path: Of the file, from the root of the repository.
        scope: The changed function or `Class.method`; empty for a name outside of functions.
        line: Of the change.
        source: The changed file.

    Returns:
        Whether it is done; where not, nothing is.
    """
    module = sys.modules[module_name(path)]
    tree = ast.parse(source, path)
    if not scope:
        return _patch_name(module, tree, line)
    live: Any = module
    for part in scope.split("."):
        live = vars(live)[part]
    live = live.__func__ if isinstance(live, classmethod | staticmethod) else live
    if not isinstance(live, types.FunctionType):
        return False
    body: Any = tree
    for part in scope.split("."):
        body = next(node for node in body.body if getattr(node, "name", None) == part)
    code = functools.reduce(
        _inner, scope.split("."), compile(source, module.__file__ or path, "exec")
    )
    # The default values, without the body: `super()` in it needs the class around.
    head = ast.FunctionDef("head", body.args, [ast.Pass()], [])
    names = dict(vars(module))
    _run([head], names)
    live.__code__ = code
    live.__defaults__, live.__kwdefaults__ = (
        names["head"].__defaults__,
        names["head"].__kwdefaults__,
    )
    return True


def forget(root: Path) -> None:
    """Drop the package and the tests from the imported modules."""
    for name, module in list(sys.modules.items()):
        file = str(getattr(module, "__file__", None) or "")
        tests = file.startswith(f"{root / 'tests'}{os.sep}")
        if tests or name.split(".")[0] == PACKAGE:
            del sys.modules[name]


def replace(root: Path, path: str, source: str) -> None:
    """Let the next import of a file's module find another source."""
    sys.meta_path.insert(0, _Replaced(module_name(path), str(root / path), source))


def _patch_name(module: Any, tree: ast.Module, line: int) -> bool:
    owner, body = module, tree.body
    for node in body:
        if isinstance(node, ast.ClassDef) and node.lineno < line <= (node.end_lineno or 0):
            owner, body = vars(module)[node.name], node.body
    for node in body:
        if node.lineno <= line <= (node.end_lineno or 0):
            break
    else:
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    if not isinstance(node, ast.Assign | ast.AnnAssign) or len(targets) != 1:
        return False
    name = getattr(targets[0], "id", None)
    if name is None or name not in vars(owner):
        return False
    names = {**vars(module), **(vars(owner) if owner is not module else {})}
    _run([node], names)
    old = vars(owner)[name]
    setattr(owner, name, names[name])
    if owner is module:
        for other in list(sys.modules.values()):  # that took the name from here
            if getattr(other, "__dict__", {}).get(name, None) is old:
                setattr(other, name, names[name])
    return True


def _run(statements: list[ast.stmt], names: dict[str, Any]) -> None:
    tree = ast.Module(statements, [])
    exec(compile(ast.fix_missing_locations(tree), "mutant", "exec"), names)


def _inner(code: types.CodeType, name: str) -> types.CodeType:
    """Return the code of a function or class that is defined in this one."""
    return next(
        each for each in code.co_consts if isinstance(each, types.CodeType) and each.co_name == name
    )


class _Replaced(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Finds one module, with another source than its file's."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_code(self, fullname: str) -> Any:
        return compile(self._source, self.path, "exec")
