"""Plots as inline SVG: no network request, no script, text in the colour of the page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_INK, SOFT = "#1c2024", "#808890"  # the ink becomes currentColor, so that a dark page stays readable
COLOURS = ("#2f6fde", "#d9622b", "#2a9d6f", "#8e5bd0", "#c23b5a", "#a58a1f")
MARKERS = "osD^vP"
_STYLE: Any = {
    "svg.fonttype": "none", "text.parse_math": False, "font.size": 10,
    "text.color": _INK, "axes.labelcolor": _INK, "axes.edgecolor": SOFT, "xtick.color": _INK,
    "ytick.color": _INK, "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False,
    "axes.facecolor": "none", "figure.facecolor": "none",
}  # fmt: skip


def legend(axes: Axes) -> None:
    """A legend below the axes."""
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=1)


def svg(draw: Callable[[Axes], None], inches: tuple[float, float], title: str) -> str:
    """What `draw` draws, as an SVG element of `inches` in width and height."""
    with mpl.rc_context({**_STYLE, "svg.hashsalt": title}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that the measuring font lacks: the browser has its own
        drawing = Figure(figsize=inches)
        draw(drawing.subplots())
        out = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        drawing.savefig(out, format="svg", bbox_inches="tight", metadata=nothing)
    drawn = out.getvalue()
    drawn = drawn[drawn.index("<svg") :].replace(_INK, "currentColor")
    # Ids of groups are alike in all plots, and a page has each id once.
    drawn = re.sub(r' id="[a-zA-Z][\w.]*_\d+"', "", drawn)
    return drawn.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1)
