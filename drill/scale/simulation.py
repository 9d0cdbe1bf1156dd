"""One worker of the load generator, event by event: what its one thread does when, and what is open meanwhile.

::

    schedule (the real one) ─┐
    retries (real back-off) ─┴─> due ── prepare, begin ──> DNS ── dial ──> connected ── hello ──> finish ──> answer ── take
                                  ^         one thread: a part at a time, in the order of its event loop                │
                                  └──────────────────── not acknowledged: waits out its back-off <────────────────────┘

The loop is that of `loadtests.sender` and `loadtests.native`: a step (what ended, frames, seconds, all that is due), then a wait
that handles all that is ready and returns when something ended or is due. A part takes its measured time; interruptions come as a
Poisson process over the time at work, their lengths drawn from those measured; a thread that slept wakes as late as measured.
The service answers after its latency and has no limit of its own: what is simulated is the generator.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from drill.scale.costs import Costs
from drill.scale.outcome import Outcome
from loadtests.device import Devices, Kept
from loadtests.population import make_patients
from loadtests.schedule import make_share
from loadtests.sender import FRAME_EVERY_NS, MOST_IN_FLIGHT
from results.identity import operation
from results.plan import Plan

_FRAME_S = FRAME_EVERY_NS / 1e9
_DIAL, _HELLO, _FINISH, _ANSWER = range(4)
_NEVER = float("inf")
FLEET = 8  # workers whose patients are drawn to simulate the first: arrivals as irregular as a share of a big fleet


@dataclass(frozen=True)
class Network:
    """What lies between patients and service, seconds. By class of distance: one round trip; and the service's own time."""

    round_trip_s: dict[str, float]
    service_s: float
    dns_s: float = 0.0


@dataclass(frozen=True)
class Outage:
    """The service takes connections and says nothing, from `at_s` for `lasts_s`."""

    at_s: float
    lasts_s: float

    def at(self, t: float) -> bool:
        return self.at_s <= t < self.at_s + self.lasts_s


@dataclass(slots=True)
class _Flight:
    kept: Kept
    round_trip_s: float
    keeper: bool
    open: bool = False
    shaken: bool = False
    over: bool = False


