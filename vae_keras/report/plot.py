"""The scatter plot of codes, drawn by Bokeh; the page fills it with points."""

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from vae_keras.plotting._classes import class_colors

# Pixels around the plot's frame, from which `static/plot.js` computes where the frame is.
BORDERS = {"left": 58, "right": 10, "top": 10, "bottom": 48}
_INK, _LINES, _GRID = "#4a5258", "#b9c0c5", "#eceff1"


def scatter_item() -> dict[str, Any]:
    """Return Bokeh's description of an empty scatter plot; the page finds its parts by name."""
    from bokeh.embed import json_item
    from bokeh.models import ColumnDataSource, Range1d
    from bokeh.plotting import figure

    plot = figure(
        name="plot",
        tools=[],
        toolbar_location=None,
        x_range=Range1d(start=-3, end=3),
        y_range=Range1d(start=-3, end=3),
        sizing_mode="stretch_both",
        background_fill_color=None,
        border_fill_color="white",
        outline_line_color=None,
    )
    plot.update(**{f"min_border_{side}": pixels for side, pixels in BORDERS.items()})
    points = ColumnDataSource({"x": [], "y": [], "color": []}, name="points")
    plot.scatter(
        "x",
        "y",
        source=points,
        size=6.5,
        fill_color="color",
        fill_alpha=0.85,
        line_color="white",
        line_width=0.5,
        name="scatter",
    )
    plot.grid.grid_line_color = _GRID
    for axis in plot.axis:
        axis.axis_line_color = None
        axis.major_tick_line_color = _LINES
        axis.minor_tick_line_color = None
        axis.major_label_text_color = _INK
        axis.major_label_text_font_size = "12px"
        axis.axis_label_text_color = _INK
        axis.axis_label_text_font_size = "13px"
        axis.axis_label_text_font_style = "normal"
    return _renumbered(dict(json_item(plot)))


def _renumbered(item: dict[str, Any]) -> dict[str, Any]:
    """Number Bokeh's objects from 1: Bokeh counts on through a process, so pages would differ."""
    text = json.dumps(item)
    for number, name in enumerate(dict.fromkeys(re.findall(r'"p\d+"', text)), 1):
        text = text.replace(name, f'"plot-{number}"')
    return dict(json.loads(text))


def bokeh_script() -> str:
    """Return BokehJS without its widgets and tables, as text for a `<script>` element."""
    from bokeh.resources import Resources

    return "\n".join(Resources(mode="inline", components=["bokeh"], minified=True).js_raw)


def hex_colors(names: Sequence[str]) -> list[str]:
    """Return the colour of each class for CSS, the same as in the package's figures."""
    from matplotlib.colors import to_hex

    return [to_hex(color) for color in class_colors(np.arange(len(names)), names)]
