"""How quickly something leaves the lost site: shares per second, and the time after which at most 5 % is left.

Definitions 6.4: ``T_q = inf{t - t_auth: S(t) <= 1 - q}``. S is taken as the share of old answers (or requests) among those given
in a window; a class whose clients ask seldom has no other observable state. Right-censored values are None, said as "> …".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_SECOND = 1_000_000_000
WINDOW_S = 2


@dataclass(frozen=True)
class Leaving:
    """t95_s: seconds after the start mark; None: not within the observation. `events`: how many were seen after the mark."""

    t95_s: float | None
    events: int
    observed_s: float


def leaving(times_and_old: Sequence[tuple[int, bool]], start_ns: int, end_ns: int, left: float = 0.05) -> Leaving:
    """From (time, still old) pairs: the end of the last window, begun at or after the start, that is more than `left` old."""
    length = max(0, -(-(end_ns - start_ns) // _SECOND))
    total, old = [0] * length, [0] * length
    for t_ns, still_old in times_and_old:
        second = (t_ns - start_ns) // _SECOND
        if 0 <= second < length:
            total[second] += 1
            old[second] += still_old
    observed_s = (end_ns - start_ns) / 1e9
    last_bad = -1
    last_seen = -1
    for second in range(length):
        window = slice(second, second + WINDOW_S)
        seen = sum(total[window])
        if total[second]:
            last_seen = second
        if seen and total[second] and sum(old[window]) > left * seen:
            last_bad = second
    events = sum(total)
    if not events or last_seen <= last_bad:
        return Leaving(None, events, observed_s)
    following = next(second for second in range(last_bad + 1, length) if total[second])
    return Leaving(float(following) if last_bad >= 0 else 0.0, events, observed_s)