class Worker:
    """Simulates one worker. Times in seconds from the start.

    plan   of the worker's own share: its patients, its rate, and as time limit how long to simulate
    pace   the machine's, 2: everything takes twice as long as the costs say
    fleet  workers of the fleet that it is the first of, each with such a share
    """

    def __init__(
        self,
        plan: Plan,
        costs: Costs,
        network: Network,
        *,
        outage: Outage | None = None,
        pace: float = 1.0,
        fleet: int = FLEET,
    ) -> None:
        self._plan, self._costs, self._outage, self._pace = plan, costs, outage, pace
        self._random = random.Random(plan.seed)  # noqa: S311 - a simulation
        self._network = network
        load = plan.load
        drawn = plan.model_copy(
            update={
                "population": plan.population.model_copy(update={"patients": plan.population.patients * fleet}),
                "load": load.model_copy(update={"rate": load.rate * fleet}),
            }
        )
        self._patients = make_patients(drawn)
        self._end = plan.guards.time_limit_s
        schedule, _ = make_share(self._patients, drawn.load, plan.seed, self._end, 0, fleet)
        self._due = schedule.due_ns.tolist()
        self._who = schedule.patient.tolist()
        self._seq = schedule.seq.tolist()
        self._next = 0
        self._keeps = [each.keep_alive for each in load.classes]
        self._caches = [bool(each.cache_s) for each in load.classes]
        self._trips = [network.round_trip_s[name] for name in self._patients.distances]
        self._devices = Devices(load, plan.seed)
        self._retries: list[tuple[int, int, Kept]] = []
        self._events: list[tuple[float, int, int, _Flight]] = []
        self._limits: list[tuple[float, int, _Flight, bool]] = []
        self._kept_open: set[int] = set()
        self._ended: list[tuple[_Flight, bool]] = []
        self._serial = self._flying = self._connections = 0
        self._most = [0, 0]
        self._t = 0.0
        self._slow, self._unseen = self._slowness(self._costs.busy), self._unseen_s(self._costs.busy)
        self._calm = self._between()
        seconds = int(self._end) + 1
        self._cpu = np.zeros(seconds)
        self._areas = np.zeros((2, seconds))
        self._area_at = 0.0
        self._frame_at, self._second_at = 0.0, 1.0
        self._second_uploads = 0
        self._begun: list[float] = []
        self._lag: list[float] = []
        self._intended = self._acknowledged = self._dialled = self._polls = 0

    def run(self) -> Outcome:
        """Until the plan's time limit."""
        while self._t < self._end:
            self._wait(self._step())
        self._count(0, 0)
        begun = np.array(self._begun)
        seconds = len(self._cpu) - 1
        return Outcome(
            begun_s=begun,
            lag_s=np.array(self._lag),
            per_second=np.bincount(begun.astype(np.int64), minlength=seconds)[:seconds],
            cpu_s=self._cpu[:seconds],
            in_flight=self._areas[0][:seconds],
            connections=self._areas[1][:seconds],
            in_flight_most=self._most[0],
            connections_most=self._most[1],
            dialled=self._dialled,
            polls=self._polls,
            intended=self._intended,
            acknowledged=self._acknowledged,
            waiting=len(self._devices.waiting()),
        )

    # the thread

    def _spend(self, part: str) -> None:
        self._work(self._costs.wall[part], self._costs.cpu[part])

    def _work(self, wall_s: float, cpu_s: float) -> None:
        wall_s *= self._slow
        self._cpu[min(int(self._t), len(self._cpu) - 1)] += cpu_s * self._slow
        self._t += wall_s
        self._calm -= wall_s
        while self._calm < 0:
            self._t += self._drawn(self._costs.interruptions_s)
            self._calm += self._between()

    def _slowness(self, busy: float) -> float:
        """How much longer work takes than the costs say, after a second in which the thread was busy for so long."""
        share = min(max(busy, self._costs.rests), self._costs.busy)  # of neither more nor less is anything known
        return self._pace * (1 + self._costs.chill * (self._costs.busy / share - 1)) if share else self._pace

    def _unseen_s(self, busy: float) -> float:
        """Of each dispatch, after such a second."""
        return max(0.0, self._costs.unseen_s + self._costs.unseen_rest_s * (self._costs.busy - busy))

    def _between(self) -> float:
        return self._random.expovariate(self._costs.interrupted) if self._costs.interrupted else _NEVER

    def _drawn(self, quantiles: Sequence[float]) -> float:
        return quantiles[int(self._random.random() * len(quantiles))]

    def _step(self) -> float:
        """As `Sender._step`: answers until when to wait."""
        for flight, acknowledged in self._ended:
            self._take(flight, acknowledged=acknowledged)
        self._ended.clear()
        if self._t >= self._frame_at:
            self._spend("frame")
            self._work(*(self._costs.overdue_s * self._devices.busy,) * 2)
            self._frame_at = self._t + _FRAME_S
        if self._t >= self._second_at:
            self._spend("second")
            self._work(*(self._costs.second_each_s * self._second_uploads,) * 2)
            self._t += self._drawn(self._costs.second_waits_s)
            self._second_uploads = 0
            self._second_at += 1
            busy = float(self._cpu[int(self._second_at) - 2])
            self._slow, self._unseen = self._slowness(busy), self._unseen_s(busy)
        self._dispatch()
        due = self._due[self._next] / 1e9 if self._next < len(self._due) else _NEVER
        retry = self._retries[0][0] / 1e9 if self._retries else _NEVER
        return min(due, retry, self._frame_at, self._t + 1)

    def _wait(self, until: float) -> None:
        """As `NativeEngine.wait`."""
        over = False
        while not self._ended and not over:
            over = self._t >= until
            while self._limits and self._limits[0][0] <= self._t:
                _, _, flight, reading = heapq.heappop(self._limits)
                if flight.over or flight.shaken is not reading:
                    continue  # went on in time; its limit still ends a wait
                self._spend("drop")
                self._close(flight)
                self._end_attempt(flight, acknowledged=False)
            if self._ended:
                break
            limit = min(until, self._limits[0][0]) if self._limits else until
            if not over and not (self._events and self._events[0][0] <= self._t):
                ready = self._events[0][0] if self._events else _NEVER
                self._t = ready if ready <= limit else limit + self._drawn(self._costs.late_s)
            polled = self._t
            self._polls += 1
            self._spend("poll")
            while self._events and self._events[0][0] <= polled:
                _, _, what, flight = heapq.heappop(self._events)
                self._advance(what, flight)

    # the way of an attempt

    def _dispatch(self) -> None:
        ready: list[Kept] = []
        limit = round(self._t * 1e9)  # cut off, a time that was waited for could be a nanosecond too early for ever
        while self._next < len(self._due) and self._due[self._next] <= limit:
            at = self._next
            self._next += 1
            self._intended += 1
            patient, seq, due = self._who[at], self._seq[at], self._due[at]
            kept = self._devices.take(Kept(operation(patient, seq), patient, seq, due, due))
            if kept is not None:
                ready.append(kept)
        while self._retries and self._retries[0][0] <= limit and self._flying < MOST_IN_FLIGHT:
            ready.append(heapq.heappop(self._retries)[2])
        for kept in ready:
            kept.attempt += 1
            self._spend("prepare")
            self._begun.append(self._t)
            self._lag.append(self._t - kept.due_ns / 1e9 + self._unseen)
            self._spend("record")
        for kept in ready:
            self._begin(kept)

    def _begin(self, kept: Kept) -> None:
        self._second_uploads += 1
        self._count(1, 0)
        client = self._patients.client[kept.patient]
        flight = _Flight(kept, self._trips[self._patients.distance[kept.patient]], self._keeps[client])
        self._spend("begin")
        if kept.patient in self._kept_open:
            self._kept_open.remove(kept.patient)
            flight.open = True
            self._sent(flight)
        elif self._caches[client]:
            self._advance(_DIAL, flight)
        else:
            self._later(self._network.dns_s, _DIAL, flight)

    def _advance(self, what: int, flight: _Flight) -> None:
        if flight.over:
            return
        if what == _DIAL:
            self._spend("dial")
            self._dialled += 1
            flight.open = True
            self._count(0, 1)
            self._later(flight.round_trip_s, _HELLO, flight)
            self._limit(self._plan.load.connect_timeout_s, flight, reading=False)
        elif what == _HELLO:
            self._spend("hello")
            if not self._dark():
                self._later(flight.round_trip_s + self._costs.shake_s, _FINISH, flight)
        elif what == _FINISH:
            self._spend("finish")
            self._sent(flight)
        elif not self._dark():
            self._spend("answer")
            if flight.keeper:
                self._kept_open.add(flight.kept.patient)
            else:
                self._close(flight)
            self._end_attempt(flight, acknowledged=True)

    def _sent(self, flight: _Flight) -> None:
        flight.shaken = True
        self._limit(self._plan.load.request_timeout_s, flight, reading=True)
        self._later(flight.round_trip_s + self._network.service_s, _ANSWER, flight)

    def _dark(self) -> bool:
        return self._outage is not None and self._outage.at(self._t)

    def _later(self, after_s: float, what: int, flight: _Flight) -> None:
        self._serial += 1
        heapq.heappush(self._events, (self._t + after_s, self._serial, what, flight))

    def _limit(self, after_s: float, flight: _Flight, *, reading: bool) -> None:
        self._serial += 1
        heapq.heappush(self._limits, (self._t + after_s, self._serial, flight, reading))

    def _end_attempt(self, flight: _Flight, *, acknowledged: bool) -> None:
        flight.over = True
        self._count(-1, 0)
        self._ended.append((flight, acknowledged))

    def _close(self, flight: _Flight) -> None:
        if flight.open:
            flight.open = False
            self._count(0, -1)

    def _take(self, flight: _Flight, *, acknowledged: bool) -> None:
        self._spend("take")
        self._spend("write")
        kept, now = flight.kept, int(self._t * 1e9)
        if acknowledged:
            self._acknowledged += 1
            following = self._devices.done(kept, now)
            if following is not None:
                self._wait_for(following)
        else:
            self._devices.back_off(kept, now)
            self._wait_for(kept)

    def _wait_for(self, kept: Kept) -> None:
        heapq.heappush(self._retries, (kept.due_ns, kept.op, kept))

    def _count(self, flying: int, connections: int) -> None:
        """Areas under both curves, by second: their averages."""
        at, now = self._area_at, min(self._t, self._end)
        while at < now:
            second = int(at)
            until = min(now, second + 1)
            self._areas[0][second] += (until - at) * self._flying
            self._areas[1][second] += (until - at) * self._connections
            at = until
        self._area_at = max(self._area_at, now)
        self._flying += flying
        self._connections += connections
        self._most = [max(self._most[0], self._flying), max(self._most[1], self._connections)]
