"""Runs drills of the proof, each in a process of its own with a results folder of its own, some at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from drill.proof.matrix import row
from drill.proof.systems import System
from results.checks import generator_health

_HOME = Path(__file__).resolve().parent.parent.parent
_WITHIN_S = 400
_FORM = ("--quick", "--plain", "--json", "--no-report")  # nobody reads these reports

Verdict = dict[str, Any]  # as `zweitherz drill --json` says it, and `seconds`


class NoVerdict(RuntimeError):
    """A drill ended without one: its name, exit code, and the end of what it said."""


class Waiting:
    """Systems whose drill has not begun."""

    def __init__(self, systems: Mapping[str, System]) -> None:
        self._systems, self._lock = dict(systems), threading.Lock()

    def take(self, *, watched: bool) -> tuple[str, System] | None:
        """The next of that kind; when there is none left, of the other."""
        with self._lock:
            names = sorted(self._systems, key=lambda name: self._systems[name].watched is not watched)
            return (names[0], self._systems.pop(names[0])) if names else None

    def drop(self) -> list[str]:
        """All of them; their names."""
        with self._lock:
            names = list(self._systems)
            self._systems.clear()
        return names


class Drills:
    """Starts drills, so many at a time. Evidence is below `results`, in a folder named like the system.

    As long as there are others, only one at a time has a cluster that watches: two of them, and two cores are too few.
    When all have ended, some are done once more, alone, and say so: one whose load generator was late has measured this machine,
    and one that shared the machine and did not come out as expected may have.
    """

    def __init__(
        self,
        systems: Mapping[str, System],
        results: Path,
        at_a_time: int,
        do: Callable[[str, System, Path], Verdict] | None = None,
    ) -> None:
        self._results, self._do = results, do or run
        self.closing = False
        self._waiting = Waiting(systems)
        self._verdicts: dict[str, Future[Verdict]] = {name: Future() for name in systems}
        self._shared = at_a_time > 1
        self._again: list[tuple[str, System, str]] = []  # with what was wrong at first
        self._last_lane = threading.Barrier(at_a_time)
        self._lanes = [threading.Thread(target=self._work, args=(lane == 0,)) for lane in range(at_a_time)]
        for lane in self._lanes:
            lane.start()

    def verdict(self, name: str) -> Verdict:
        """Waits until that drill has ended. Raises NoVerdict."""
        return self._verdicts[name].result()

    def close(self) -> None:
        """Drills that have not begun never do; those that run are waited for."""
        for name in self._waiting.drop():
            self._verdicts[name].cancel()
        self.closing = True
        for lane in self._lanes:
            lane.join()

    def _work(self, watched: bool) -> None:
        while (taken := self._waiting.take(watched=watched)) is not None:
            name, system = taken
            self._drill(name, system)
        if self._last_lane.wait() == 0:
            for name, system, wrong in self._again:
                if self.closing:
                    self._verdicts[name].cancel()
                else:
                    self._drill(name, system, wrong)

    def _drill(self, name: str, system: System, wrong: str = "") -> None:
        """`wrong`: what was, the first time."""
        try:
            made = self._do(name, system, self._results / (f"{name}-again" if wrong else name))
        except NoVerdict as error:
            if self._shared and not wrong:
                self._again.append((name, system, str(error)))
            else:
                self._verdicts[name].set_exception(error)
        except Exception as error:  # noqa: BLE001 - whoever asks for the verdict is told
            self._verdicts[name].set_exception(error)
        else:
            if wrong:
                self._verdicts[name].set_result(made | {"again": wrong})
            elif doubt := self._doubt(name, system, made):
                self._again.append((name, system, doubt))
            else:
                self._verdicts[name].set_result(made)

    def _doubt(self, name: str, system: System, made: Verdict) -> str:
        if generator_was_late(system, made):
            return "the load generator was late"
        if not self._shared:
            return ""
        found = row(name, system, made)
        return "; ".join((*found.missed, *found.false))


def generator_was_late(system: System, verdict: Verdict) -> bool:
    """Whether the load was not what the plan says, though nothing about that system makes it so."""
    name, expected = generator_health.NAME, system.expected
    if name in {*expected.red, *expected.unclear, *expected.follows}:
        return False
    found = next((check for check in verdict["checks"] if check["name"] == name), None)
    return found is not None and generator_health.late(found["measured"], found["objective"])


def run(name: str, system: System, results: Path) -> Verdict:
    """One drill, waited for. Raises NoVerdict."""
    sets = [f"--set={key}={value}" for key, value in system.changes.items()]
    begun = time.monotonic()
    try:
        done = _drill(system, results, sets)
    except subprocess.TimeoutExpired:
        raise NoVerdict(f"{name}: no verdict within {_WITHIN_S} s") from None
    if not done.stdout:
        said = " ".join(done.stderr.split())[-500:]
        raise NoVerdict(f"{name}: exit code {done.returncode}: {said}")
    verdict: Verdict = json.loads(done.stdout)
    return verdict | {"seconds": round(time.monotonic() - begun)}


def _drill(system: System, results: Path, sets: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "drill.cli", "drill", system.drill, *_FORM, *sets],
        capture_output=True,
        text=True,
        cwd=_HOME,
        env={**os.environ, "ZWEITHERZ_RESULTS": str(results)},
        timeout=_WITHIN_S,
        check=False,
    )
