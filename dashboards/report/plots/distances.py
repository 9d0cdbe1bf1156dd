"""Latency wherever a patient lives: each distance class, at two sites and at one, beside the objective."""

from __future__ import annotations

from dashboards.report.model import Distances
from dashboards.report.plots.canvas import INK, ONE, PAPER, QUIET, TWO, canvas, legend, numbers, to_svg
from dashboards.report.shown import Language

_ON_PAPER = {"fc": PAPER, "ec": "none", "pad": 0.8}  # so that no line crosses a label


def draw(distances: Distances, language: Language) -> str:
    """One panel a quantile; a bar for each class and phase, with its number on it."""
    quantiles = list(distances.objective)
    figure, axes = canvas(0.9 + 0.62 * len(distances.classes), columns=len(quantiles), sharey=True)
    phases = [("distance.normal", "normal", ONE)]
    phases += [("distance.one-site", "one_site", TWO)] if distances.one_site else []
    height = 0.8 / len(phases)
    for place, quantile in zip(axes, quantiles, strict=True):
        limit = distances.objective[quantile]
        known = [getattr(each, field)[quantile] or 0 for each in distances.classes for _, field, _ in phases]
        top = 1.3 * max([limit, *known])
        for number, (key, field, colour) in enumerate(phases):
            for row, each in enumerate(distances.classes):
                value = getattr(each, field)[quantile]
                at = row - 0.4 + height * (number + 0.5)
                place.barh(at, value or 0, height * 0.9, color=colour, label=language.say(key) if row == 0 else None)
                text = _told(value, language)
                place.text((value or 0) + 0.012 * top, at, text, va="center", fontsize=8.5, zorder=3, bbox=_ON_PAPER)
        place.axvline(limit, color=INK, lw=1.1, ls="--")
        place.text(
            limit,
            -0.45,
            f"{language.say('objective')} {language.unit(limit, 'ms', 0)}",
            ha="center",
            va="bottom",
            fontsize=8.5,
            color=QUIET,
            bbox=_ON_PAPER,
        )
        place.set(xlabel=f"{quantile}, ms", xlim=(0, top), yticks=range(len(distances.classes)))
        place.set_yticklabels([_label(each.name, each.one_way_ms, language) for each in distances.classes])
        place.set_ylim(len(distances.classes) - 0.45, -0.95)  # the nearest first
        place.grid(visible=False, axis="y")
        numbers(place.xaxis, language)
    legend(axes[0])
    return to_svg(figure, "distances")


def describe(distances: Distances, language: Language) -> str:
    """Every bar as a number."""
    parts = []
    for quantile, limit in distances.objective.items():
        classes = ", ".join(
            language.say(
                "alt.distance" if distances.one_site else "alt.distance-normal",
                name=_name(each.name, language),
                normal=_told(each.normal[quantile], language),
                one_site=_told(each.one_site[quantile], language),
            )
            for each in distances.classes
        )
        parts.append(
            language.say("alt.distances", quantile=quantile, limit=language.unit(limit, "ms", 0), classes=classes)
        )
    return " ".join(parts)


def _told(value: float | None, language: Language) -> str:
    return language.say("never-or-few") if value is None else language.unit(value, "ms", 0)


def _label(name: str, one_way_ms: float | None, language: Language) -> str:
    shown = _name(name, language)
    return shown if one_way_ms is None else f"{shown} ({language.unit(one_way_ms, 'ms')})"


def _name(name: str, language: Language) -> str:
    return language.words.get(f"place.{name}", name)
