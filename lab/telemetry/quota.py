"""How many items a project may send: a token bucket, as wide as two seconds of its rate."""

from __future__ import annotations

from collections.abc import Callable

_BURST_S = 2.0


class Quota:
    """`clock` gives seconds that never go back."""

    def __init__(self, per_s: float, clock: Callable[[], float]) -> None:
        self._per_s, self._clock = per_s, clock
        self._left, self._at = per_s * _BURST_S, clock()

    def take(self, items: int) -> float:
        """0 when `items` are taken, else the seconds after which they would be; nothing is taken then."""
        now = self._clock()
        self._left = min(self._per_s * _BURST_S, self._left + (now - self._at) * self._per_s)
        self._at = now
        if items <= self._left:
            self._left -= items
            return 0.0
        return (items - self._left) / self._per_s
