"""How fast an error budget burned: the two windows of each rule, and the rate above which it fires."""

from __future__ import annotations

from dashboards.report.model import Burn
from dashboards.report.plots.canvas import BAD, ONE, PAPER, TWO, canvas, legend, numbers, seconds, to_svg
from dashboards.report.shown import Language


def draw(burns: list[Burn], language: Language, fault: bool) -> str:
    """A panel an alert, logarithmic from 1 on: a total outage burns a thousand times too fast. Empty where nothing burned."""
    # a budget that nothing was taken from has nothing to draw: the words beside it say so
    shown = [each for each in burns if any(long > 0 for pair in each.pairs for _, long, _ in pair.points)]
    if not shown:
        return ""
    figure, axes = canvas(0.6 + 2.3 * len(shown), len(shown), sharex=True)
    for place, burn in zip(axes, shown, strict=True):
        for pair, colour in zip(burn.pairs, (ONE, TWO), strict=False):
            times = [t for t, *_ in pair.points]
            for number, (key, style) in enumerate((("burn.long", "-"), ("burn.short", ":"))):
                label = language.say(key, window=language.length(pair.long_s if number == 0 else pair.short_s))
                place.plot(times, [each[number + 1] for each in pair.points], style, color=colour, lw=1.6, label=label)
            place.axhline(pair.threshold, color=colour, lw=1, ls="--")
            place.annotate(
                language.say("burn.threshold", rate=language.number(pair.threshold, 1)),
                (1, pair.threshold),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="bottom",
                fontsize=8.3,
                bbox={"fc": PAPER, "ec": "none", "pad": 0.6},  # the curves pass below it
            )
        for begin, end in burn.fired:
            place.axvspan(begin, end if end is not None else place.get_xlim()[1], color=BAD, alpha=0.12, lw=0)
        place.set_yscale("symlog", linthresh=1)
        place.set_ylim(0, 1.7 * max([place.get_ylim()[1], *(pair.threshold for pair in burn.pairs)]))
        place.set_ylabel(burn.alert, fontsize=7.8)
        numbers(place.yaxis, language)
        legend(place)
    seconds(axes[-1], language, fault)
    return to_svg(figure, "burns")


def describe(burns: list[Burn], language: Language) -> str:
    """The highest burn of each alert's first rule beside its threshold, and when it fired."""
    parts = []
    for burn in burns:
        pair = burn.pairs[0] if burn.pairs else None
        if pair is None:
            continue
        parts.append(
            language.say(
                "alt.burn",
                alert=burn.alert,
                peak=language.number(max((long for _, long, _ in pair.points), default=0.0), 1),
                threshold=language.number(pair.threshold, 1),
                fired=language.say("alt.fired", at=language.offset(burn.fired[0][0]))
                if burn.fired
                else language.say("alt.not-fired"),
            )
        )
    return " ".join(parts)
