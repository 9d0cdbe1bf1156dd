"""Is there a second writer: accepted uploads by serving site, time in which two sites took some in red."""

from __future__ import annotations

from dashboards.report.model import Writers
from dashboards.report.plots.canvas import BAD, INK, ONE, SERIES, TWO, canvas, legend, numbers, seconds, to_svg
from dashboards.report.shown import Language


def draw(writers: Writers, language: Language, fault: bool) -> str:
    """Steps, one a bin."""
    figure, (axes,) = canvas(3.0)
    edges = [*writers.seconds, writers.seconds[-1] + writers.bin_s]
    for number, (site, values) in enumerate(writers.sites.items()):
        colour = (ONE, TWO)[number] if number < 2 else SERIES[number % len(SERIES)]
        axes.stairs(values, edges, color=colour, fill=True, alpha=0.3)
        axes.stairs(values, edges, color=colour, lw=1.5, label=language.say("writers.site", site=site))
    if any(writers.failed):
        axes.stairs(writers.failed, edges, color=BAD, lw=1.2, ls=(0, (3, 1)), label=language.say("writers.failed"))
    for begin, end in writers.overlaps:
        axes.axvspan(begin, max(end, begin + 0.2), color=BAD, alpha=0.35, label=language.say("writers.overlap"))
    if fault:
        axes.axvline(0, color=INK, lw=1)
    axes.set(xlim=(edges[0], edges[-1]), ylabel=language.say("per-second"))
    axes.set_ylim(bottom=0)
    numbers(axes.yaxis, language)
    legend(axes)
    seconds(axes, language, fault)
    return to_svg(figure, "writers")


def describe(writers: Writers, language: Language) -> str:
    """How many each site took, when, and whether they overlapped."""
    parts = []
    for site, values in writers.sites.items():
        busy = [second for second, value in zip(writers.seconds, values, strict=True) if value > 0]
        parts.append(
            language.say(
                "alt.writer",
                site=site,
                count=language.number(round(sum(values) * writers.bin_s)),
                begin=language.offset(busy[0], 0),
                end=language.offset(busy[-1] + writers.bin_s, 0),
            )
        )
    overlap = sum(end - begin for begin, end in writers.overlaps)
    shown = (
        language.say("alt.overlap", seconds=language.unit(overlap, "s", 2))
        if writers.overlaps
        else language.say("alt.no-overlap")
    )
    return f"{'; '.join(parts)}. {shown}"
