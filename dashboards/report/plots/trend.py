"""Is it getting better: recovery, loss and lateness of the drills of one name, with their objectives."""

from __future__ import annotations

from matplotlib.ticker import MaxNLocator

from dashboards.report.model import Trend
from dashboards.report.plots.canvas import BAD, GOOD, INK, ONE, QUIET, UNSURE, canvas, numbers, to_svg
from dashboards.report.shown import Language
from results.finding import Verdict

_COLOURS = {Verdict.PASS: GOOD, Verdict.FAIL: BAD, Verdict.INCONCLUSIVE: UNSURE}
_MARKERS = {Verdict.PASS: "o", Verdict.FAIL: "X", Verdict.INCONCLUSIVE: "D"}


def draw(trend: Trend, language: Language) -> str:
    """Three small pictures beside each other, one point a drill."""
    figure, axes = canvas(2.5, columns=3)
    for place, (key, values, objective) in zip(axes, _columns(trend), strict=True):
        known = [(number, value) for number, value in enumerate(values) if value is not None]
        place.plot([x for x, _ in known], [y for _, y in known], color=ONE, lw=1.4, zorder=1)
        for number, value in known:
            verdict = trend.runs[number].verdict
            place.plot([number], [value], _MARKERS[verdict], color=_COLOURS[verdict], ms=7, zorder=2)
        place.axhline(objective, color=INK, lw=1, ls="--")
        place.annotate(
            language.say("objective"),
            (1, objective),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            fontsize=8.5,
            color=QUIET,
        )
        top = max([objective, *(value for _, value in known)]) or 1
        place.set(title=language.say(key), ylim=(-0.04 * top, 1.22 * top), xlim=(-0.5, len(values) - 0.5))
        place.set_xticks(range(len(values)), [""] * (len(values) - 1) + [language.say("trend.now")])
        place.grid(visible=False, axis="x")
        if key == "trend.lost":
            place.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        numbers(place.yaxis, language)
    return to_svg(figure, "trend")


def describe(trend: Trend, language: Language) -> str:
    """First, last and objective of each."""
    first, last = trend.runs[0], trend.runs[-1]
    return language.say(
        "alt.trend",
        runs=language.number(len(trend.runs)),
        since=language.date(first.started),
        rta_first=language.length(first.rta_s),
        rta=language.length(last.rta_s),
        rto=language.length(trend.rto_s),
        lost_first=language.number(first.lost),
        lost=language.number(last.lost),
        late_first=language.percent(first.late),
        late=language.percent(last.late),
    )


def _columns(trend: Trend) -> list[tuple[str, list[float | None], float]]:
    return [
        ("trend.rta", [each.rta_s for each in trend.runs], trend.rto_s),
        ("trend.lost", [each.lost for each in trend.runs], trend.lost),
        ("trend.late", [None if each.late is None else 100 * each.late for each in trend.runs], 100 * trend.late),
    ]
