"""The report of a run: one HTML file with all its metrics and figures."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from vae_keras.errors import ArgumentError
from vae_keras.io.files import write_text
from vae_keras.report.encoding import data_url
from vae_keras.report.explorer import Explorer
from vae_keras.report.render import explorer_scripts, render, static

_LARGEST_SIDE = 16_383  # pixels, the limit of WebP; bars of a thousand classes are higher
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Table:
    """Rows of text.

    Attributes:
        title: Heading.
        rows: Cells of each row, all rows of one length; the first cell names the row.
        header: Heading of each column; empty for none.
        collapsed: Whether the table is closed until the reader opens it.
    """

    title: str
    rows: Sequence[Sequence[object]]
    header: Sequence[str] = ()
    collapsed: bool = False


@dataclass(frozen=True)
class Report:
    """A page about a run, in one file for any browser.

    Every text is escaped: names and paths may contain any characters.

    Attributes:
        title: Heading of the page.
        subtitle: A line below the title: data, model, date.
        headline: The metrics to read first, as `(label, value, note)`, all text; the note is a
            standard error, a comparison, or empty.
        findings: Remarks on the metrics; each has `title`, `severity` (`"good"`, `"info"`,
            `"warning"` or `"error"`), `text` and `advice`, as a mapping or attributes.
        figures: Figures, as `(caption, content of a PNG file)`.
        explorer: The latent explorer, or `None`.
        tables: Tables of all metrics, of the config and of the environment.
    """

    title: str
    subtitle: str = ""
    headline: Sequence[tuple[str, str, str]] = ()
    findings: Sequence[Any] = ()
    figures: Sequence[tuple[str, bytes]] = ()
    explorer: Explorer | None = None
    tables: Sequence[Table] = ()

    @property
    def html(self) -> str:
        """The complete page.

        Raises:
            ArgumentError: If a figure is no PNG file.
        """
        styles = static("base.css") + static("report.css")
        scripts = None
        if self.explorer is not None:
            styles += static("explorer.css")
            scripts = explorer_scripts()
        return render(
            "report.html",
            title=self.title,
            subtitle=self.subtitle,
            headline=self.headline,
            findings=[_finding(one) for one in self.findings],
            figures=[_embedded_figure(caption, png) for caption, png in self.figures],
            explorer=None if self.explorer is None else self.explorer.fragment,
            tables=self.tables,
            styles=styles,
            scripts=scripts,
        )

    def save(self, path: str | Path) -> None:
        """Write the page to a file.

        Raises:
            ArgumentError: If a figure is no PNG file.
            RunDirectoryError: If the file cannot be written.
        """
        write_text(path, self.html)


def _finding(finding: Any) -> dict[str, str]:
    """Return a finding for the template, from a mapping or an object."""

    def part(name: str) -> str:
        if isinstance(finding, Mapping):
            return str(finding.get(name) or "")
        return str(getattr(finding, name, "") or "")

    return {name: part(name) for name in ("title", "severity", "text", "advice")}


def _embedded_figure(caption: str, png: bytes) -> dict[str, Any]:
    """Return a figure for the template, as lossless WebP if that is smaller."""
    if not png.startswith(_PNG):
        raise ArgumentError(
            f"`figures` must hold the content of PNG files. Received: {png[:8]!r}... as {caption!r}"
        )
    # WebP has the same pixels in about half the bytes, and a run may have many figures.
    image, file = Image.open(io.BytesIO(png)), io.BytesIO()
    if max(image.size) <= _LARGEST_SIDE:
        image.save(file, "webp", lossless=True, quality=50, method=2)
    smaller = 0 < len(file.getvalue()) < len(png)
    url = data_url(file.getvalue(), "image/webp") if smaller else data_url(png, "image/png")
    width, height = image.size
    return {"caption": caption, "url": url, "width": width, "height": height}
