"""Known-bad monitors, so that the checks about monitors can be seen to turn red: one is always content, one flaps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from monitors.look import Look, Monitor

DEFECTS = ("none", "silent-monitor", "flapping-monitor")
# two failed looks are enough; with the third there is time to see that the place still gets out after the second
_FLAP_EVERY, _FLAP_FOR = 6, 3


class Silent:
    """Sees everything and is content with all of it."""

    def __init__(self, monitor: Monitor) -> None:
        self.name, self.period_s, self._monitor = monitor.name, monitor.period_s, monitor

    def look(self) -> Look:
        return Look(ok=True, figures=self._monitor.look().figures)


class Flapping:
    """Cries wolf: three looks of six."""

    def __init__(self, monitor: Monitor) -> None:
        self.name, self.period_s, self._monitor = monitor.name, monitor.period_s, monitor
        self._count = 0

    def look(self) -> Look:
        self._count += 1
        seen = self._monitor.look()
        return Look(ok=False, why="flapping") if self._count % _FLAP_EVERY < _FLAP_FOR else seen


def with_defect(monitors: Sequence[Monitor], defect: str) -> list[Monitor]:
    """The monitors of the service with that defect; the DNS monitor stays sound."""
    kinds: dict[str, Callable[[Monitor], Monitor]] = {"silent-monitor": Silent, "flapping-monitor": Flapping}
    if defect not in kinds:
        return list(monitors)
    return [kinds[defect](each) if each.name in ("http", "transaction") else each for each in monitors]
