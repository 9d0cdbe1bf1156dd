"""Is every site deployed alike, and ready to take over? Certificates, releases and clocks of all servers, as Prometheus has them.

Patients are shown the active site only: what has expired or drifted at the other one shows on the day it is needed, or here.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from monitors.certificate import LEAST_DAYS
from monitors.look import GRACE_S, Look
from monitors.place import Place
from monitors.replication import series_of
from monitors.source import Unreadable, answered, of_prometheus
from targets.model import Prometheus, Tools

MOST_AHEAD_S = 10.0
_DAY_S = 86_400


class Deployment:
    """Fails on a certificate that has ended or ends soon, on more than one release, on a clock that is off.

    A site of which there are no figures is not judged; without any, once Prometheus must have scraped, the look is blind.
    """

    name, period_s = "deployment", 1.0

    def __init__(
        self,
        place: Place,
        tools: Tools,
        prometheus: Prometheus,
        least_days: float = LEAST_DAYS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` gives seconds that never go back. Raises NoSecret, BadTarget."""
        self._place, self._least_days, self._clock = place, least_days, clock
        self._waits_until = clock() + GRACE_S
        self._source = of_prometheus(place, tools, prometheus)
        self._queries = {
            "certificate": prometheus.certificate_ends,
            "release": prometheus.releases,
            "clock": prometheus.clock,
        }

    def look(self) -> Look:
        try:
            found = {name: self._ask(query) for name, query in self._queries.items() if query}
        except Unreadable as error:
            return Look(ok=False, blind=True, why=str(error))
        if not any(found.values()) and self._clock() < self._waits_until:
            return Look(ok=True, why="waiting for the first figures")
        if not any(found.values()):
            return Look(ok=False, blind=True, why="Prometheus has no figures of any server")
        wrong = [
            *(self._certificate(labels, ends) for labels, ends in found.get("certificate", [])),
            self._release([labels.get("version", "") for labels, _ in found.get("release", [])]),
            *(_clock(labels, ahead) for labels, ahead in found.get("clock", [])),
        ]
        why = "; ".join(each for each in wrong if each)
        return Look(ok=not why, why=why)

    def _ask(self, query: str) -> list[tuple[dict[str, str], float]]:
        return series_of(answered(self._source.get("/api/v1/query", {"query": query}).content))

    def _certificate(self, labels: dict[str, str], ends_s: float) -> str:
        days = (ends_s - self._place.clock.now_ns() / 1e9) / _DAY_S
        if days >= self._least_days:
            return ""
        return f"{_where(labels)}: its certificate ends in {days:.1f} days (limit {self._least_days:g})"

    def _release(self, versions: list[str]) -> str:
        different = sorted(set(versions))
        return f"{len(different)} releases run: {', '.join(different)} (limit 1)" if len(different) > 1 else ""


def _clock(labels: dict[str, str], ahead_s: float) -> str:
    if abs(ahead_s) <= MOST_AHEAD_S:
        return ""
    return f"{_where(labels)}: its clock is {ahead_s:+.0f} s off (limit {MOST_AHEAD_S:g} s)"


def _where(labels: dict[str, str]) -> str:
    return labels.get("site") or labels.get("instance") or "a server"
