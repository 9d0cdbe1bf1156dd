"""A sender that times its own parts: the worker that is measured. All it does is `loadtests.sender`; only clocks are added.

    python -m drill.scale.worker ORDER SETTLE_S

writes ``parts.json`` into the run: processor and wall time of each part after SETTLE_S seconds (seconds, of this one thread).
Reading two clocks twice costs about 1 µs a part, eight parts an upload: below 1 % of an upload.

::

    prepare   body, token, headers of an upload             finish   handshake done, certificate looked at, request sent
    begin     history, DNS query                            answer   answer read, connection closed
    dial      DNS answer came: socket, connect              take     what came of it: judged, kept, history
    hello     connected: TLS begins                         drop     an attempt that timed out
    second    once a second: lookups, samples, fsync        frame    four times a second: figures, and who is overdue
"""

from __future__ import annotations

import gc
import json
import os
import resource
import select
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from loadtests import native
from loadtests.attempt import Result
from loadtests.order import Order
from loadtests.sender import Sender
from results.clock import Clock
from targets.read import read_target

PARTS_FILE = "parts.json"
_BY_STATE = {1: "hello", 2: "finish", 3: "finish", 4: "answer", 5: "idle"}  # states of `loadtests.native`
# what a part takes longer than its processor time by more than this is an interruption: another process, the machine. Not what
# it takes longer than usual: a handshake has short and long steps
INTERRUPTED_S = 100e-6
_CUTS = 200


class Parts:
    """Wall and processor time of every call of every part, from `begin` on."""

    def __init__(self) -> None:
        self.on = False
        self.wall: dict[str, list[float]] = defaultdict(list)
        self.cpu: dict[str, list[float]] = defaultdict(list)
        self.late: list[float] = []
        self.polls = 0
        self.events = 0
        self._cpu0 = self._wall0 = 0.0

    def begin(self) -> None:
        self.on, self._cpu0, self._wall0 = True, time.process_time(), time.perf_counter()

    def timed(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:  # Any: handed through as it is
        def measured(*arguments: Any, **named: Any) -> Any:
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return call(*arguments, **named)
            finally:
                self.note(name, time.perf_counter() - wall, time.thread_time() - cpu)

        return measured

    def note(self, name: str, wall: float, cpu: float) -> None:
        if self.on:
            self.wall[name].append(wall)
            self.cpu[name].append(cpu)

    def summary(self) -> dict[str, Any]:  # JSON values
        """See `drill.scale.costs.Parts` for the words."""
        parts, excess, busy = {}, [], 0.0
        for name, walls in self.wall.items():
            count, used = len(walls), self.cpu[name]
            waits = [wall - cpu for wall, cpu in zip(walls, used, strict=True)]
            parts[name] = {
                "calls": count,
                "cpu_s": sum(used) / count,
                "wall_s": sum(cpu + min(wait, INTERRUPTED_S) for cpu, wait in zip(used, waits, strict=True)) / count,
            }
            # a batch is as long as it has uploads: that is no interruption; its uploads are timed one by one
            if name not in ("second", "frame", "begin"):
                busy += sum(walls)
                excess += [wait - INTERRUPTED_S for wait in waits if wait > INTERRUPTED_S]
        second_waits = [wall - cpu for wall, cpu in zip(self.wall["second"], self.cpu["second"], strict=True)]
        return {
            "parts": parts,
            "second_waits_s": table(second_waits),
            "interruptions": len(excess),
            "interruptions_s": table(excess),
            "busy_s": busy,
            "late_s": table(self.late),
            "polls": self.polls,
            "events": self.events,
            "cpu_s": time.process_time() - self._cpu0,
            "lasted_s": time.perf_counter() - self._wall0,
        }


def table(values: Sequence[float]) -> list[float]:
    """A distribution as 201 quantiles, evenly spaced from the least to the most. Empty: one zero."""
    ordered = sorted(values) or [0.0]
    last = len(ordered) - 1
    return [ordered[round(number / _CUTS * last)] for number in range(_CUTS + 1)]


class _CountedEpoll:
    """An epoll that counts its waits and how late it returns from those that nothing ended."""

    def __init__(self, epoll: select.epoll, parts: Parts) -> None:
        self._epoll, self._parts = epoll, parts
        self.register, self.modify, self.unregister = epoll.register, epoll.modify, epoll.unregister
        self.fileno, self.close = epoll.fileno, epoll.close

    def poll(self, timeout: float) -> list[tuple[int, int]]:
        began = time.perf_counter()
        found = self._epoll.poll(timeout)
        if self._parts.on:
            self._parts.polls += 1
            self._parts.events += len(found)
            if not found and timeout > 0:
                self._parts.late.append(time.perf_counter() - began - timeout)
        return found


def fit_clocks(sender: Sender, parts: Parts, settle_s: float) -> None:
    """Put clocks round the parts of a sender whose engine is the native one."""
    engine = sender._engine
    if not isinstance(engine, native.NativeEngine):
        raise TypeError("load.engine: the worker that is measured needs 'native'")
    changed: Any = sender  # its methods are replaced by timed ones, on this one object
    changed._prepare = parts.timed("prepare", sender._prepare)
    changed._begin = parts.timed("begin", sender._begin)
    changed._take = parts.timed("take", sender._take)
    changed._write_completions = parts.timed("write", sender._write_completions)
    changed._each_second = parts.timed("second", sender._each_second)
    changed._send_frame = parts.timed("frame", sender._send_frame)
    inner: Any = engine
    advance, end, connect = engine._advance, engine._end, engine._connect
    inner._connect = parts.timed("dial", connect)
    inner._epoll = _CountedEpoll(inner._epoll, parts)

    def advanced(flight: Any) -> None:
        name = _BY_STATE.get(flight.state, "other")
        wall, cpu = time.perf_counter(), time.thread_time()
        advance(flight)
        parts.note(name, time.perf_counter() - wall, time.thread_time() - cpu)

    def ended(flight: Any, error: str) -> None:
        wall, cpu = time.perf_counter(), time.thread_time()
        end(flight, error)
        if error in ("connect-timeout", "timeout"):
            parts.note("drop", time.perf_counter() - wall, time.thread_time() - cpu)

    inner._advance, inner._end = advanced, ended
    step, begins = sender._step, time.monotonic() + settle_s

    def stepped(results: Sequence[Result]) -> int | None:
        if not parts.on and time.monotonic() >= begins:
            parts.begin()
        return step(results)

    changed._step = stepped


def main() -> int:
    order = Order.model_validate_json(sys.argv[1])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    began = time.perf_counter()
    sender = Sender(order, read_target(Path(order.target)), Clock.from_environment({"ZWEITHERZ_CLOCK": order.clock}))
    built_s = time.perf_counter() - began
    parts = Parts()
    fit_clocks(sender, parts, float(sys.argv[2]))
    signal.signal(signal.SIGTERM, lambda *_: sender.stop())
    gc.freeze()  # as loadtests.sender does
    finish = sender._finish
    summary: dict[str, Any] = {}

    def finished() -> None:
        summary.update(parts.summary())
        parts.on = False
        finish()

    sender._finish = finished  # type: ignore[method-assign] # on this one object: before the end's own work
    sender.run()
    path = order.run / PARTS_FILE
    path.write_text(json.dumps({**summary, "built_s": built_s}))
    sys.stdout.flush()
    os._exit(0)  # as loadtests.sender does


if __name__ == "__main__":
    sys.exit(main())
