"""Does a mirror follow, and how closely? As Prometheus has it from the databases."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from monitors.look import GRACE_S, Look
from monitors.place import Place
from monitors.source import Unreadable, answered, of_prometheus
from targets.model import Prometheus, Tools

LIMIT_BYTES = 16 << 20


class Replication:
    """Fails when the mirror lies too far behind, or when there is no value: then no mirror follows at all.

    Prometheus scrapes nothing in its first five seconds, so that the first value is waited for.
    """

    name, period_s = "replication", 1.0

    def __init__(
        self,
        place: Place,
        tools: Tools,
        prometheus: Prometheus,
        limit_bytes: float = LIMIT_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` gives seconds that never go back. Raises NoSecret, BadTarget."""
        self._source = of_prometheus(place, tools, prometheus)
        self._query, self._limit_bytes, self._clock = prometheus.replication_lag, limit_bytes, clock
        self._waits_until = clock() + GRACE_S

    def look(self) -> Look:
        try:
            lag = value_of(answered(self._source.get("/api/v1/query", {"query": self._query}).content))
        except Unreadable as error:
            return Look(ok=False, blind=True, why=str(error))
        if lag is None:
            if self._clock() < self._waits_until:
                return Look(ok=True, why="waiting for the first value")
            return Look(ok=False, why="no mirror replicates")
        self._waits_until = -math.inf
        figures = {"lag_bytes": lag}
        if lag > self._limit_bytes:
            return Look(ok=False, why=f"mirror {lag:.0f} bytes behind (limit {self._limit_bytes:g})", figures=figures)
        return Look(ok=True, figures=figures)


def value_of(data: dict[str, Any]) -> float | None:
    """The one value of a query, the greatest of several; None: no value. Raises Unreadable."""
    return max((value for _, value in series_of(data) if not math.isnan(value)), default=None)


def series_of(data: dict[str, Any]) -> list[tuple[dict[str, str], float]]:
    """Labels and value of each series of a query's answer. Raises Unreadable."""
    try:
        found = data["result"]
        samples = (
            [({}, found)] if data["resultType"] == "scalar" else [(each["metric"], each["value"]) for each in found]
        )
        return [({str(k): str(v) for k, v in labels.items()}, float(value)) for labels, (_, value) in samples]
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Unreadable(f"answer: not as Prometheus answers a query ({type(error).__name__})") from error
