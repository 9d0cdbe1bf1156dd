"""Every layer on one time axis: a lane each, a bar or a mark for what happened, labels where they run into no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashboards.report.model import Happening, Timeline
from dashboards.report.plots.canvas import (
    BAD,
    FOUR,
    GOOD,
    INK,
    LINE,
    ONE,
    PAPER,
    QUIET,
    THREE,
    TWO,
    UNSURE,
    canvas,
    numbers,
    rows_for,
    seconds,
    to_svg,
)
from dashboards.report.shown import Language

LANES = ("phases", "fault", "patients", "takeover", "dns", "classes", "monitors", "alerts", "rollback")
_COLOURS = {
    "phases": LINE,
    "fault": BAD,
    "patients": BAD,
    "takeover": ONE,
    "dns": TWO,
    "classes": GOOD,
    "monitors": FOUR,
    "alerts": UNSURE,
    "rollback": THREE,
}
_MOST_ROWS, _MOST_LABELS = 12, 14
_LASTING = frozenset({"alarm", "fires", "not-restored", "phase-cut"})
_LETTER = 0.0085  # of the width


@dataclass(frozen=True)
class _Lane:
    """Items: what happened, its label, its row."""

    name: str
    items: list[tuple[Happening, str, int]]
    more: int


def window(timeline: Timeline, fault: bool) -> tuple[float, float]:
    """Around what matters: where there was a fault, from shortly before it until everybody was served, and a half more."""
    ends = [each.end if each.end is not None else each.begin for each in timeline.happenings]
    if not fault:
        return min(each.begin for each in timeline.happenings), max(ends)
    core = [
        each.end or each.begin
        for each in timeline.happenings
        if each.lane in ("patients", "dns", "classes") and each.begin >= 0
    ]
    core += [each.begin for each in timeline.happenings if each.lane == "fault"]
    last = min(max([*core, 5.0]) * 1.45, max(ends))
    return max(-0.12 * last, min(each.begin for each in timeline.happenings)), last


def draw(timeline: Timeline, language: Language, fault: bool) -> str:
    """The whole is in the table beside it; the picture shows `window`."""
    begin, end = window(timeline, fault)
    lanes = _lanes(timeline, language, begin, end)
    heights = [1 + max(row for *_, row in lane.items) for lane in lanes]
    tall = 0.5 + 0.23 * (sum(heights) + 0.6 * len(lanes))
    errors = [(second, count) for second, count in timeline.errors if begin <= second <= end]
    if errors:
        figure, axes = canvas(tall + 0.8, 2, height_ratios=[1, 0.8 + sum(heights) * 0.33], sharex=True)
        _errors(axes[0], errors, language)
    else:
        figure, axes = canvas(tall)
    top = 0.0
    ticks = []
    place = axes[-1]
    for lane, height in zip(lanes, heights, strict=True):
        more = f"\n{language.say('timeline.more', count=lane.more)}" if lane.more else ""
        ticks.append((top + height / 2, language.say(f"lane.{lane.name}") + more))
        for each, text, row in lane.items:
            _item(place, each, text, top + row + 0.5, (begin, end), _COLOURS[lane.name])
        top += height + 0.6
        place.axhline(top - 0.3, color=LINE, lw=0.8)
    place.set(ylim=(top - 0.3, -0.3), xlim=(begin, end))
    place.set_yticks([y for y, _ in ticks], [name for _, name in ticks])
    place.tick_params(axis="y", length=0)
    place.grid(visible=False, axis="y")
    if fault:
        for each in axes:
            each.axvline(0, color=BAD, lw=1.2)
    seconds(place, language, fault)
    return to_svg(figure, "timeline")


def _lanes(timeline: Timeline, language: Language, begin: float, end: float) -> list[_Lane]:
    """What the picture shows of each lane; what would need too many rows is counted only."""
    lanes = []
    for lane in LANES:
        own = [each for each in timeline.happenings if each.lane == lane]
        shown = [each for each in own if each.begin <= end and _until(each, end) >= begin]
        if not shown:
            continue
        labels = [_label(each, language) for each in shown]
        spans = []
        for each, text in zip(shown, labels, strict=True):
            left, room = max(each.begin, begin), _room(text, begin, end)
            # a label that does not fit before the end stands on the other side of its mark
            spans.append((left, max(_until(each, end), left + room)) if left + room < end else (left - room, end))
        # phases follow each other: one row, and a label where there is room for it
        rows = [0] * len(spans) if lane == "phases" else rows_for(spans)
        items = [item for item in zip(shown, labels, rows, strict=True) if item[2] < _MOST_ROWS]
        lanes.append(_Lane(lane, items, len(shown) - len(items)))
    return lanes


def _until(each: Happening, end: float) -> float:
    """What has no end yet lasts until the picture's, unless it was a moment."""
    if each.end is not None:
        return min(each.end, end)
    return end if each.what in _LASTING else each.begin


def _room(text: str, begin: float, end: float) -> float:
    return _LETTER * (end - begin) * (len(text) + 2)


def _item(axes: Any, each: Happening, text: str, y: float, span: tuple[float, float], colour: str) -> None:  # Axes
    begin, end = span
    width = end - begin
    left, right = max(each.begin, begin), _until(each, end)
    if right - left > 0.002 * width:
        axes.barh(y, right - left, 0.78, left=left, color=colour, alpha=1 if each.lane == "phases" else 0.35, lw=0)
    axes.plot([left], [y], "|" if each.begin < begin else "D", color=colour if each.lane != "phases" else QUIET, ms=4)
    room = _room(text, begin, end)
    at, align = (left + 0.008 * width, "left") if left + room < end else (left - 0.008 * width, "right")
    if each.lane == "phases" and right - left < room:
        return
    axes.text(
        at,
        y,
        text,
        ha=align,
        va="center",
        fontsize=8.2,
        color=INK,
        clip_on=True,
        bbox={"fc": PAPER, "ec": "none", "pad": 0.4, "alpha": 0.6} if align == "right" else None,
    )


def _errors(axes: Any, rows: list[tuple[int, int]], language: Language) -> None:  # Axes
    axes.bar([s + 0.5 for s, _ in rows], [c for _, c in rows], 1.0, color=BAD, alpha=0.75, lw=0)
    axes.set_ylabel(language.say("timeline.errors"), rotation=0, ha="right", va="center", fontsize=8.5)
    axes.set_ylim(0, 1.15 * max((count for _, count in rows), default=1))
    axes.locator_params(axis="y", nbins=3)
    numbers(axes.yaxis, language)


def _label(each: Happening, language: Language) -> str:
    if each.lane == "phases":
        return language.words.get(f"phase.{each.who}", each.who)
    return language.say(f"happened.{each.what}", who=each.who).strip(" :,")


def describe(timeline: Timeline, language: Language, fault: bool) -> str:
    """The marks in their order, at most a dozen and two of them."""
    if not fault:
        return language.say("alt.timeline-quiet", events=language.number(len(timeline.happenings)))
    order = [each for each in timeline.happenings if each.lane not in ("phases", "alerts") and each.begin >= 0]
    told: dict[str, str] = {}
    for each in order:
        told.setdefault(f"{each.lane}.{each.what}", f"{language.offset(each.begin)} {_label(each, language)}")
    return language.say("alt.timeline", marks="; ".join(list(told.values())[:_MOST_LABELS]))
