"""What a release says of itself: one version everywhere, and exactly the dependencies in use."""

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Modules whose distribution has another name.
DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn", "umap": "umap-learn"}


def first_match(pattern: str, name: str) -> str:
    found = re.search(pattern, (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None, f"{name} has no {pattern}"
    return found[1]


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w.-]+", requirement)[0] for requirement in requirements}


def imported() -> set[str]:
    """The distributions that the package imports anywhere, inside functions too."""
    modules = set()
    for path in (ROOT / "vae_keras").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0 and node.module is not None, path
                modules.add(node.module.partition(".")[0])
    modules -= {*sys.stdlib_module_names, "vae_keras"}
    return {DISTRIBUTIONS.get(module, module).replace("_", "-") for module in modules}


def test_newest_release_in_the_changelog_is_the_version():
    heading = r"^## \[(\d[^\]]*)\] - \d{4}-\d{2}-\d{2}$"
    assert first_match(heading, "CHANGELOG.md") == PROJECT["version"]


def test_citation_has_version_and_date_of_the_newest_release():
    assert first_match(r"^version: (\S+)$", "CITATION.cff") == PROJECT["version"]
    date = first_match(r"^## \[\d[^\]]*\] - (\S+)$", "CHANGELOG.md")
    assert first_match(r'^date-released: "(\S+)"$', "CITATION.cff") == date


def test_every_dependency_is_imported():
    assert names(PROJECT["dependencies"]) - imported() == set()


def test_everything_imported_is_declared():
    declared = names(PROJECT["dependencies"])
    for requirements in PROJECT["optional-dependencies"].values():
        declared |= names(requirements)
    assert imported() - declared == set()
