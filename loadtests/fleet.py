"""FleetUser: Locust's users are the patients, but a patient is a row in an array, not a greenlet.

Locust keeps what it does for people (web page, ``-u``, ``--processes``, master and workers, ``--csv``, ``--html``). Where it
would start greenlets, its runner is told how many patients take part; each Locust worker owns one sender process
(`loadtests.sender`) that sends for all its patients, and its figures are added to Locust's statistics in bulk.

::

    locust master ── locust worker 0 ──pipe── sender 0 (in the patients' network)
                  └─ locust worker 1 ──pipe── sender 1
"""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gevent
import gevent.event
from locust import User, task
from locust.env import Environment
from locust.runners import MasterRunner, Runner, WorkerRunner

from loadtests import live, locust_stats
from loadtests.exporting import Exporting, showing
from loadtests.fleet_file import LIVE_FILE
from loadtests.frame import Frame
from loadtests.order import Order
from results.clock import Clock
from results.plan import Plan
from targets.model import Target

_LOG = logging.getLogger("fleet")
_MESSAGE = "fleet"
_FLUSH_WITHIN_S = 15.0
_PRESENT_WITHIN_S = 60.0
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
        # on the master: workers that listen, and those that have reported their last figures
        self._present: set[str] = set()
        self._ended: set[str] = set()
        self._word = gevent.event.Event()
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
            runner.register_message(_MESSAGE, self._came)
            environment.events.worker_report.add_listener(self._take_report)
            environment.events.test_start.add_listener(self._place_workers)
            environment.events.test_stop.add_listener(self._end_workers)
        else:
            _carry_patients(runner, self)
        if isinstance(runner, WorkerRunner):
            self._place = None
            runner.register_message(_MESSAGE, self._placed)
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
        runner = self.environment.runner
        if isinstance(runner, MasterRunner):
            runner.send_message(_MESSAGE, {"drain": True})
        self._say({"drain": True})

    def stop(self) -> None:
        """End the sender and wait until its files are whole."""
        sender, self._sender = self._sender, None
        if sender is None or sender.stdin is None:
            return
        sender.stdin.close()  # the sender takes the end of its orders as the order to stop
        if self._reader is not None:
            self._reader.join(_FLUSH_WITHIN_S)
        try:
            code = sender.wait(_FLUSH_WITHIN_S)
        except subprocess.TimeoutExpired:
            sender.kill()
            code = sender.wait()
        if code:
            _LOG.error("sender ended with code %s", code)
            self.environment.process_exit_code = 1

    def _quit(self) -> None:
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
            self.environment.process_exit_code = 1
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
        while self._place is None:
            runner.send_message(_MESSAGE, {"here": True})
            gevent.sleep(_SAY_AGAIN_S)

    def _came(self, environment: Environment, msg: Any, **_: Any) -> None:
        (self._ended if "ended" in msg.data else self._present).add(msg.node_id)
        self._word.set()

    def _place_workers(self, **_: Any) -> None:
        """Tell each worker which patients are its own, before it is told how many users to start."""
        runner = self.environment.runner
        if isinstance(runner, MasterRunner):
            clients = _alive(runner)
            if not self._all(self._present, clients, _PRESENT_WITHIN_S):
                gevent.spawn(runner.quit)  # the patients of the silent ones would be nobody's
                return
            for number, client in enumerate(sorted(clients, key=runner.get_worker_index)):
                runner.send_message(_MESSAGE, {"place": [number, len(clients)]}, client)

    def _end_workers(self, **_: Any) -> None:
        """Before Locust lets its workers go: it waits half a second for their last figures, and a sender may need longer."""
        runner = self.environment.runner
        if isinstance(runner, MasterRunner):
            clients = _alive(runner)
            self._ended.clear()
            for client in clients:
                runner.send_message(_MESSAGE, {"end": True}, client)
            self._all(self._ended, clients, 2 * _FLUSH_WITHIN_S)

    def _all(self, said: set[str], clients: list[str], within_s: float) -> bool:
        """Waits until they have said it, and not for ever: then it is an error of this process."""
        with gevent.Timeout(within_s, False):
            while not said.issuperset(clients):
                self._word.wait()
                self._word.clear()
            return True
        _LOG.error("%d of %d workers said nothing in %g s", len(set(clients) - said), len(clients), within_s)
        self.environment.process_exit_code = 1
        return False

    def _placed(self, environment: Environment, msg: Any, **_: Any) -> None:
        if "place" in msg.data:
            self._place = (int(msg.data["place"][0]), int(msg.data["place"][1]))
        if msg.data.get("drain"):
            self._say({"drain": True})
        if msg.data.get("end") and isinstance(self.environment.runner, WorkerRunner):
            self.set_users(0)
            self.environment.runner.send_message(_MESSAGE, {"ended": True})

    def _report_now(self) -> None:
        """A worker says that it has stopped before it sends its last figures, and its master does not wait for them."""
        if isinstance(self.environment.runner, WorkerRunner):
            self.environment.runner._send_stats()

    def _report(self, client_id: str, data: dict[str, Any]) -> None:
        frames, self._frames = self._frames, []
        data["fleet"] = [frame.to_json().decode() for frame in frames]

    def _take_report(self, client_id: str, data: dict[str, Any]) -> None:
        for line in data.get("fleet", []):
            self._collect(client_id, Frame.from_json(line))

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


def _alive(runner: MasterRunner) -> list[str]:
    """Workers that can be spoken to."""
    return [node.id for node in runner.clients.ready + runner.clients.running + runner.clients.spawning]


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
