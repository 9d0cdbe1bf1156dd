"""What one look of a monitor is, and the monitor as such: something that looks again and again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

# for so long after its own start a monitor waits for what it has never seen: the other sites' monitors, Prometheus' first scrape
GRACE_S = 20.0


OUTCOMES = ("ok", "failed", "blind")


@dataclass(frozen=True)
class Look:
    """What was seen. `why` says in a few words what was wrong; `figures` are named with their units (``latency_ms``);
    `answers` say which site each server that was asked leads to (of few values: they are labels of a metric).

    A look is good, failed, or `blind`: its source did not answer (Sentry itself is down, say), so it tells nothing of what it
    watches. A blind look is never a good one.
    """

    ok: bool
    why: str = ""
    figures: dict[str, float] = field(default_factory=dict)
    blind: bool = False
    answers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.ok and self.blind:
            raise ValueError("a blind look saw nothing, so it cannot be good")

    @property
    def outcome(self) -> str:
        """ok, failed or blind."""
        return "blind" if self.blind else "ok" if self.ok else "failed"


class Monitor(Protocol):
    """One file each. `look` blocks for a bounded time, is called by one thread, and raises nothing of the network."""

    name: str
    period_s: float

    def look(self) -> Look:
        """Look once."""


@runtime_checkable
class Doubting(Protocol):
    """A monitor that looks again `doubt_s` after a first failure. Not for one that judges what happened since its last look."""

    doubt_s: float
