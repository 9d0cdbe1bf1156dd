"""Lets every monitor look at its times, keeps its alarm, and writes both down.

Samples (``samples``): source ``monitors``, subject ``<monitor>@<site>``, metrics ``ok`` (1 or 0; of looks that saw something),
``blind`` (1; of looks whose source did not answer), the look's own figures; once ``period_s``, the pause between its looks.
Alarms (timeline): kind ``alert``, subject as above, data.state ``raised`` or ``cleared``, data.why,
data.since_ns (first failed look).
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from monitors.alarm import Alarm
from monitors.look import Doubting, Look, Monitor
from monitors.metrics import Metrics
from monitors.place import Place
from results.row_log import RowWriter
from results.timeline import TimelineWriter

_FLUSH_EVERY_S = 1.0
_PROVEN_WITHIN_S = 1.0  # names are asked for twice a second
_WORDS = {"ok": "ok", "failed": "FAIL", "blind": "BLIND"}


class Recorder:
    """Where looks and alarms go: a run's evidence, or lines for a person when there is no run."""

    def __init__(self, run: Path | None, place: Place, site: str) -> None:
        self._site = site
        self.metrics = Metrics(site)
        self._lock = threading.Lock()
        self._samples = RowWriter(run, "samples", f"monitors-{site}") if run else None
        self._timeline = TimelineWriter(run, f"monitors-{site}", place.clock) if run else None

    def begins(self, monitor: str, period_s: float, at_ns: int) -> None:
        """Say how seldom it looks by design: else nobody could tell a long pause from a short blindness."""
        with self._lock:
            if self._samples is not None:
                self._samples.append(at_ns, "monitors", f"{monitor}@{self._site}", "period_s", period_s)

    def looked(self, monitor: str, begun_ns: int, look: Look, *, proven: bool) -> None:
        """`proven`: the place got out while it looked, so that a failure is the service's and not its own."""
        with self._lock:
            self.metrics.looked(monitor, look, proven=proven)
            if self._samples is None:
                print(f"{_WORDS[look.outcome]:<5} {monitor:<17} {look.why or _shown(look)}", flush=True)
                return
            subject = f"{monitor}@{self._site}"
            seen = {"blind": 1.0} if look.blind else {"ok": float(look.ok)}
            for metric, value in {**seen, **look.figures}.items():
                self._samples.append(begun_ns, "monitors", subject, metric, round(value, 3))

    def alert(self, monitor: str, state: str, why: str, since_ns: int | None) -> None:
        with self._lock:
            self.metrics.alert(monitor, state)
            if self._timeline is None:
                print(f"alarm {state}: {monitor} {why}".rstrip(), file=sys.stderr, flush=True)
            else:
                self._timeline.write("alert", f"{monitor}@{self._site}", state=state, why=why, since_ns=since_ns)

    def flush(self) -> None:
        with self._lock:
            if self._samples is not None:
                self._samples.flush()

    def close(self) -> None:
        with self._lock:
            for writer in (self._samples, self._timeline):
                if writer is not None:
                    writer.close()


def watch(place: Place, monitors: Sequence[Monitor], recorder: Recorder, ending: threading.Event) -> None:
    """All monitors, each in a thread of its own, until `ending`. What a monitor raises ends the watch and is raised here."""
    broken: list[BaseException] = []

    def guarded(monitor: Monitor, after_s: float) -> None:
        try:
            if not ending.wait(after_s):
                _watch_one(place, monitor, recorder, ending)
        except BaseException as error:  # noqa: BLE001 - handed on below: a monitor that died in silence would look healthy
            broken.append(error)
            ending.set()

    # spread over the first second, and so over every later one: all at once they would be a burst for what they watch
    threads = [
        threading.Thread(target=guarded, args=(monitor, number / len(monitors)), name=monitor.name)
        for number, monitor in enumerate(monitors)
    ]
    for thread in threads:
        thread.start()
    while not ending.wait(_FLUSH_EVERY_S):
        recorder.flush()
    place.wake()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]


def _watch_one(place: Place, monitor: Monitor, recorder: Recorder, ending: threading.Event) -> None:
    alarm = Alarm()
    recorder.begins(monitor.name, monitor.period_s, place.clock.now_ns())
    due = time.monotonic()
    while not ending.is_set():
        begun = place.clock.now_ns()
        look = monitor.look()
        # a look that took long does not make the next ones come in a burst
        due, was_due = max(due + monitor.period_s, time.monotonic()), due
        proven = look.outcome != "failed" or (
            place.await_outside(begun, min(_PROVEN_WITHIN_S, due - time.monotonic()), ending)
            and place.outside[1] <= begun
        )
        recorder.looked(monitor.name, begun, look, proven=proven)
        since = alarm.failing_since
        change = alarm.take(begun, look, *place.outside)
        # names are asked for more often than most looks come: an alarm does not wait for its next look to be proven
        unproven = alarm.unproven_since
        if unproven is not None and place.await_outside(unproven, due - time.monotonic(), ending):
            change = alarm.prove(*place.outside)
        if change is not None:
            recorder.alert(monitor.name, change, look.why, since if change == "cleared" else alarm.failing_since)
        if alarm.doubts and isinstance(monitor, Doubting):
            due = min(due, max(was_due + monitor.doubt_s, time.monotonic()))
        ending.wait(due - time.monotonic())


def _shown(look: Look) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in look.figures.items())
