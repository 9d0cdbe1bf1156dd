"""How quickly something leaves the lost site: counts per second, and the time after which at most 5 % is left.

Definitions 6.4: ``T_q = inf{t - t_auth: S(t) <= 1 - q}``. S is taken as the share of old answers (or requests) among those given
in a window; a class whose clients ask seldom has no other observable state. Right-censored values are None, said as "> …".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SECOND = 1_000_000_000
WINDOW_S = 2


@dataclass(frozen=True)
class Leaving:
    """t95_s: seconds after the start mark; None: not within the observation. `events`: how many were seen after the mark."""

    t95_s: float | None
    events: int
    observed_s: float


def leaving(counts: Iterable[tuple[int, int, int]], observed_s: float, left: float = 0.05) -> Leaving:
    """From (second since the start mark, how many, of these still old).

    The answer is the first second with events after the last one whose window (of `WINDOW_S`) is more than `left` old.
    """
    length = max(0, -int(-observed_s // 1))
    total, old = [0] * (length + WINDOW_S), [0] * (length + WINDOW_S)
    for second, many, still_old in counts:
        if 0 <= second < length:
            total[second], old[second] = many, still_old
    busy = [second for second in range(length) if total[second]]
    bad = [
        second
        for second in busy
        if sum(old[second : second + WINDOW_S]) > left * sum(total[second : second + WINDOW_S])
    ]
    events = sum(total)
    if not events or (bad and bad[-1] == busy[-1]):
        return Leaving(None, events, observed_s)
    following = next(second for second in busy if second > bad[-1]) if bad else 0
    return Leaving(float(following), events, observed_s)
