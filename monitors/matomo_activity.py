"""Is the service used as usual? Actions that Matomo counted in the last minute, against what is usual here."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from statistics import median
from typing import Any

from monitors.look import Look
from monitors.place import Place
from monitors.source import Reports, Unreadable
from targets.model import Matomo, Tools

USUAL_S = 300.0
LEARNED_S = 60.0
LEAST_SHARE = 0.5
# below that, half of what is expected comes about by chance (Poisson: once in 600 separate minutes at 30)
LEAST_EXPECTED = 30


class MatomoActivity:
    """Fails when fewer actions than half of the usual came in the last minute; usual is the median of the last five minutes.

    ``Live.getCounters`` counts whole minutes, so that a sudden silence is seen after half a minute, and never before. It is
    the one report of Matomo that is not cached; reports of the current day are, for 900 s.
    """

    name, period_s = "matomo-activity", 2.0

    def __init__(self, place: Place, tools: Tools, matomo: Matomo, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds that never go back. Raises NoSecret, BadTarget."""
        self._reports, self._clock = Reports(place, tools, matomo), clock
        self._seen: deque[tuple[float, int]] = deque()

    def look(self) -> Look:
        now = self._clock()
        try:
            actions = _actions(self._reports.call("Live.getCounters", lastMinutes="1"))
        except Unreadable as error:
            return Look(ok=False, blind=True, why=str(error))
        while self._seen and self._seen[0][0] < now - USUAL_S:
            self._seen.popleft()
        learned = bool(self._seen) and now - self._seen[0][0] >= LEARNED_S
        expected = float(median(each for _, each in self._seen)) if learned else 0.0
        self._seen.append((now, actions))
        if not learned:
            return Look(ok=True, why="learning what is usual", figures={"actions": float(actions)})
        figures = {"actions": float(actions), "expected": expected, "missing": max(0.0, expected - actions)}
        if expected >= LEAST_EXPECTED and actions < LEAST_SHARE * expected:
            why = f"{actions} actions in the last minute, {expected:g} are usual (at least {LEAST_SHARE:.0%})"
            return Look(ok=False, why=why, figures=figures)
        return Look(ok=True, figures=figures)


def _actions(content: Any) -> int:
    """Raises Unreadable."""
    try:
        return int(content[0]["actions"])
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise Unreadable(f"answer: not as Live.getCounters answers ({type(error).__name__})") from error
