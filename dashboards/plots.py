"""The pictures of a report, by matplotlib: one function each, from `dashboards.series` to a figure."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from dashboards.series import Series

INK, QUIET, GRID = "#1d2733", "#6b7785", "#e3e8ee"
LOST, SURVIVOR, FAILED = "#4c78a8", "#2a9d6f", "#d1495b"
_PALETTE = ("#4c78a8", "#f2a541", "#2a9d6f", "#b56bb0", "#8c6d46", "#5f6c7b")
_PHASES = {
    "warm-up": "#f3f5f8",
    "steady": "#ffffff",
    "loss": "#fbe3e6",
    "takeover": "#fdf0da",
    "recovered": "#e9f6f0",
    "drain": "#f3f5f8",
}
_DASHES: tuple[tuple[float, ...], ...] = ((1, 0), (4, 1.2), (1, 0), (1.2, 1.2), (6, 2), (2, 2))
_WIDTH = 10.5
_AXIS = "seconds since the fault"

plt.rcParams.update(
    {
        "font.size": 10,
        "font.family": "DejaVu Sans",
        "axes.edgecolor": QUIET,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": GRID,
        "axes.axisbelow": True,
        "legend.frameon": False,
    }
)


def timeline(series: Series, lost: str, survivor: str) -> Figure:
    """Phases as bands, marks as flags, on one axis."""
    figure, axes = plt.subplots(figsize=(_WIDTH, 2.5))
    begin, end = _extent(series)
    for phase, (start, stop) in series.phases.items():
        axes.axvspan(start, stop, ymin=0, ymax=0.3, color=_PHASES.get(phase, GRID), ec=QUIET, lw=0.6)
        if stop - start > 0.05 * (end - begin):
            axes.text((start + stop) / 2, 0.15, phase, ha="center", va="center", fontsize=9, color=INK)
    # the first mark has the highest label: later ones then pass below it, and no line crosses a label
    rows = len(series.marks)
    for number, (label, at) in enumerate(sorted(series.marks.items(), key=lambda each: each[1])):
        height = 0.4 + 0.15 * (rows - 1 - number)
        axes.plot([at, at], [0.0, height + 0.1], color=FAILED if "fault" in label else INK, lw=1.1)
        axes.text(at, height, f" {label} {at:+.1f} s", va="bottom", fontsize=9)
    axes.set(xlim=(begin, end), ylim=(0, 0.45 + 0.15 * max(rows, 2)), yticks=[], xlabel=_AXIS)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False)
    return figure


def served(series: Series, lost: str, survivor: str) -> Figure:
    """Acknowledgements per second by serving site, and failed attempts."""
    figure, axes = plt.subplots(figsize=(_WIDTH, 3.4))
    table = series.served
    sites = [site for site in (lost, survivor) if site in table.columns]
    axes.stackplot(
        table.index,
        [table[site] for site in sites],
        labels=[f"acknowledged by {site}" for site in sites],
        colors=[{lost: LOST, survivor: SURVIVOR}[site] for site in sites],
        alpha=0.85,
        step="post",
    )
    if "failed" in table.columns:
        axes.step(table.index, table["failed"], where="post", color=FAILED, lw=1.4, label="attempts failed or unknown")
    axes.set(ylabel="per second", xlabel=_AXIS, xlim=_extent(series))
    axes.set_ylim(bottom=0)
    _flags(axes, series)
    axes.legend(loc="upper left", ncols=3, bbox_to_anchor=(0, 1.16), fontsize=9)
    return figure


def latency(series: Series, lost: str, survivor: str) -> Figure:
    """Latency from the intended time to the first acknowledgement, by the second in which the reading was intended."""
    figure, axes = plt.subplots(figsize=(_WIDTH, 3.4))
    for name, colour, width in (("p50", SURVIVOR, 1.8), ("p95", "#f2a541", 1.3), ("p99", FAILED, 1.3)):
        axes.plot(series.latency.index, series.latency[name], color=colour, lw=width, label=name)
    axes.set(yscale="log", ylabel="ms, from the intended time", xlabel=_AXIS, xlim=_extent(series))
    axes.yaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))
    _flags(axes, series)
    axes.legend(loc="upper left", ncols=3, bbox_to_anchor=(0, 1.16), fontsize=9)
    return figure


def still_there(series: Series, lost: str, survivor: str) -> Figure:
    """Share of requests (by client class) and of DNS answers (by resolver) that still mean the lost site."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(_WIDTH, 5.2), sharex=True)
    for axes, table, what in ((above, series.requests, "requests"), (below, series.answers, "DNS answers")):
        for number, name in enumerate(table.columns):
            # dashes and widths differ, because classes with the same resolver lie on top of each other
            look = {
                "color": _PALETTE[number % len(_PALETTE)],
                "lw": 3.2 - 0.5 * number,
                "dashes": _DASHES[number % len(_DASHES)],
            }
            axes.plot(table.index, 100 * table[name].ffill(), label=name, **look)
        axes.set(ylabel=f"% of {what}\nstill for {lost}", ylim=(-3, 103))
        _flags(axes, series)
        axes.legend(loc="upper right", fontsize=9)
    begin, end = _extent(series)
    below.set(xlabel=_AXIS, xlim=(max(begin, -10), end))
    return figure


def monitors(series: Series, lost: str, survivor: str) -> Figure:
    """Every look of every monitor, and the alarms: a bar from raised to cleared."""
    names = sorted(set(series.looks["monitor"]), key=lambda name: (name.partition("@")[2] == lost, name))
    figure, axes = plt.subplots(figsize=(_WIDTH, 1.1 + 0.32 * max(len(names), 1)))
    begin, end = _extent(series)
    for row, name in enumerate(names):
        own = series.looks[series.looks["monitor"] == name]
        for good, colour in ((True, SURVIVOR), (False, FAILED)):
            seconds = own["second"][(own["ok"] > 0.5) == good]
            axes.plot(seconds, [row] * len(seconds), "|", color=colour, ms=9, mew=1.1)
        for _, raised, cleared in (alarm for alarm in series.alarms if alarm[0] == name):
            until = cleared if cleared is not None else end
            axes.barh(row, until - raised, left=raised, height=0.75, color=FAILED, alpha=0.25)
            axes.text(until, row - 0.42, f" alarm {raised:+.1f} s", fontsize=8, va="bottom")
    axes.set(yticks=range(len(names)), yticklabels=names, xlabel=_AXIS, ylabel="monitor", xlim=(begin, end))
    axes.set_ylim(len(names) - 0.4, -0.7)  # the survivor's first
    _flags(axes, series)
    return figure


PLOTS: dict[str, Callable[[Series, str, str], Figure]] = {
    "timeline": timeline,
    "served": served,
    "latency": latency,
    "still-there": still_there,
    "monitors": monitors,
}


def to_png(figure: Figure, dpi: int = 130) -> bytes:
    """The picture, without a time stamp, so that the same evidence gives the same bytes."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=dpi, bbox_inches="tight", facecolor="white", metadata={"Software": None})
    plt.close(figure)
    return out.getvalue()


def _extent(series: Series) -> tuple[float, float]:
    times = [t for span in series.phases.values() for t in span] or [0.0, 1.0]
    return min(times), max(times)


def _flags(axes: Any, series: Series) -> None:  # matplotlib's Axes
    for label, at in series.marks.items():
        if label in ("fault (t0)", "DNS changed", "restored"):
            axes.axvline(at, color=FAILED if "fault" in label else QUIET, lw=1, ls="-" if "fault" in label else ":")
