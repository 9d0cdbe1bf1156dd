"""What all pictures share: SVG by matplotlib whose colours are the page's, so that one picture fits light, dark and paper.

Matplotlib is given colours that nobody would choose, and they are replaced by the page's custom properties afterwards.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from dashboards.report.shown import Language

# name of the page's colour -> its stand-in
_STAND_INS = {
    name: f"#0{number:x}f1e{number:x}"
    for number, name in enumerate(
        ("ink", "quiet", "line", "paper", "good", "bad", "unsure", "one", "two", "three", "four", "five", "six"), 1
    )
}
INK, QUIET, LINE, PAPER, GOOD, BAD, UNSURE, ONE, TWO, THREE, FOUR, FIVE, SIX = _STAND_INS.values()
SERIES = (ONE, TWO, THREE, FOUR, FIVE, SIX)
DASHES: tuple[tuple[float, ...], ...] = ((1, 0), (5, 1.5), (1.5, 1.5), (7, 2, 1.5, 2), (3, 1), (1, 0))
_WIDTH = 10.4
_STYLE: Any = {  # matplotlib's types name every key it knows
    "svg.fonttype": "none",
    "svg.hashsalt": "zweitherz",
    "text.parse_math": False,  # a name with two dollar signs is no formula
    "font.size": 9.5,
    "font.family": "DejaVu Sans",
    "hatch.linewidth": 1.2,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "grid.color": LINE,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "hatch.color": INK,
}


def canvas(height: float, rows: int = 1, columns: int = 1, **more: Any) -> tuple[Figure, Sequence[Any]]:  # matplotlib
    """A figure with its axes, in the report's style."""
    mpl.rcParams.update(_STYLE)
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    FigureCanvasSVG(figure)
    return figure, list(figure.subplots(rows, columns, squeeze=False, **more).flat)


def numbers(axis: Any, language: Language) -> None:  # matplotlib's Axis
    """Tick labels as the reader writes numbers."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: language.number(float(f"{value:.6g}"))))


def seconds(axes: Any, language: Language, fault: bool) -> None:  # matplotlib's Axes
    """The axis of time."""
    axes.set_xlabel(language.say("axis.fault" if fault else "axis.begin"))
    numbers(axes.xaxis, language)


def legend(axes: Any, columns: int = 6) -> None:  # matplotlib's Axes
    """Above the picture, where it hides nothing."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, borderaxespad=0.2, handlelength=2.4)


def rows_for(labels: Iterable[tuple[float, float]]) -> list[int]:
    """For labels by (begin, end), in order of begin: the first row in which each runs into no other."""
    ends: list[float] = []
    found = []
    for begin, end in labels:
        row = next((number for number, taken in enumerate(ends) if taken <= begin), len(ends))
        if row == len(ends):
            ends.append(end)
        ends[row] = max(ends[row], end)
        found.append(row)
    return found


def to_svg(figure: Figure, name: str) -> str:
    """The picture as an element for a page: its ids begin with `name`, nothing in it says when it was drawn."""
    out = io.StringIO()
    figure.savefig(
        out, format="svg", transparent=True, metadata={"Date": None, "Creator": None, "Type": None, "Format": None}
    )
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    for colour, stand_in in _STAND_INS.items():
        text = text.replace(stand_in, f"var(--{colour})")
    used = set(re.findall(r"(?:url\(|href=\")#([^\")]+)", text))
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", text)
    text = re.sub(r"(url\(|href=\")#", rf"\1#{name}-", text)
    # shorter coordinates, in tags only: what a label says is not ours to round
    text = re.sub(r"<[^>]+>", lambda tag: re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0]), text)
    # a page needs neither size nor name spaces
    text = re.sub(r'<svg [^>]*?(viewBox="[^"]+")[^>]*>', r"<svg \1>", text, count=1)
    return re.sub(r"\n\s*", "\n", text).strip()
