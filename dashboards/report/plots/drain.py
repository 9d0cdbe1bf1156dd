"""Survival on the lost site: of each class's clients, and of each resolver's answers."""

from __future__ import annotations

from dashboards.report.model import Curve, Drain
from dashboards.report.plots.canvas import DASHES, QUIET, SERIES, canvas, legend, numbers, seconds, to_svg
from dashboards.report.shown import Language


def draw(drain: Drain, language: Language) -> str:
    """Two panels over the same seconds, until the last curve has come down."""
    figure, (above, below) = canvas(4.6, 2, sharex=True)
    for axes, curves, key in ((above, drain.clients, "drain.clients"), (below, drain.answers, "drain.answers")):
        for number, curve in enumerate(curves):
            # widths and dashes differ, because classes with the same resolver lie on top of each other
            axes.step(
                [t for t, _ in curve.points],
                [100 * share for _, share in curve.points],
                where="post",
                label=curve.name,
                color=SERIES[number % len(SERIES)],
                lw=max(1.3, 3.2 - 0.45 * number),
                dashes=DASHES[number % len(DASHES)],
            )
        axes.set(ylabel=language.say(key, site=drain.lost), ylim=(-3, 103))
        numbers(axes.yaxis, language)
        legend(axes)
    below.set_xlim(-6, _until([*drain.clients, *drain.answers]))
    for axes in (above, below):
        axes.axhline(5, color=QUIET, lw=0.8, ls=":")
    seconds(below, language, fault=True)
    return to_svg(figure, "drain")


def _until(curves: list[Curve]) -> float:
    lasts = []
    for curve in curves:
        changes = [
            t for (t, share), (_, before) in zip(curve.points[1:], curve.points, strict=False) if share != before
        ]
        lasts.append(max(changes, default=0.0))
    end = max((curve.points[-1][0] for curve in curves if curve.points), default=10.0)
    return min(end, max([*lasts, 5.0]) * 1.25)


def describe(drain: Drain, language: Language) -> str:
    """When 95 % had left, each."""
    return language.say(
        "alt.drain",
        site=drain.lost,
        since=language.say(f"drain.since.{drain.since}"),
        clients=_told(drain.clients, language),
        answers=_told(drain.answers, language) or language.say("unknown"),
    )


def _told(curves: list[Curve], language: Language) -> str:
    parts = []
    for curve in curves:
        known = language.unit(curve.t95_s, "s") if curve.t95_s is not None else language.say("longer")
        parts.append(f"{curve.name} {known if curve.asked else language.say('verdict.none')}")
    return ", ".join(parts)
