"""A Locust master's part of the fleet: gives each worker its patients, watches that it is there, takes what it wrote.

::

    test start   all are there ── clocks compared ── each told its patients, plan and run
    the load     a worker without heartbeats is named at once
    test stop    all end their senders ── clocks compared again ── files collected, verified ── what is lost is named

What happens to a worker is on the timeline (`results.timeline`: worker, worker.clock); it changes nothing of what they wrote.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gevent
import gevent.event
import gevent.lock
import gevent.pool
from locust import User
from locust.env import Environment
from locust.runners import MasterRunner, WorkerNode

from loadtests.asking import Answer, Asking, NoAnswer
from loadtests.clock_offset import ROUNDS, Exchange, best, identity
from loadtests.frame import Frame
from loadtests.parcel import Listed, Receiving, Refused, announced
from loadtests.population import make_patients
from loadtests.schedule import make_schedule, share
from loadtests.shares import FixedShares
from results.clock import Clock
from results.plan import Plan
from results.timeline import TimelineWriter, read

_LOG = logging.getLogger("fleet")
HERE = "fleet"
SHARED = "live/shared"  # in the master's run: a worker that can read it there writes into the same folder
FLUSH_WITHIN_S = 15.0
_PRESENT_WITHIN_S = 60.0
_ANSWER_WITHIN_S = 15.0
_COLLECT_WITHIN_S = 600.0
_WATCH_EVERY_S = 0.5


@dataclass
class Placed:
    """A worker that was given patients. `told_…`: by the figures of its sender until now."""

    id: str
    number: int
    workers: int
    patients: int
    host: str
    clock: str
    shared: bool = False
    left: bool = False
    silent: bool = False
    told_intended: int = 0
    told_acknowledged: int = 0
    heard_ns: int = 0
    lost: str = ""

    @property
    def sender(self) -> str:
        return f"sender-{self.number}"


class Master:
    """One for each Locust master. `failed` is called where the load was not, or not shown to be, what was asked for."""

    def __init__(
        self,
        environment: Environment,
        runner: MasterRunner,
        *,
        plan: Plan,
        run: Path,
        tag: str,
        clock: Clock,
        failed: Callable[[], None],
    ) -> None:
        self._runner, self._plan, self._run, self._tag, self._clock = runner, plan, run, tag, clock
        self._failed = failed
        self._present: dict[str, Answer] = {}  # workers that listen, and what they said of themselves
        self._placed: dict[str, Placed] = {}
        self._word = gevent.event.Event()
        self._asking = Asking(runner)
        self._timeline: TimelineWriter | None = None
        self._begun_ns = self._drained_ns = 0
        self._ending = gevent.lock.BoundedSemaphore()
        self._shares: FixedShares | None = None
        environment.dispatcher_class = self._share_out  # type: ignore[assignment] # Locust calls it, and that is all
        runner.register_message(HERE, self._came)
        environment.events.test_start.add_listener(self._begin)
        environment.events.test_stop.add_listener(self._end)
        environment.events.quitting.add_listener(self._quit)
        gevent.spawn(self._watch)

    def hear(self, worker: str, frame: Frame) -> None:
        """Figures of a worker's sender: all that is known of it, should it be lost."""
        placed = self._placed.get(worker)
        if placed is not None:
            placed.told_intended += frame.intended
            placed.told_acknowledged += sum(frame.acknowledged_ms.values())
            placed.heard_ns = frame.t_ns

    def drain(self) -> None:
        """No reading is due from now on."""
        self._drained_ns = self._clock.now_ns()
        self._runner.send_message(HERE, {"drain": True})

    # the begin

    def _came(self, environment: Environment, msg: Any, **_: Any) -> None:
        if "leaves" in msg.data:
            if msg.node_id in self._placed:
                self._placed[msg.node_id].left = True
            return
        if self._placed and self._runner.state in ("spawning", "running") and msg.node_id not in self._placed:
            self._runner.send_message(HERE, {"late": True}, msg.node_id)
        self._present[msg.node_id] = msg.data
        self._word.set()

    def _share_out(self, worker_nodes: list[WorkerNode], user_classes: list[type[User]]) -> FixedShares:
        """Locust makes its dispatcher just before a test starts: its order says how many users each will get."""
        self._shares = FixedShares(worker_nodes, user_classes)
        return self._shares

    def _begin(self, **_: Any) -> None:
        """Tell each worker which patients are its own, before it is told how many users to start."""
        workers = self._shares.order if self._shares is not None else []
        if not self.await_present(workers):
            gevent.spawn(self._runner.quit)  # the patients of the silent ones would be nobody's
            return
        self._timeline = self._timeline or TimelineWriter(self._run, "fleet", self._clock)
        token = secrets.token_hex(16)
        (self._run / SHARED).parent.mkdir(exist_ok=True)
        (self._run / SHARED).write_text(token)
        self._placed = {}
        for number, worker in enumerate(workers):
            said = self._present[worker]
            patients = share(number, len(workers), self._plan.population.patients)
            self._placed[worker] = Placed(worker, number, len(workers), patients, said["host"], said["clock"])
        self._each(lambda placed: self._compare(placed, "before"))
        self._each(lambda placed: self._place(placed, token))
        self._begun_ns, self._drained_ns = self._clock.now_ns(), 0
        if any(placed.lost for placed in self._placed.values()):
            gevent.spawn(self._runner.quit)

    def await_present(self, workers: list[str], within_s: float = _PRESENT_WITHIN_S) -> bool:
        """Waits until they have said that they listen, and not for ever: then it is an error of this process."""
        with gevent.Timeout(within_s, False):
            while not self._present.keys() >= set(workers):
                self._word.wait()
                self._word.clear()
            return True
        silent = set(workers) - self._present.keys()
        _LOG.error("%d of %d workers said nothing in %g s", len(silent), len(workers), within_s)
        self._failed()
        return False

    def _place(self, placed: Placed, token: str) -> None:
        place = [placed.number, placed.workers]
        plan = self._plan.model_dump_json(by_alias=True)
        more = {"place": place, "plan": plan, "tag": self._tag, "token": token}
        placed.shared = bool(self._asking.ask(placed.id, "place", _ANSWER_WITHIN_S, **more)["shared"])
        self._write(placed, "placed", workers=placed.workers, patients=placed.patients, shared=placed.shared)

    # while it lasts

    def _watch(self) -> None:
        """Locust counts heartbeats itself and tells nobody: its list of workers is what there is to look at."""
        while True:
            gevent.sleep(_WATCH_EVERY_S)
            for placed in list(self._placed.values()):
                silent = self._silent(placed)
                if silent and not placed.silent:
                    _LOG.error("%s on %s: %s", placed.sender, placed.host, silent)
                    self._write(placed, "silent", why=silent)
                    self._asking.give_up(placed.id, silent)
                elif placed.silent and not silent:
                    _LOG.warning("%s on %s: there again", placed.sender, placed.host)
                    self._write(placed, "heard")
                placed.silent = bool(silent)

    def _silent(self, placed: Placed) -> str:
        node = self._runner.clients.get(placed.id)
        if placed.left or (node is None and self._runner.state in ("spawning", "running")):
            return "it has quit"
        if node is None:  # when a load is stopped on Locust's page, its workers go and come again
            return ""
        return "no heartbeat" if node.state == "missing" else ""

    # the end

    def _quit(self, **_: Any) -> None:
        """Once all its workers have quit, Locust takes a test for stopped and tells nobody; or it is about to stop."""
        if self._runner.state not in ("spawning", "running"):
            self._end()

    def _end(self, **_: Any) -> None:
        """Before Locust lets its workers go: it waits half a second for their last figures, and a sender may need longer.

        Who comes while somebody else is at it, waits for him.
        """
        with self._ending:
            if self._timeline is not None:
                self._take_all(self._drained_ns or self._clock.now_ns())
                self._timeline.close()
                self._timeline, self._placed = None, {}

    def _take_all(self, ended_ns: int) -> None:
        files: dict[str, list[Listed]] = {}

        def end(placed: Placed) -> None:
            if why := self._silent(placed):
                raise NoAnswer(why)
            answer = self._asking.ask(placed.id, "end", 2 * FLUSH_WITHIN_S)
            if not placed.shared:
                files[placed.id] = announced(answer["files"], placed.number)

        self._each(end)
        self._each(lambda placed: self._compare(placed, "after"))
        self._each(lambda placed: self._collect(placed, files.get(placed.id, [])))
        lost = [placed for placed in self._placed.values() if placed.lost]
        for placed, due in zip(lost, self._due(lost, ended_ns), strict=True):
            self._name(placed, due)

    def _collect(self, placed: Placed, files: list[Listed]) -> None:
        if placed.shared:
            self._write(placed, "ended")
            return
        with gevent.Timeout(_COLLECT_WITHIN_S, NoAnswer(f"its files did not come within {_COLLECT_WITHIN_S:g} s")):
            for file in files:
                with Receiving(self._run, file) as receiving:
                    while receiving.wants_more:
                        wanted = {"name": file.name, "offset": receiving.received}
                        answer = self._asking.ask(placed.id, "piece", _ANSWER_WITHIN_S, **wanted)
                        receiving.take(answer["offset"], answer["piece"])
                    receiving.finish()
        rows = self._rows(placed, files)
        self._write(placed, "collected", patients=placed.patients, rows=rows, files=[asdict(each) for each in files])
        size = sum(each.size for each in files)
        _LOG.info(
            "%s on %s: %d files, %d bytes, %s attempts, SHA-256 as announced",
            *(placed.sender, placed.host, len(files), size, rows),
        )

    def _rows(self, placed: Placed, files: list[Listed]) -> int | None:
        """Rows of its history, as its sender counted them."""
        own = self._run / files[-1].name
        return next((e.data.get("rows") for e in read(own) if e.kind == "generator" and e.data["state"] == "end"), None)

    def _due(self, lost: list[Placed], ended_ns: int) -> list[int]:
        """How many readings of each one's patients were due while the load lasted: by the schedule, as it cannot be asked."""
        if not lost:
            return []
        seconds = (ended_ns - self._begun_ns) / 1e9
        whole = gevent.get_hub().threadpool.apply(
            lambda: make_schedule(
                make_patients(self._plan),
                self._plan.load,
                self._plan.seed,
                min(seconds, self._plan.guards.time_limit_s),
            )
        )
        return [len(whole.of_worker(placed.number, placed.workers)) for placed in lost]

    def _name(self, placed: Placed, due: int) -> None:
        self._write(
            *(placed, "lost"),
            why=placed.lost,
            workers=placed.workers,
            patients=placed.patients,
            shared=placed.shared,
            due=due,
            intended=placed.told_intended,
            acknowledged=placed.told_acknowledged,
            heard_ns=placed.heard_ns,
        )
        _LOG.error(
            "%s on %s is lost (%s): patients with number %% %d = %d (%d of %d) are without evidence, %d of their readings "
            "were due, it told of %d and that %d were acknowledged",
            *(placed.sender, placed.host, placed.lost, placed.workers, placed.number, placed.patients),
            *(self._plan.population.patients, due, placed.told_intended, placed.told_acknowledged),
        )
        self._failed()

    # all of them

    def _compare(self, placed: Placed, state: str) -> None:
        if self._timeline is None or placed.clock == identity(self._clock):
            return
        exchanges = []
        for _ in range(ROUNDS):
            t1 = self._clock.now_ns()
            answer = self._asking.ask(placed.id, "clock", _ANSWER_WITHIN_S)
            exchanges.append(Exchange(t1, answer["t2"], answer["t3"], self._clock.now_ns()))
        kept = best(exchanges)
        figures = {"offset_ns": kept.offset_ns, "round_trip_ns": kept.round_trip_ns, "rounds": ROUNDS}
        self._timeline.write("worker.clock", placed.sender, state=state, host=placed.host, **figures)
        _LOG.info(
            "%s on %s, %s the load: its clock is %+.3f ms from here, ± %.3f ms",
            *(placed.sender, placed.host, state, kept.offset_ns / 1e6, kept.round_trip_ns / 2e6),
        )

    def _each(self, work: Callable[[Placed], None]) -> None:
        """For all at once that are not lost yet. Who does not answer, or not as it should, is."""

        def careful(placed: Placed) -> None:
            try:
                work(placed)
            except (NoAnswer, Refused, OSError) as error:
                placed.lost = str(error)

        crew = gevent.pool.Group()
        crew.map(careful, [placed for placed in self._placed.values() if not placed.lost])

    def _write(self, placed: Placed, state: str, **more: Any) -> None:  # JSON values
        if self._timeline is not None:
            self._timeline.write("worker", placed.sender, state=state, host=placed.host, worker=placed.id, **more)
