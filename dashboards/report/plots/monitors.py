"""Every monitor's looks, good or failed, and its alarms. Where there is no bar it saw nothing."""

from __future__ import annotations

from dashboards.report.model import Monitor
from dashboards.report.plots.canvas import BAD, GOOD, INK, canvas, legend, seconds, to_svg
from dashboards.report.shown import Language


def draw(monitors: list[Monitor], language: Language, fault: bool) -> str:
    """A row a monitor: bars of looks, above them its alarms."""
    figure, (axes,) = canvas(1.0 + 0.235 * len(monitors))
    ends = [end for each in monitors for _, end, _ in each.runs]
    begins = [begin for each in monitors for begin, _, _ in each.runs]
    begin, end = min(begins, default=0.0), max(ends, default=1.0)
    thin = 0.0015 * (end - begin)
    for row, each in enumerate(monitors):
        for good, colour in ((True, GOOD), (False, BAD)):
            spans = [(left, max(right - left, thin)) for left, right, ok in each.runs if ok is good]
            axes.broken_barh(spans, (row - 0.05, 0.38), color=colour, lw=0)
        spans = [(raised, (cleared if cleared is not None else end) - raised) for raised, cleared in each.alarms]
        axes.broken_barh(spans, (row - 0.35, 0.24), color=INK, lw=0)
    for key, colour in (("monitor.good", GOOD), ("monitor.failed", BAD), ("monitor.alarm", INK)):
        axes.barh(-9, 0, color=colour, label=language.say(key))
    axes.set_yticks(range(len(monitors)), [each.name for each in monitors], fontsize=8.5)
    axes.set(ylim=(len(monitors) - 0.4, -0.6), xlim=(begin, end))
    axes.grid(visible=False, axis="y")
    if fault:
        axes.axvline(0, color=INK, lw=1)
    legend(axes)
    seconds(axes, language, fault)
    return to_svg(figure, "monitors")


def describe(monitors: list[Monitor], language: Language) -> str:
    """How many looked and cried, and who noticed first."""
    noticed = sorted((each.noticed_s, each.name) for each in monitors if each.noticed_s is not None)
    first = (
        language.say("alt.noticed", name=noticed[0][1], seconds=language.unit(noticed[0][0], "s", 1)) if noticed else ""
    )
    return language.say(
        "alt.monitors",
        monitors=language.number(len(monitors)),
        looks=language.number(sum(each.looks for each in monitors)),
        failed=language.number(sum(each.failed for each in monitors)),
        alarms=language.number(sum(len(each.alarms) for each in monitors)),
        noticed=first,
    ).strip()
