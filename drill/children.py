"""The processes that a drill starts: load generator, monitors, experiment. Each ends with the drill, however that ends."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from lab.precedence import WATCHERS_NICE, nice, weigh_session
from results.clock import Clock
from results.plan import Plan
from targets.model import Target

_HOME = Path(__file__).resolve().parent.parent
_END_WITHIN_S = 30
_COLLECTED_WITHIN_S = (
    720  # what workers on other hosts wrote comes to their master when the load ends: it gives them ten minutes
)


class LoadGenerator:
    """Locust, headless, with the plan's patients. Its figures are in ``live/loadtests.json`` of the run."""

    def __init__(self, run: Path, target_file: Path, plan: Plan, clock: Clock) -> None:
        patients = str(plan.population.patients)
        command = [
            *(sys.executable, "-m", "drill.tether", sys.executable, "-m", "locust"),
            *("-f", str(_HOME / "loadtests" / "locustfile.py"), "--headless", "-u", patients, "-r", patients),
            *("--target", str(target_file), "--plan", str(run / "plan.yaml"), "--run", str(run)),
            *("--csv", str(run / "logs" / "locust"), "--only-summary", "--skip-log-setup"),
        ]
        self._end_within_s = _END_WITHIN_S
        if plan.load.elsewhere:
            command += ["--master", "--expect-workers", str(plan.load.workers)]
            self._end_within_s = _COLLECTED_WITHIN_S
        elif plan.load.workers > 1:
            command += ["--processes", str(plan.load.workers)]
        self._process = _start(command, run / "logs" / "locust.log", clock)

    def ended(self) -> int | None:
        """Exit code, or None while it runs."""
        return self._process.poll()

    def drain(self) -> None:
        """No new readings; the queues empty themselves."""
        if self.ended() is None:
            self._process.send_signal(signal.SIGUSR1)

    def stop(self) -> int:
        """End it; its files are whole when this returns."""
        _ask_to_end(self._process)
        return _end(self._process, self._end_within_s)


class Monitors:
    """The monitors of every site that the target lets us stand in, or one set of them from here."""

    def __init__(self, run: Path, target_file: Path, target: Target, clock: Clock, defect: str) -> None:
        places = [site.name for site in target.sites if target.monitors_at(site.name)]
        self._processes: list[subprocess.Popen[bytes]] = []
        for site in places or ["outside"]:
            command = [
                # they give way to what they watch: here all share a machine, in life they have their own
                *nice(WATCHERS_NICE),
                *(sys.executable, "-m", "drill.tether", sys.executable, "-m", "monitors"),
                *("--target", str(target_file), "--site", site, "--run", str(run), "--show"),
                *(("--defect", defect) if defect.endswith("-monitor") else ()),
            ]
            process = _start(command, run / "logs" / f"monitors-{site}.log", clock)
            weigh_session(process.pid, WATCHERS_NICE)
            self._processes.append(process)

    def stop(self) -> None:
        """End them; their files are whole when this returns."""
        for process in self._processes:
            _ask_to_end(process)
        for process in self._processes:
            _end(process)


class Experiment:
    """Chaos Toolkit in its child process. `said` holds what it tells, in order."""

    def __init__(self, run: Path, target_file: Path, clock: Clock) -> None:
        self.said: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()  # JSON objects
        with (run / "logs" / "experiment.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "chaos.run", str(run), str(target_file)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=_HOME,
                env={**os.environ, **clock.to_environment()},
                start_new_session=True,  # a Ctrl-C on the terminal is for the drill, which asks the experiment to stop
            )
        self._thread = threading.Thread(target=self._read, name="experiment", daemon=True)
        self._thread.start()

    def ended(self) -> int | None:
        return self._process.poll()

    def stop(self) -> None:
        """Ask it to end early; rollbacks are played."""
        if self._process.stdin is not None and self.ended() is None:
            try:
                self._process.stdin.write(b"stop\n")
                self._process.stdin.flush()
            except BrokenPipeError:
                return  # it has just ended

    def wait(self, within_s: float) -> int:
        """Exit code; killed when it takes longer."""
        try:
            code = self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._thread.join(5)
        return code

    def _read(self) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                self.said.put(json.loads(line))


def _start(command: list[str], log: Path, clock: Clock) -> subprocess.Popen[bytes]:
    """A process of its own session, so that a Ctrl-C on the terminal is for the drill, which then ends it."""
    with log.open("wb") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=_HOME,
            env={**os.environ, **clock.to_environment()},
            start_new_session=True,
        )


def _ask_to_end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)


def _end(process: subprocess.Popen[bytes], within_s: float = _END_WITHIN_S) -> int:
    """Exit code; killed when it takes too long."""
    try:
        return process.wait(within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
