"""How fast an error budget burns, and when an alert on it must fire (definitions 6.7; Google SRE Workbook, chapter 5).

A rule of two windows fires while the burn rate is above k over the long *and* the short one, k = share x P / long: the long
window has then spent that share of the budget of the whole period P; the short one lets it clear soon. Where events are few one
bad one is much in a short window (chapter 5, "Low-Traffic Services"): nobody is woken by less than `LEAST_BAD` in the long one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

_SECOND = 1_000_000_000
LEAST_BAD = 2
MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True)
class Pair:
    """Two windows in seconds, the share of the budget that is spent when they fire, and whom they wake."""

    long_s: int
    short_s: int
    share: float
    severity: str

    def factor(self, period_s: int) -> float:
        """k: the burn rate above which the rule fires."""
        return self.share * period_s / self.long_s


@dataclass(frozen=True)
class Windows:
    """The pairs of a period. `scale` says by how much they were shortened; 1 is as in operation."""

    pairs: tuple[Pair, ...]
    period_s: int
    scale: int = 1


def windows(period_s: int, scale: int = 1) -> Windows:
    """Sloth's windows for that period. A drill of minutes shortens windows *and* period by `scale`: factors k stay as they are.

    Raises ValueError where a window is no whole number of seconds any more.
    """
    pairs = (
        Pair(1 * HOUR, 5 * MINUTE, 0.02, "page"),
        Pair(6 * HOUR, 30 * MINUTE, 0.05, "page"),
        Pair(1 * DAY, 2 * HOUR, 0.10, "ticket"),
        Pair(3 * DAY, 6 * HOUR, 0.10, "ticket"),
    )
    if scale < 1:
        raise ValueError(f"scale {scale}: must be at least 1")
    for length in (period_s, *(length for pair in pairs for length in (pair.long_s, pair.short_s))):
        if length % scale:
            raise ValueError(f"scale {scale}: {length} s / {scale} is no whole number of seconds")
    shortened = (Pair(p.long_s // scale, p.short_s // scale, p.share, p.severity) for p in pairs)
    return Windows(tuple(shortened), period_s // scale, scale)


def fires_after_s(pair: Pair, period_s: int, budget: float, error_ratio: float) -> float | None:
    """Seconds from a step of the error ratio (from 0 to `error_ratio`) to the rule's condition; None: it never fires.

    The long window dominates: after t seconds it shows error_ratio x t / long, which must exceed k x B. Scraping, evaluation
    and `for` come on top.
    """
    threshold = pair.factor(period_s) * budget
    if error_ratio <= threshold:
        return None
    return max(pair.long_s, pair.short_s) * threshold / error_ratio


def fires_at_ns(pair: Pair, period_s: int, budget: float, events: Iterable[tuple[int, bool]]) -> int | None:
    """When the rule's condition first holds, counted event by event; None: never. `events`: (ns, good), in order of time.

    Looks that fail may take longer than looks that do not: then fewer of them count than a step of the ratio would have it.
    """
    threshold = pair.factor(period_s) * budget
    windows: list[tuple[int, deque[tuple[int, bool]]]] = [(length, deque()) for length in (pair.long_s, pair.short_s)]
    bad = [0, 0]
    for t, good in events:
        above = True
        for number, (length, window) in enumerate(windows):
            window.append((t, good))
            bad[number] += not good
            while window[0][0] <= t - length * _SECOND:
                bad[number] -= not window.popleft()[1]
            above = above and bad[number] > threshold * len(window)
        if above and bad[0] >= LEAST_BAD:
            return t
    return None


def duration(seconds: int) -> str:
    """As Prometheus writes it: the largest unit that fits exactly (``5m``, ``1h``, ``90s``)."""
    for unit, length in (("d", DAY), ("h", HOUR), ("m", MINUTE)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
