"""The load of this moment, one small file written once a second: ``live/loadtests.json``. For people and guards only."""

from __future__ import annotations

import json
from collections import Counter, deque
from pathlib import Path
from typing import Any

from loadtests.frame import Frame, percentile

WINDOW_NS = 10_000_000_000


class LiveFigures:
    """Frames of all senders, added up."""

    def __init__(self) -> None:
        self._latest: dict[str, Frame] = {}
        self._window: deque[Frame] = deque()
        self._intended = self._attempts = self._acknowledged = 0
        self._saturated = False

    def take(self, sender: str, frame: Frame) -> None:
        """A frame of one sender."""
        self._latest[sender] = frame
        self._window.append(frame)
        self._intended += frame.intended
        self._attempts += frame.ended
        self._acknowledged += sum(frame.acknowledged_ms.values())
        self._saturated = self._saturated or frame.saturated
        while self._window and self._window[0].t_ns < frame.t_ns - WINDOW_NS:
            self._window.popleft()

    def now(self, now_ns: int) -> dict[str, Any]:  # JSON values
        """The figures: totals since the start, rates and shares of the last 10 s."""
        window = [frame for frame in self._window if frame.t_ns >= now_ns - WINDOW_NS]
        latency, lag, served = Counter[int](), Counter[int](), Counter[str]()
        dialled: dict[str, list[int]] = {}
        for frame in window:
            latency.update(frame.acknowledged_ms)
            lag.update(frame.lag_ms)
            served.update(frame.served)
            for client, (attempts, first) in frame.dialled.items():
                counts = dialled.setdefault(client, [0, 0])
                counts[0] += attempts
                counts[1] += first
        acknowledged = sum(latency.values())
        overdue = sum(frame.overdue for frame in self._latest.values())
        span_s = max(1.0, (now_ns - min((f.t_ns for f in window), default=now_ns)) / 1e9)
        recent = [frame for frame in window if frame.t_ns >= now_ns - 1_500_000_000]
        latest = self._latest.values()
        last_ack = max((frame.last_ack_ns for frame in latest), default=0)
        return {
            "t_ns": now_ns,
            "users": sum(frame.users for frame in latest),
            "patients_seen": sum(frame.patients_seen for frame in latest),
            "intended": self._intended,
            "attempts": self._attempts,
            "acknowledged": self._acknowledged,
            "failing": sum(sum(frame.failed.values()) for frame in recent),
            "ups": round(acknowledged / span_s, 1),
            "good_ratio_10s": round(acknowledged / (acknowledged + overdue), 5) if acknowledged + overdue else None,
            "last_ack_ns": last_ack or None,
            "p50_ms": percentile(latency, 0.5),
            "p99_ms": percentile(latency, 0.99),
            "lag_p99_ms": percentile(lag, 0.99),
            "in_flight": sum(frame.in_flight for frame in latest),
            "queued": sum(frame.queued for frame in latest),
            "by_client": {client: round(first / attempts, 4) for client, (attempts, first) in sorted(dialled.items())},
            "by_site": {site: round(count / acknowledged, 4) for site, count in sorted(served.items())},
            "saturated": self._saturated,
            "senders_ended": sum(frame.final for frame in latest),
        }


def write(path: Path, figures: dict[str, Any]) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(figures))
    draft.replace(path)
