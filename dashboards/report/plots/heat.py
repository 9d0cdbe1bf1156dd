"""How long patients waited: readings by the second in which they were due and by how long until their acknowledgement."""

from __future__ import annotations

import math

import numpy as np

from dashboards.report.model import Heat
from dashboards.report.plots.canvas import BAD, INK, TWO, canvas, legend, seconds, to_svg
from dashboards.report.shown import Language

_HUE = (0.21, 0.49, 0.80)  # to be seen on white and on black; its share is the number of readings
_TICKS_MS = (10, 100, 1000, 10_000, 100_000)


def draw(heat: Heat, language: Language, fault: bool) -> str:
    """The stronger the colour, the more readings (logarithm); the last row are those that never were acknowledged."""
    figure, (axes,) = canvas(3.4)
    counts = np.array(heat.counts, np.float64)
    bins = len(heat.edges_ms) - 1
    used = np.nonzero(counts[:bins].any(axis=1))[0]
    low, high = (int(used[0]), int(used[-1]) + 1) if len(used) else (0, bins)
    shown = counts[low:high]
    rows = [shown, counts[bins:]] if heat.never else [shown]
    table = np.concatenate(rows)
    strength = np.log1p(table) / max(np.log1p(table).max(), 1e-9)
    picture = np.zeros((*table.shape, 4))
    picture[..., :3] = _HUE
    picture[..., 3] = np.where(table > 0, 0.12 + 0.88 * strength, 0)
    end = heat.begin + heat.bin_s * table.shape[1]
    axes.imshow(
        picture, origin="lower", aspect="auto", interpolation="none", extent=(heat.begin, end, low, low + len(table))
    )
    middle = [heat.begin + heat.bin_s * (number + 0.5) for number in range(table.shape[1])]
    for name, values, colour in (("p50", heat.p50, TWO), ("p99", heat.p99, BAD)):
        axes.plot(
            middle,
            [math.nan if value is None else _place(value, heat) for value in values],
            color=colour,
            lw=1.5,
            label=name,
        )
    ticks = [(tick, _place(tick, heat)) for tick in _TICKS_MS]
    ticks = [(tick, at) for tick, at in ticks if low <= at <= high]
    labels = [language.unit(tick, "ms", 0) if tick < 1000 else language.unit(tick / 1000, "s", 0) for tick, _ in ticks]
    places = [at for _, at in ticks]
    if heat.never:
        labels.append(language.say("heat.never"))
        places.append(low + len(table) - 0.5)
    axes.set_yticks(places, labels)
    axes.set(ylim=(low, low + len(table)), xlim=(heat.begin, end), ylabel=language.say("heat.waited"))
    axes.grid(visible=False)
    if fault:
        axes.axvline(0, color=INK, lw=1)
    legend(axes)
    seconds(axes, language, fault)
    return to_svg(figure, "heat")


def _place(value_ms: float, heat: Heat) -> float:
    """Where a latency lies on the axis of bins."""
    return 2 * math.log2(max(value_ms, heat.edges_ms[0]) / heat.edges_ms[0])


def describe(heat: Heat, language: Language) -> str:
    """Quantiles of the usual second and of the worst, and the longest wait."""
    p50, p99 = ([value for value in values if value is not None] for values in (heat.p50, heat.p99))
    return language.say(
        "alt.heat",
        readings=language.number(sum(map(sum, heat.counts))),
        p50=language.unit(float(np.median(p50)) if p50 else None, "ms", 0),
        p99=language.unit(float(np.median(p99)) if p99 else None, "ms", 0),
        peak=language.unit(max(p99, default=None), "ms", 0),
        worst=language.length(None if heat.worst_ms is None else heat.worst_ms / 1000),
        never=language.number(heat.never),
    )
