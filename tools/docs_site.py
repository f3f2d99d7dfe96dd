"""Hooks of `mkdocs build`: tables of flags, files beside docs/, formulae, checks of the whole site.

mkdocs.yml names this file. The package is read and not imported, so that the site builds without
Keras. Each problem is a warning, and with `strict: true` a warning fails the build.
"""

import ast
import html
import itertools
import logging
import re
import zlib
from pathlib import Path

from latex2mathml.converter import convert

log = logging.getLogger("mkdocs.hooks.docs_site")
ROOT = Path(__file__).parents[1]
# Beside the names of `vae_keras.__all__`: the packages whose `__all__` has a page of its own.
PUBLIC = ("data", "models")
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', re.DOTALL)
# What a browser would ask another server for; a link that a reader may follow is none.
FOREIGN = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"']?(?:https?:)?//[^>]*>"
    r"|<link\b(?=[^>]*rel=[\"']?(?:stylesheet|preconnect|preload|icon))"
    r"[^>]*href=[\"']?(?:https?:)?//[^>]*>"
)
CODE = re.compile(r"<code>([^<]*)</code>")
FLAG = re.compile(r"(?<![\w-])--[a-z][\w-]*")
INCLUDE = re.compile(r"<!-- include (\S+) -->")
# TeX leaves a thin space beside a function's name, where no bracket or sign stands.
FUNCTION = re.compile(r"(?<=</mi>)<mi>(log|exp)</mi>|(?<=</mfrac>)<mi>(log|exp)</mi>")
BEFORE_A_NAME = re.compile(r"<mi>(log|exp)</mi>(?=<m(?!o|row><mo))")
SPACE = '<mspace width="0.17em"></mspace>'
TABLE = re.compile(r"<!-- flags of (\S+) in (\S+) -->")
POSITIONAL = {"_Model": "MODEL", "_Run": "RUN", "_Images": "IMAGE ...", "_Runs": "RUN RUN ..."}
PATH = re.compile(
    r"(?<![\w/.-])((?:benchmarks|notebooks|reproductions|tests|tools|vae_keras)/[\w./-]*\w)"
)
# Files that a reader will write.
EXAMPLES = {
    "notebooks/NAME.py",
    "vae_keras/likelihoods/laplace.py",
    "vae_keras/regularizers/sparse_means.py",
}
LINK = re.compile(r"\]\(([^)\s]+)\)")


def on_page_markdown(markdown, **kwargs):
    """Put tables in the place of `<!-- flags of CLASS in FILE -->`, a file in that of `include`."""

    def included(match):
        text = (ROOT / match.group(1)).read_text(encoding="utf-8")
        text = text.replace("](docs/developing/", "](").replace("](docs/", "](../")
        # The other files of the repository have no page.
        return re.sub(r"\[([^]]+)\]\((?!CHANGELOG)[A-Z]+\.md\)", r"`\1`", text).replace(
            "](CHANGELOG.md", "](changelog.md"
        )

    markdown = INCLUDE.sub(included, markdown)
    return TABLE.sub(lambda match: flags(match.group(1), ROOT / match.group(2)), markdown)


