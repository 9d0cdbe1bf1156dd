"""Did the survivor cope: cores in use, readings that waited, lag of the mirror, over the same seconds."""

from __future__ import annotations

from dashboards.report.model import Load, Saturation
from dashboards.report.plots.canvas import DASHES, INK, SERIES, canvas, legend, numbers, seconds, to_svg
from dashboards.report.shown import Language

_PANELS = ("cores", "queue", "lag")


def draw(saturation: Saturation, language: Language, fault: bool) -> str:
    """A panel each of what was recorded."""
    panels = [(name, getattr(saturation, name)) for name in _PANELS if getattr(saturation, name)]
    figure, axes = canvas(0.5 + 1.75 * len(panels), len(panels), sharex=True)
    for place, (name, loads) in zip(axes, panels, strict=True):
        for number, load in enumerate(loads):
            place.plot(
                [t for t, _ in load.points],
                [value for _, value in load.points],
                label=_name(name, load, language),
                color=SERIES[number % len(SERIES)],
                dashes=DASHES[number % len(DASHES)],
                lw=1.6,
            )
        place.set_ylabel(language.say(f"saturation.{name}"))
        top = max(load.peak for load in loads) or 1
        if name == "cores" and saturation.machine_cores:
            top = max(top, saturation.machine_cores)
            place.axhline(saturation.machine_cores, color=INK, lw=1, ls="--")
        place.set_ylim(0, 1.08 * top)
        numbers(place.yaxis, language)
        legend(place)
        if fault:
            place.axvline(0, color=INK, lw=1)
    seconds(axes[-1], language, fault)
    return to_svg(figure, "saturation")


def describe(saturation: Saturation, language: Language) -> str:
    """The peak of each line."""
    parts = [
        f"{language.say(f'saturation.{name}')}: "
        + ", ".join(f"{_name(name, load, language)} {language.number(load.peak)}" for load in getattr(saturation, name))
        for name in _PANELS
        if getattr(saturation, name)
    ]
    cores = saturation.machine_cores
    return language.say("alt.saturation", peaks="; ".join(parts), cores=language.number(cores))


def _name(panel: str, load: Load, language: Language) -> str:
    return language.say(f"load.{load.name}") if panel == "queue" or load.name == "generator" else load.name
