"""What one look of a monitor is, and the monitor as such: something that looks again and again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Look:
    """What was seen. `why` says in a few words what was wrong; `figures` are named with their units (``latency_ms``)."""

    ok: bool
    why: str = ""
    figures: dict[str, float] = field(default_factory=dict)


class Monitor(Protocol):
    """One file each. `look` blocks for a bounded time, is called by one thread, and raises nothing of the network."""

    name: str
    period_s: float

    def look(self) -> Look:
        """Look once."""
