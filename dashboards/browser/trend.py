"""A figure of one drill over its runs, as geometry of a small picture. The template draws it; the numbers stand behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.browser.figures import Figure
from results.listing import Listed

WIDTH, HEIGHT = 360, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 8, 8, 14, 10
_MOST = 60  # more would be one grey line


@dataclass(frozen=True)
class Point:
    """Where a run's mark stands. `x`, `y`: in the picture's units, y downwards; `y` None: the figure is not known."""

    run: Listed
    value: float | None
    x: float
    y: float | None


@dataclass(frozen=True)
class Trend:
    """
    points      oldest first, equally spaced
    lines       coordinates of unbroken stretches, as ``points`` of a polyline
    objective   of the newest run, with its `objective_y`
    left_out    older runs that are not in the picture
    """

    figure: Figure
    points: tuple[Point, ...]
    lines: tuple[str, ...]
    objective: float | None
    objective_y: float | None
    top: float
    bottom: float
    left_out: int

    @property
    def told(self) -> str:
        """What the picture shows, for whoever does not see it."""
        known = [point for point in self.points if point.value is not None]
        if not known:
            return f"{self.figure.title}: not known in any of {len(self.points)} runs."
        last, shown = known[-1], self.figure.shown
        values = [point.value for point in known if point.value is not None]
        objective = f" Objective {shown(self.objective)}." if self.objective is not None else ""
        unknown = f" Not known in {len(self.points) - len(known)}." if len(known) < len(self.points) else ""
        return (
            f"{self.figure.title} of {len(self.points)} runs, from {shown(min(values))} to {shown(max(values))}; "
            f"the last one known is {shown(last.value)}.{objective}{unknown}"
        )


def trend(figure: Figure, runs: Sequence[Listed], objective: float | None) -> Trend:
    """`runs`: judged runs of one drill, oldest first and size (`results.listing.like`)."""
    shown = runs[-_MOST:]
    values = [_finite(run.headline.get(figure.key)) for run in shown]
    known = [value for value in (*values, objective) if value is not None]
    # shares are read against 100 %, everything else against nothing
    top = 1.0 if figure.unit == "share" else max(known, default=1.0) or 1.0
    bottom = min(known, default=0.0) if figure.unit == "share" else 0.0
    if bottom >= top:
        bottom = top - 0.01
    points = tuple(
        Point(run, value, _x(number, len(shown)), None if value is None else _y(value, bottom, top))
        for number, (run, value) in enumerate(zip(shown, values, strict=True))
    )
    objective_y = None if objective is None else _y(objective, bottom, top)
    return Trend(figure, points, _stretches(points), objective, objective_y, top, bottom, len(runs) - len(shown))


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _x(number: int, count: int) -> float:
    return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (0.5 if count == 1 else number / (count - 1)), 1)


def _y(value: float, bottom: float, top: float) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (value - bottom) / (top - bottom), 1)


def _stretches(points: Sequence[Point]) -> tuple[str, ...]:
    """A figure that is not known breaks the line: nothing is drawn through it."""
    found: list[list[str]] = [[]]
    for point in points:
        if point.y is None:
            found.append([])
        else:
            found[-1].append(f"{point.x},{point.y}")
    return tuple(" ".join(stretch) for stretch in found if len(stretch) > 1)
