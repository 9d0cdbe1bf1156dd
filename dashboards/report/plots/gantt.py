"""The takeover step by step: who waited for whom. Hatched: a person was waited for."""

from __future__ import annotations

from dashboards.report.model import Step, Takeover
from dashboards.report.plots.canvas import BAD, GOOD, INK, ONE, TWO, canvas, seconds, to_svg
from dashboards.report.shown import Language

_OF_THE_WAY = ("authoritative", "resolver", "client")


def draw(takeover: Takeover, language: Language) -> str:
    """A bar a step, in the order in which they follow each other, with its length."""
    steps = takeover.steps
    figure, (axes,) = canvas(0.75 + 0.36 * len(steps))
    last = max([each.end if each.end is not None else (each.begin or 0) for each in steps])
    for row, each in enumerate(steps):
        begin, end = each.begin or 0.0, each.end if each.end is not None else last
        colour = BAD if each.failed else GOOD if each.name == "restored" else TWO if each.name in _OF_THE_WAY else ONE
        if each.human:
            axes.barh(row, end - begin, 0.62, left=begin, fc="none", ec=INK, hatch="////", lw=1)
        else:
            # a step of milliseconds is still to be seen
            axes.barh(
                row,
                max(end - begin, 0.002 * last),
                0.62,
                left=begin,
                color=colour,
                alpha=1 if each.end is not None else 0.35,
                lw=0,
            )
        axes.text(end + 0.008 * last, row, _length(each, language), va="center", fontsize=8.8)
    axes.set_yticks(range(len(steps)), [_name(each, language) for each in steps])
    axes.set(ylim=(len(steps) - 0.45, -0.55), xlim=(min(0.0, *(each.begin or 0.0 for each in steps)), 1.28 * last or 1))
    axes.grid(visible=False, axis="y")
    seconds(axes, language, fault=True)
    return to_svg(figure, "gantt")


def describe(takeover: Takeover, language: Language) -> str:
    """Each bar, and the human share."""
    steps = "; ".join(
        language.say(
            "alt.step", name=_name(each, language), begin=language.offset(each.begin), length=_length(each, language)
        )
        for each in takeover.steps
    )
    return language.say("alt.gantt", steps=steps)


def _name(step: Step, language: Language) -> str:
    name = language.words.get(f"step.{step.name}", step.name)
    if step.human:
        return language.say("step.waits", name=name, who=step.who or language.say("unknown"))
    return f"{name} ({step.who})" if step.who else name


def _length(step: Step, language: Language) -> str:
    if step.failed:
        return language.say("step.failed")
    if step.end is None or step.begin is None:
        return language.say("step.open")
    return language.unit(step.end - step.begin, "s", 2 if step.end - step.begin < 1 else 1)
