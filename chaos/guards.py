"""What ends a drill early: looked at once a second, from the first activity to the last.

stop-file    somebody put the plan's stop file into ``results/`` or into the run folder
stop-key     the target's own record says that every drill has to stop
stop         the drill was asked to stop (Ctrl-C), or its process is gone
time-limit   the drill takes longer than the plan allows
unavailable  no upload was acknowledged for too long
steady-state the steady state did not hold when the fault was due

A guard that trips wakes whoever waits in `wait` or `wait_until`; rollbacks are still played.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chaos.live import NoFigures, read_live
from results.clock import Clock
from results.plan import Guards as Limits
from results.timeline import TimelineWriter

LOOK_EVERY_S = 1.0
ASKED = "stop"


class Aborted(RuntimeError):
    """A guard tripped: '<guard>: <why>'."""


@dataclass(frozen=True)
class Trip:
    """Which guard tripped, and why, in one line."""

    guard: str
    why: str


class Guards:
    """Watches the limits of the plan in a thread of its own. The first trip stays; later ones change nothing."""

    def __init__(self, run: Path, limits: Limits, clock: Clock, timeline: TimelineWriter) -> None:
        self._run = run
        self._limits = limits
        self._clock = clock
        self._timeline = timeline
        self._started_s = time.monotonic()
        self._started_ns = clock.now_ns()
        self._woken = threading.Event()
        self._ended = threading.Event()
        self._only_one = threading.Lock()
        self._trip: Trip | None = None
        self.stop_key: Callable[[], str] = lambda: (
            ""
        )  # name of the target's record that asks to stop; empty: it does not
        self._thread = threading.Thread(target=self._watch, name="guards", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Stop watching; the last look is over when this returns."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5 * LOOK_EVERY_S)

    @property
    def trip(self) -> Trip | None:
        """The guard that tripped, if one did."""
        return self._trip

    def abort(self, guard: str, why: str) -> None:
        """Trip by hand; also used by the watching thread."""
        with self._only_one:
            if self._trip is not None:
                return
            if guard == ASKED:
                self._timeline.write("stop", "drill", why=why)
            else:
                self._timeline.write("guard.abort", guard, why=why)
            self._trip = Trip(guard, why)
        self._woken.set()

    def check(self) -> None:
        """Raises Aborted when a guard has tripped."""
        if self._trip is not None:
            raise Aborted(f"{self._trip.guard}: {self._trip.why}")

    def wait(self, seconds: float) -> None:
        """Wait so long. Raises Aborted as soon as a guard trips."""
        self._woken.wait(max(0.0, seconds))
        self.check()

    def rest(self, seconds: float) -> None:
        """Wait so long whatever happens: for clean-up, which goes on after a trip."""
        self._ended.wait(seconds)

    def wait_until(self, condition: Callable[[], bool], limit_s: float, every_s: float = 0.2) -> bool:
        """Wait until `condition` holds: True; False when the limit passed first. Raises Aborted."""
        deadline = time.monotonic() + limit_s
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.wait(min(every_s, left))
        return True

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            trip = self._look()
            if trip is not None:
                self.abort(trip.guard, trip.why)
                return

    def _look(self) -> Trip | None:
        for folder in (self._run, self._run.parent.parent):
            if (folder / self._limits.stop_file).exists():
                return Trip("stop-file", f"{folder.name}/{self._limits.stop_file} exists")
        if name := self.stop_key():
            return Trip("stop-key", f"the record {name} says stop")
        passed_s = time.monotonic() - self._started_s
        if passed_s > self._limits.time_limit_s:
            return Trip("time-limit", f"the drill runs for {passed_s:.0f} s (limit {self._limits.time_limit_s:g} s)")
        silent_s = self._silent_s()
        if silent_s > self._limits.abort_unavailable_s:
            limit_s = self._limits.abort_unavailable_s
            return Trip("unavailable", f"no upload acknowledged for {silent_s:.0f} s (limit {limit_s:g} s)")
        return None

    def _silent_s(self) -> float:
        """Seconds since the last acknowledgement, or since the start where there was none or no figures."""
        last_ns = self._started_ns
        with contextlib.suppress(NoFigures):  # counts as silence since the start
            last_ns = max(last_ns, read_live(self._run, self._clock.now_ns(), fresh_s=float("inf")).last_ack_ns or 0)
        return (self._clock.now_ns() - last_ns) / 1e9
