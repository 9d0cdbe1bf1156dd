"""One clock for every process of a run.

Wall clocks step; CLOCK_MONOTONIC does not, and on one machine it is the same for every process and every
namespace. A run therefore reads the wall clock once (the *anchor*) and every process adds monotonic time to it::

    t_ns = anchor.wall_ns + (monotonic_ns() - anchor.monotonic_ns)

The anchor travels to child processes in the environment variable ``ZWEITHERZ_CLOCK`` ("wall:monotonic").
Its error bound is the time that the two readings lie apart (nanoseconds, kept with the anchor).
"""

from __future__ import annotations

import os
import time
from collections.abc import MutableMapping
from dataclasses import dataclass

VARIABLE = "ZWEITHERZ_CLOCK"


@dataclass(frozen=True)
class Clock:
    """Integer nanoseconds since the epoch, monotonic within a run."""

    wall_ns: int
    monotonic_ns: int
    error_ns: int = 0

    @classmethod
    def anchored_now(cls) -> Clock:
        """Read both clocks, a few times, and keep the pair that lies closest together."""
        readings = []
        for _ in range(16):
            before = time.monotonic_ns()
            wall = time.time_ns()
            after = time.monotonic_ns()
            readings.append((after - before, wall, (before + after) // 2))
        error, wall, monotonic = min(readings)
        return cls(wall, monotonic, error)

    @classmethod
    def from_environment(cls, environ: MutableMapping[str, str] | None = None) -> Clock:
        """The run's clock if a parent set one, else a fresh anchor. Raises ValueError on a damaged variable."""
        text = (os.environ if environ is None else environ).get(VARIABLE)
        if not text:
            return cls.anchored_now()
        wall, monotonic, error = (int(part) for part in text.split(":"))
        return cls(wall, monotonic, error)

    def to_environment(self) -> dict[str, str]:
        """The variable that hands this clock to a child process."""
        return {VARIABLE: f"{self.wall_ns}:{self.monotonic_ns}:{self.error_ns}"}

    def now_ns(self) -> int:
        """Nanoseconds since the epoch."""
        return self.wall_ns + time.monotonic_ns() - self.monotonic_ns

    def from_monotonic(self, monotonic_ns: int) -> int:
        """Translate a reading of ``time.monotonic_ns()`` of any process on this machine."""
        return self.wall_ns + monotonic_ns - self.monotonic_ns
