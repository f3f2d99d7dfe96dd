"""HTML from templates: every text is escaped, and a page contains all that it needs."""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import TYPE_CHECKING, Any

from vae_keras.io.text import printable
from vae_keras.report.encoding import script_json
from vae_keras.report.plot import BORDERS, bokeh_script, scatter_item

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_SCRIPTS = ("decoder.js", "images.js", "plot.js", "explorer.js")


@functools.cache
def _environment() -> Environment:
    """Return the templates of this folder."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("vae_keras.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["with_code"] = _with_code
    return environment


def _visible(value: Any) -> Any:
    """Return a text without control characters, such as those that reverse its direction."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return printable(value)


def _with_code(text: str) -> Markup:
    """Return a text, escaped, with the words in backticks as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(_visible(text)))))


def render(template: str, **values: Any) -> str:
    """Fill a template of this folder; every value is escaped unless it is `Markup`."""
    return str(_environment().get_template(template).render(**values))


def static(name: str) -> Markup:
    """Return a stylesheet or script of the package, as trusted HTML."""
    from markupsafe import Markup

    return Markup(resources.files("vae_keras.report").joinpath("static", name).read_text("utf-8"))


def explorer_scripts() -> Markup:
    """Return the scripts of an explorer: BokehJS and the package's own."""
    from markupsafe import Markup

    return Markup("\n").join([Markup(bokeh_script()), *map(static, _SCRIPTS)])


def explorer_fragment(data: dict[str, Any]) -> Markup:
    """Return an explorer for a page that has `explorer.css` and `explorer_scripts()`."""
    from markupsafe import Markup

    payload = {**data, "plot": scatter_item(), "borders": BORDERS}
    text = Markup(script_json(payload))
    return Markup(render("explorer.html", data=data, payload=text))


def explorer_page(title: str, data: dict[str, Any]) -> str:
    """Return a page that contains only an explorer."""
    return render(
        "explorer_page.html",
        title=title,
        data=data,
        styles=static("base.css") + static("explorer.css"),
        explorer=explorer_fragment(data),
        scripts=explorer_scripts(),
    )