def flags(name, path):
    """Return a table of a dataclass' fields, each with the docstring below it."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    (found,) = [node for node in body if isinstance(node, ast.ClassDef) and node.name == name]
    rows = ["| flag | default | what it is |", "| --- | --- | --- |"]
    for field, text in itertools.pairwise(found.body):
        if not (isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr)):
            continue
        kind = ast.unparse(field.annotation)
        if "Suppress" in kind:
            continue
        value = ast.unparse(field.value) if field.value else ""
        flag, default = f"`--{field.target.id.replace('_', '-')}`", f"`{value.strip(chr(39))}`"
        if kind in POSITIONAL:
            flag, default = f"`{POSITIONAL[kind]}`", ""
        elif value == "tyro.MISSING":
            default = "must be given"
        elif value == "()":
            default = "none"
        words = " ".join(ast.literal_eval(text.value).split())
        choices = re.search(r"Literal\[([^]]*)\]", kind)
        if choices:
            words += f" One of {choices.group(1).replace(chr(39), '`')}."
        rows.append(f"| {flag} | {default} | {words} |")
    return "\n".join(rows)


def on_page_content(html_text, **kwargs):
    """Replace each formula, which arithmatex has marked, by MathML; keep flags on one line."""

    def mathml(match):
        display = "block" if match.group(1) == "div" else "inline"
        formula = convert(html.unescape(match.group(2)).strip(), display=display)
        formula = BEFORE_A_NAME.sub(rf"\g<0>{SPACE}", formula)
        return FUNCTION.sub(rf"{SPACE}\g<0>", formula)

    def whole(match):
        return FLAG.sub(r'<span class="flag">\g<0></span>', match.group(0))

    return CODE.sub(whole, FORMULA.sub(mathml, html_text))


def on_post_build(config, **kwargs):
    """Warn of undocumented public names, requests to other servers, and files that are gone."""
    site = Path(config["site_dir"])
    documented = inventory(site / "objects.inv")
    for name in sorted(public_names() - documented):
        log.warning("`%s` is public and not in docs/api/", name)
    for page in sorted(site.rglob("*.html")):
        for tag in FOREIGN.findall(page.read_text(encoding="utf-8")):
            log.warning("%s asks another server: %s", page.relative_to(site), tag)
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for path in sorted(set(PATH.findall(page.read_text(encoding="utf-8"))) - EXAMPLES):
            if not (ROOT / path).exists():
                log.warning("%s names %s, which is not there", page.relative_to(ROOT), path)
    for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"):
        for link in dead_links(ROOT / name):
            log.warning("%s links to %s, which is not there", name, link)


def inventory(path):
    """Return the names that mkdocstrings has documented."""
    raw = path.read_bytes()
    head = re.match(rb"(?:#.*\n){4}", raw).end()
    lines = zlib.decompress(raw[head:]).decode("utf-8").splitlines()
    return {line.split(" ", 1)[0] for line in lines}


def public_names():
    """Return the full names of all that `vae_keras` and its public packages export."""
    names = set()
    packages = [name for name in exported(ROOT / "vae_keras") if module_of(name) is not None]
    for name in exported(ROOT / "vae_keras"):
        names.add(f"vae_keras.{name}")
    for package in {*packages, *PUBLIC}:
        path = module_of(package)
        names |= {f"vae_keras.{package}.{name}" for name in exported(path)}
    return names


def module_of(name):
    """Return the folder or file of a public package or module, or `None` for another name."""
    for path in (ROOT / "vae_keras" / name, ROOT / "vae_keras" / f"{name}.py"):
        if path.exists():
            return path
    return None


def exported(path):
    """Return a module's `__all__`, or what it defines, without importing it."""
    source = path / "__init__.py" if path.is_dir() else path
    body = ast.parse(source.read_text(encoding="utf-8")).body
    for node in body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            if isinstance(node.value, ast.List):
                return ast.literal_eval(node.value)
            return sorted(shown_to_type_checkers(body))
    defined = [node.name for node in body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
    return [name for name in defined if not name.startswith("_")]


def shown_to_type_checkers(body):
    """Yield what the block `if TYPE_CHECKING:` of a lazy package imports to be exported."""
    for block in body:
        for node in block.body if isinstance(block, ast.If) else ():
            if isinstance(node, ast.ImportFrom):
                yield from (alias.name for alias in node.names if alias.asname == alias.name)


def dead_links(path):
    """Yield the relative links that lead nowhere, of a Markdown file that need not exist."""
    if not path.exists():
        return
    for link in LINK.findall(path.read_text(encoding="utf-8")):
        target = link.partition("#")[0]
        if target and "://" not in target and not (path.parent / target).exists():
            yield link
