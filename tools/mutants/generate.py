"""Which mutants there are: mutmut's operators on one file, each mutant a text of its own."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_SIZE = 100  # characters of a mutated expression that a table shows


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Attributes:
        key: Name that stays while the changed function does, whatever happens around it.
        path: Of the file, from the root of the repository.
        line: Of the change.
        scope: The function or `Class.method` that it is in; empty at the level of the module.
        change: `before -> after`, for people.
        make: Makes the whole file with the change.
    """

    key: str
    path: str
    line: int
    scope: str
    change: str
    make: Callable[[], str]

    @property
    def source(self) -> str:
        """The whole file with the change; made when asked for, as it takes long."""
        return self.make()


def mutants_of(root: Path, path: str) -> tuple[list[Mutant], int]:
    """Make all mutants of a file.

    What is in a `raise` statement or given to `log`, and a string literal with a space in it, is a
    text for people and left as it is. mutmut leaves annotations, docstrings, decorators, decorated
    functions and calls of `len` and `isinstance` alone.

    Args:
        root: Of the repository.
        path: Of the file, from there.

    Returns:
        The mutants, in the file's order, and the number of those left out as texts.
    """
    import libcst as cst
    from libcst.metadata import MetadataWrapper, PositionProvider
    from mutmut.mutation.file_mutation import MutationVisitor
    from mutmut.mutation.mutators import mutation_operators
    from mutmut.mutation.pragma_handling import IgnoredCode

    wrapper = MetadataWrapper(cst.parse_module((root / path).read_text(encoding="utf-8")))
    visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
    module = wrapper.visit(visitor)
    positions = wrapper.resolve(PositionProvider)
    texts, scopes = _texts(cst, module), dict(_scopes(cst, module))
    seen: Counter[str] = Counter()
    codes: dict[int, str] = {}
    made: list[Mutant] = []
    left_out = 0
    for mutation in visitor.mutations:
        node = mutation.original_node
        if id(node) in texts:
            left_out += 1
            continue
        scope, owner = scopes.get(id(node), ("", node))
        before, after = (
            _one_line(module.code_for_node(each)) for each in (node, mutation.mutated_node)
        )
        if id(owner) not in codes:
            codes[id(owner)] = module.code_for_node(owner)
        text = "\0".join([path, scope, codes[id(owner)], before, after])
        seen[text] += 1
        digest = hashlib.sha256(f"{text}\0{seen[text]}".encode()).hexdigest()[:12]

        def make(old=node, new=mutation.mutated_node) -> str:
            return module.deep_replace(old, new).code

        made.append(
            Mutant(
                key=digest,
                path=path,
                line=positions[node].start.line,
                scope=scope,
                change=_shown(before, after),
                make=make,
            )
        )
    return made, left_out


def _texts(cst, module) -> set[int]:
    """Return the nodes of texts for people."""
    found: set[int] = set()
    for node in _walk(module):
        logs = isinstance(node, cst.Call) and getattr(node.func, "value", None) in ("log", "say")
        if isinstance(node, cst.Raise) or logs:
            found.update(id(child) for child in _walk(node))
        elif isinstance(node, cst.SimpleString) and " " in node.value:
            found.add(id(node))
    return found


def _scopes(cst, module) -> Iterator[tuple[int, tuple[str, object]]]:
    """Yield each node of a function or method, with its name and the function's node."""
    for statement in module.body:
        if isinstance(statement, cst.FunctionDef):
            yield from ((id(n), (statement.name.value, statement)) for n in _walk(statement))
        elif isinstance(statement, cst.ClassDef):
            for member in statement.body.body:
                if isinstance(member, cst.FunctionDef):
                    name = f"{statement.name.value}.{member.name.value}"
                    yield from ((id(n), (name, member)) for n in _walk(member))


def _walk(node) -> Iterator:
    yield node
    for child in node.children:
        yield from _walk(child)


def _one_line(code: str) -> str:
    return re.sub(r"\s+", " ", code).strip()


def _shown(before: str, after: str) -> str:
    """Return `before -> after` without the long beginning and end that they share."""
    if len(before) + len(after) <= _SIZE:
        return f"{before} -> {after}"
    start = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
        min(len(before), len(after)),
    )
    start = max(0, start - 20)
    return f"...{before[start : start + _SIZE]} -> ...{after[start : start + _SIZE]}"
