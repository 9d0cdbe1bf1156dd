"""How far a worker's clock is from its master's: measured over Locust's own channel, as NTP does.

::

    master  t1 ──────────────────────────> t4      offset      θ = ((t2 - t1) + (t3 - t4)) / 2
    worker        t2 ── answers ── t3              round trip  δ = (t4 - t1) - (t3 - t2)

(RFC 5905, section 8.) However unequal the two ways are, the true offset lies within θ ± δ/2 (Cristian, "Probabilistic clock
synchronization", 1989). Of several exchanges the one with the shortest round trip is kept, as in NTP's clock filter (RFC 5905,
section 10), which takes eight.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from results.clock import Clock

ROUNDS = 8
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Exchange:
    """Times of one question and its answer, ns: t1, t4 by the master's clock, t2, t3 by the worker's."""

    t1: int
    t2: int
    t3: int
    t4: int

    @property
    def offset_ns(self) -> int:
        """Worker - master."""
        return ((self.t2 - self.t1) + (self.t3 - self.t4)) // 2

    @property
    def round_trip_ns(self) -> int:
        return (self.t4 - self.t1) - (self.t3 - self.t2)


def best(exchanges: Iterable[Exchange]) -> Exchange:
    """The one with the shortest round trip. Raises ValueError where there is none."""
    return min(exchanges, key=lambda each: each.round_trip_ns)


def identity(clock: Clock) -> str:
    """The same for two processes only where their times are on one clock: one anchor, one CLOCK_MONOTONIC (one boot)."""
    try:
        boot = _BOOT.read_text().strip()
    except FileNotFoundError:
        boot = socket.gethostname()
    return f"{boot}:{clock.wall_ns}:{clock.monotonic_ns}"
