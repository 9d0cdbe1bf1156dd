"""FleetUser: Locust's users are the patients, but a patient is a row in an array, not a greenlet.

Locust keeps what it does for people (web page, ``-u``, ``--processes``, master and workers, ``--csv``, ``--html``). Where it
would start greenlets, its runner is told how many patients take part; each Locust worker owns one sender process
(`loadtests.sender`) that sends for all its patients, and its figures are added to Locust's statistics in bulk.

::

    locust master ── locust worker 0 ──pipe── sender 0 (in the patients' network)
                  └─ locust worker 1 ──pipe── sender 1

What a master does with its workers is in `loadtests.master`.
"""

from __future__ import annotations

import json
import logging
import signal
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import gevent
from locust import User, task
from locust.env import Environment
from locust.runners import MasterRunner, Runner, WorkerRunner

from loadtests import live, locust_stats
from loadtests.asking import Answer, Answering
from loadtests.clock_offset import identity
from loadtests.exporting import Exporting, showing
from loadtests.fleet_file import LIVE_FILE
from loadtests.frame import Frame
from loadtests.master import FLUSH_WITHIN_S, HERE, SHARED, Master
from loadtests.order import Order
from loadtests.parcel import files_of, read_piece
from results.clock import Clock
from results.plan import Plan
from results.plan_file import write_plan
from targets.model import Target

_LOG = logging.getLogger("fleet")
_SAY_AGAIN_S = 1.0


class FleetUser(User):
    """All patients. Locust counts them; `Fleet` makes them send."""

    @task
    def upload(self) -> None:
        """Never run: patients are not greenlets (see the module). Locust wants a user class to have a task."""
        raise RuntimeError("a patient is no greenlet: loadtests.sender sends for all of them")


@dataclass(frozen=True)
class Setting:
    """What the fleet of one test needs to know. `metrics_port`: of the loopback, for Prometheus; None: as the target has it."""

    plan: Plan
    target: Target
    target_file: Path
    run: Path
    tag: str
    clock: Clock
    metrics_port: int | None = None


