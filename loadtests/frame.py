"""Figures that a sender reports several times a second, made so that figures of several senders can be added.

One JSON object a line. Counters are increments since the last frame; gauges are values of this moment.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Frame:
    """
    acknowledged_ms   first-acknowledgement latency from the intended time, rounded to 1 ms -> uploads
    failed            error class -> attempts that failed or whose end nobody knows
    dialled           client class -> [attempts, of these to the site that was active at the start]
    served            serving site -> acknowledgements
    intended, ended   readings that became due; attempts that ended
    body_bytes        of the acknowledged answers' bodies (as announced)
    lag_ms            dispatched - scheduled, rounded to 1 ms -> attempts
    in_flight, queued, patients_seen, users   gauges; patients_seen: patients with an acknowledged upload
    overdue           gauge: readings not acknowledged although their deadline is over
    last_ack_ns       gauge; 0: none
    saturated         gauge: the sender cannot keep up
    cpu_s, rss_bytes, connections   gauges: processor time until now, most memory, connections open (kept ones included)
    final             this sender has ended
    """

    t_ns: int = 0
    acknowledged_ms: Counter[int] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    dialled: dict[str, list[int]] = field(default_factory=dict)
    served: Counter[str] = field(default_factory=Counter)
    lag_ms: Counter[int] = field(default_factory=Counter)
    intended: int = 0
    ended: int = 0
    body_bytes: int = 0
    in_flight: int = 0
    queued: int = 0
    overdue: int = 0
    patients_seen: int = 0
    users: int = 0
    last_ack_ns: int = 0
    saturated: bool = False
    cpu_s: float = 0.0
    rss_bytes: int = 0
    connections: int = 0
    final: bool = False

    def dial(self, client: str, *, first_site: bool) -> None:
        counts = self.dialled.setdefault(client, [0, 0])
        counts[0] += 1
        counts[1] += first_site

    def to_json(self) -> bytes:
        return json.dumps(vars(self), separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_json(cls, line: bytes | str) -> Frame:
        """Raises ValueError, TypeError on anything else."""
        given: dict[str, Any] = json.loads(line)
        for name in ("acknowledged_ms", "lag_ms"):
            given[name] = Counter({int(key): count for key, count in given[name].items()})
        for name in ("failed", "served"):
            given[name] = Counter(given[name])
        return cls(**given)


def percentile(histogram: Counter[int], q: float) -> int | None:
    """Smallest key with at least a share q of the counts at or below it (nearest rank). None: empty."""
    total = sum(histogram.values())
    if not total:
        return None
    rank, seen = q * total, 0
    for key in sorted(histogram):
        seen += histogram[key]
        if seen >= rank:
            return key
    return max(histogram)
