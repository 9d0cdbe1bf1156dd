"""What a sender tells about itself: frames to its Locust worker, samples of each second and its own events for the run."""

from __future__ import annotations

import contextlib
import os
import resource
from collections import Counter
from typing import Any

from loadtests.attempt import Result
from loadtests.device import Kept
from loadtests.frame import Frame, percentile
from loadtests.machine import Machine
from loadtests.order import Order
from loadtests.schedule import share
from results.clock import Clock
from results.row_log import RowWriter
from results.timeline import TimelineWriter

_SATURATED_LAG_MS = 100


class Figures:
    """Counts what happens, for one sender. `first_site`: address that served at the start; `out`: where frames go."""

    def __init__(self, order: Order, clock: Clock, first_site: str, out: int = 1) -> None:
        self._clock, self._first_site, self._out = clock, first_site, out
        self._subject = f"sender-{order.worker}"
        self._workers = order.workers
        self._share = share(order.worker, order.workers, order.plan.population.patients)
        self._samples = RowWriter(order.run, "samples", f"loadtests-{order.worker}")
        self._timeline = TimelineWriter(order.run, f"loadtests-{order.worker}", clock)
        self._seen = bytearray(order.plan.population.patients)
        self._patients_seen = self._intended = self._acknowledged = 0
        self._frame = Frame()
        self._last_ack_ns = self._saturated_s = 0
        self._second_lag: Counter[int] = Counter()
        self._machine = Machine()

    # what happens

    def intend(self) -> None:
        """A reading became due."""
        self._intended += 1
        self._frame.intended += 1

    def begin(self, lag_ms: int) -> None:
        """An attempt was dispatched, so late."""
        self._frame.lag_ms[lag_ms] += 1
        self._second_lag[lag_ms] += 1

    def end(self, result: Result, kept: Kept, outcome: str, error: str) -> None:
        """An attempt ended."""
        frame = self._frame
        frame.ended += 1
        if result.address:
            frame.dial(result.attempt.client, first_site=result.address == self._first_site)
        if outcome == "ok":
            frame.acknowledged_ms[(result.t_done - kept.intended_ns) // 1_000_000] += 1
            frame.served[result.headers.get("serving-site", "")] += 1
            frame.body_bytes += int(result.headers.get("content-length", "0"))
            self._acknowledged += 1
            self._last_ack_ns = result.t_done
            if not self._seen[kept.patient]:
                self._seen[kept.patient] = 1
                self._patients_seen += 1
        else:
            frame.failed[error] += 1

    # who is told

    def send(self, *, in_flight: int, queued: int, overdue: int, users: int, connections: int = 0, final: bool) -> None:
        """A frame with everything since the last one."""
        frame, self._frame = self._frame, Frame()
        frame.t_ns = self._clock.now_ns()
        frame.in_flight, frame.queued, frame.overdue = in_flight, queued, overdue
        frame.patients_seen, frame.users = self._patients_seen, users
        frame.last_ack_ns = self._last_ack_ns
        frame.cpu_s, frame.rss_bytes = _used()
        frame.connections = connections
        frame.saturated = (percentile(frame.lag_ms, 0.99) or 0) > _SATURATED_LAG_MS
        frame.final = final
        with contextlib.suppress(BrokenPipeError):  # nobody listens any more: the end of standard input stops us
            os.write(self._out, frame.to_json())

    def sample(self, *, in_flight: int, queued: int) -> None:
        """Once a second: rows for the run."""
        now = self._clock.now_ns()
        lag = percentile(self._second_lag, 0.99)
        self._saturated_s += (lag or 0) > _SATURATED_LAG_MS
        self._second_lag.clear()
        cpu_s, rss_bytes = _used()
        figures: dict[str, float] = {"cpu_s": cpu_s, "rss_bytes": rss_bytes, "in_flight": in_flight, "queued": queued}
        if lag is not None:
            figures["lag_p99_ms"] = lag
        if (busy := self._machine.busy()) is not None:
            figures["machine_busy"] = round(busy, 4)
        for metric, value in figures.items():
            self._samples.append(now, "loadtests", self._subject, metric, value)
        self._samples.flush()

    def report(self, state: str, **more: Any) -> None:  # JSON values
        """The sender begins or ends: what it has done until now."""
        cpu_s, rss_bytes = _used()
        self._timeline.write(
            "generator",
            self._subject,
            state=state,
            workers=self._workers,
            patients=self._share,
            intended=self._intended,
            acknowledged=self._acknowledged,
            cpu_s=round(cpu_s, 3),
            rss_bytes=rss_bytes,
            saturated_s=self._saturated_s,
            **more,
        )

    def account(self, **usage: int) -> None:
        """Where the events for Matomo are (`loadtests.usage.Account`)."""
        self._timeline.write("usage", self._subject, **usage)

    def close(self) -> None:
        self._samples.close()
        self._timeline.close()


def _used() -> tuple[float, int]:
    """CPU seconds and the most memory of this process, in bytes."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024
