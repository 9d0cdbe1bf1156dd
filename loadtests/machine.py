"""How busy the machine is on which the load is made: with no processor time left there, nothing of the service is measured."""

from __future__ import annotations

import psutil

_AT_REST = ("idle", "iowait")
_COUNTED_ELSEWHERE = ("guest", "guest_nice")  # within user and nice


class Machine:
    """Of all processors together."""

    def __init__(self) -> None:
        self._busy_s, self._all_s = _used()

    def busy(self) -> float | None:
        """The share of the time since the last call in which a processor had something to do; None: no time has passed."""
        was = self._busy_s, self._all_s
        self._busy_s, self._all_s = _used()
        passed = self._all_s - was[1]
        return min(1.0, max(0.0, (self._busy_s - was[0]) / passed)) if passed > 0 else None


def _used() -> tuple[float, float]:
    """Seconds that processors were busy, and seconds in all."""
    times = psutil.cpu_times()._asdict()
    every = sum(value for name, value in times.items() if name not in _COUNTED_ELSEWHERE)
    return every - sum(times[name] for name in _AT_REST), every
