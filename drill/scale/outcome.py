"""What one simulated worker of the load generator did."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_NEVER = float("inf")


@dataclass(frozen=True)
class Outcome:
    """What one worker did.

    begun_s, lag_s     of every attempt: when it began, how late
    per_second         attempts begun in each second
    cpu_s              processor time in each second
    in_flight          attempts under way, on average of each second, and at most; connections likewise, kept ones included
    dialled, polls     connections begun; waits of the event loop
    intended           readings that became due = acknowledged + waiting
    """

    begun_s: npt.NDArray[np.float64]
    lag_s: npt.NDArray[np.float64]
    per_second: npt.NDArray[np.int64]
    cpu_s: npt.NDArray[np.float64]
    in_flight: npt.NDArray[np.float64]
    connections: npt.NDArray[np.float64]
    in_flight_most: int
    connections_most: int
    dialled: int
    polls: int
    intended: int
    acknowledged: int
    waiting: int

    def lag_ms(self, q: float, begin_s: float = 0, end_s: float = _NEVER) -> float:
        """Quantile of the lag of what began in that time. 0 where nothing did."""
        inside = (self.begun_s >= begin_s) & (self.begun_s < end_s)
        return float(np.quantile(self.lag_s[inside], q) * 1000) if inside.any() else 0.0

    def cpu_ms(self, begin_s: int, end_s: int) -> float:
        """Processor time per attempt, in whole seconds."""
        return float(self.cpu_s[begin_s:end_s].sum() / max(1, self.per_second[begin_s:end_s].sum()) * 1000)