class Fleet:
    """Ties one Locust process to its sender. On the master it only collects figures."""

    def __init__(self, environment: Environment, setting: Setting) -> None:
        self.environment = environment
        self.setting = setting
        self.users = 0
        self._place: tuple[int, int] | None = (0, 1)
        self._late = False
        self._master: Master | None = None
        self._sender: subprocess.Popen[bytes] | None = None
        self._reader: gevent.Greenlet | None = None
        self._frames: list[Frame] = []
        self._figures = live.LiveFigures()
        self._writer: gevent.Greenlet | None = None
        self._exporting: Exporting | None = None
        locust_stats.use_fine_buckets()
        runner = environment.runner
        if runner is None:
            return
        if isinstance(runner, MasterRunner):
            self._master = Master(
                *(environment, runner),
                plan=setting.plan,
                run=setting.run,
                tag=setting.tag,
                clock=setting.clock,
                failed=self._failed,
            )
            environment.events.worker_report.add_listener(self._take_report)
        else:
            _carry_patients(runner, self)
        if isinstance(runner, WorkerRunner):
            self._place = None
            runner.register_message(HERE, self._told)
            answers = {"place": self._take_place, "clock": self._tell_time, "end": self._end, "piece": self._tell_piece}
            Answering(runner, answers)
            gevent.spawn(self._introduce, runner)
            environment.events.report_to_master.add_listener(self._report)
        else:
            self._writer = gevent.spawn(self._write_live)
        environment.events.quitting.add_listener(lambda **_: self._quit())
        signal.signal(signal.SIGUSR1, lambda *_: gevent.spawn(self.drain))

    # orders

    def set_users(self, users: int) -> None:
        """So many patients take part from now on."""
        if not users:
            # before we say so: a master that hears of no users any more ends, and takes no report after that
            self.stop()
            self._report_now()
        self.users = users
        if self._sender is None and users:
            self._start()
        elif users:
            self._say({"users": users})

    def drain(self) -> None:
        """No new readings; queues empty themselves."""
        if self._master is not None:
            self._master.drain()
        self._say({"drain": True})

    def stop(self) -> None:
        """End the sender and wait until its files are whole."""
        sender, self._sender = self._sender, None
        if sender is None or sender.stdin is None:
            return
        sender.stdin.close()  # the sender takes the end of its orders as the order to stop
        if self._reader is not None:
            self._reader.join(FLUSH_WITHIN_S)
        try:
            code = sender.wait(FLUSH_WITHIN_S)
        except subprocess.TimeoutExpired:
            sender.kill()
            code = sender.wait()
        if code:
            _LOG.error("sender ended with code %s", code)
            self._failed()

    def _failed(self) -> None:
        self.environment.process_exit_code = 1

    def _quit(self) -> None:
        if isinstance(self.environment.runner, WorkerRunner):
            self.environment.runner.send_message(HERE, {"leaves": True})
        self.stop()
        if self._exporting is not None:
            self._exporting.close()

    # the sender

    def _start(self) -> None:
        if self._place is None:
            raise RuntimeError("this worker was told to start before it was told which patients are its own")
        worker, workers = self._place
        setting = self.setting
        order = Order(
            plan=setting.plan,
            target=setting.target_file,
            run=setting.run,
            tag=setting.tag,
            clock=next(iter(setting.clock.to_environment().values())),
            worker=worker,
            workers=workers,
            users=self.users,
        )
        self._sender = subprocess.Popen(
            [
                *setting.target.vantage.get("patients", []),
                *(sys.executable, "-m", "loadtests.sender", order.model_dump_json(by_alias=True)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).resolve().parent.parent,
            start_new_session=True,  # a Ctrl-C on the terminal is for Locust, which then stops the sender
        )
        self._reader = gevent.spawn(self._read, self._sender)

    def _read(self, sender: subprocess.Popen[bytes]) -> None:
        if sender.stdout is None:
            return
        name = f"sender-{self._place[0] if self._place is not None else 0}"
        for line in sender.stdout:
            self._take(name, Frame.from_json(line))
        # without this a sender that died by itself would look like one that has nothing to do
        if self._sender is sender and sender.wait():
            _LOG.error("sender ended with code %s", sender.returncode)
            self._failed()
            if self.environment.runner is not None:
                # patients without a sender send nothing: better no run than an empty one. Not from here: quitting waits
                # for this greenlet
                gevent.spawn(self.environment.runner.quit)

    def _say(self, order: dict[str, Any]) -> None:
        if self._sender is not None and self._sender.stdin is not None:
            self._sender.stdin.write(json.dumps(order).encode() + b"\n")
            self._sender.stdin.flush()

    def _take(self, sender: str, frame: Frame) -> None:
        locust_stats.add(self.environment.stats, frame)
        if isinstance(self.environment.runner, WorkerRunner):
            self._frames.append(frame)
        else:
            self._collect(sender, frame)

    # between master and workers

    def _introduce(self, runner: WorkerRunner) -> None:
        """Until the master has heard it: a master that hears of a worker's connection may begin before the worker listens."""
        while self._place is None and not self._late:
            runner.send_message(HERE, {"host": socket.gethostname(), "clock": identity(self.setting.clock)})
            gevent.sleep(_SAY_AGAIN_S)

    def _told(self, environment: Environment, msg: Any, **_: Any) -> None:
        if msg.data.get("drain"):
            self._say({"drain": True})
        if msg.data.get("late"):
            self._late = True
            _LOG.error("the load had begun before this worker came: it has no patients")

    def _take_place(self, asked: Answer) -> Answer:
        """Which patients are this worker's, of which plan; whether it writes into the master's run or into one of its own."""
        setting = replace(self.setting, plan=Plan.model_validate_json(asked["plan"]), tag=asked["tag"])
        token = setting.run / SHARED
        shared = token.is_file() and token.read_text() == asked["token"]
        if not shared:
            write_plan(setting.plan, setting.run / "plan.yaml")
        self.setting = setting
        self._place = (int(asked["place"][0]), int(asked["place"][1]))
        return {"shared": shared}

    def _tell_time(self, asked: Answer) -> Answer:
        t2 = self.setting.clock.now_ns()
        return {"t2": t2, "t3": self.setting.clock.now_ns()}

    def _end(self, asked: Answer) -> Answer:
        """The sender's files are whole when this is answered."""
        self.set_users(0)
        worker, _ = self._place or (0, 1)
        # its digests may take seconds, and Locust's heartbeats must go on
        files = gevent.get_hub().threadpool.apply(files_of, (self.setting.run, worker))
        return {"files": [asdict(file) for file in files]}

    def _tell_piece(self, asked: Answer) -> Answer:
        worker, _ = self._place or (0, 1)
        offset = int(asked["offset"])
        return {"offset": offset, "piece": read_piece(self.setting.run, worker, asked["name"], offset)}

    def _report_now(self) -> None:
        """A worker says that it has stopped before it sends its last figures, and its master does not wait for them."""
        if isinstance(self.environment.runner, WorkerRunner):
            self.environment.runner._send_stats()

    def _report(self, client_id: str, data: dict[str, Any]) -> None:
        frames, self._frames = self._frames, []
        data["fleet"] = [frame.to_json().decode() for frame in frames]

    def _take_report(self, client_id: str, data: dict[str, Any]) -> None:
        for line in data.get("fleet", []):
            frame = Frame.from_json(line)
            self._collect(client_id, frame)
            if self._master is not None:
                self._master.hear(client_id, frame)

    def _collect(self, sender: str, frame: Frame) -> None:
        self._figures.take(sender, frame)
        if self._exporting is not None:
            self._exporting.tell(sender, frame)

    def _write_live(self) -> None:
        # not where this object is made: starting a process lets gevent go on, and a master that hears of its workers
        # already there begins before they listen to it
        shown = showing(self.setting.target, self.setting.metrics_port)
        self._exporting = Exporting(*shown) if shown is not None else None
        while True:
            live.write(self.setting.run / LIVE_FILE, self._figures.now(self.setting.clock.now_ns()))
            gevent.sleep(1.0)


def _carry_patients(runner: Runner, fleet: Fleet) -> None:
    """Make this runner count patients in place of greenlets. The class is changed for this one object only."""
    kind = type(runner)
    name = FleetUser.__name__

    class FleetRunner(kind):  # type: ignore[valid-type, misc] # the runner's own class, known when it is made
        @property
        def user_count(self) -> int:
            return fleet.users

        @property
        def user_classes_count(self) -> dict[str, int]:
            return {name: fleet.users}

        def spawn_users(self, user_classes_spawn_count: dict[str, int], wait: bool = False) -> list[User]:
            more = user_classes_spawn_count.get(name, 0)
            if more:
                if self.state in ("ready", "stopped"):
                    self.update_state("spawning")
                fleet.set_users(fleet.users + more)
            return []

        def stop_users(self, user_classes_stop_count: dict[str, int]) -> None:
            fewer = user_classes_stop_count.get(name, 0)
            if fewer:
                fleet.set_users(max(0, fleet.users - fewer))

    FleetRunner.__name__ = kind.__name__
    runner.__class__ = FleetRunner
