"""Runs drills of the proof, each in a process of its own with a results folder of its own, some at a time."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

from drill.proof.systems import System

_HOME = Path(__file__).resolve().parent.parent.parent
_WITHIN_S = 400


class NoVerdict(RuntimeError):
    """A drill ended without one: its name, exit code, and the end of what it said."""


class Drills:
    """Starts drills, so many at a time, in the order given. Evidence is below `results`, in a folder named like the system.

    They are children of processes made here and now: whoever lowers the own priority afterwards does not lower that of drills.
    """

    def __init__(self, systems: Mapping[str, System], results: Path, at_a_time: int) -> None:
        self._pool = ProcessPoolExecutor(at_a_time, mp_context=multiprocessing.get_context("spawn"))
        self._running: dict[str, Future[dict[str, Any]]] = {
            name: self._pool.submit(_run, name, system, results / name) for name, system in systems.items()
        }

    def verdict(self, name: str) -> dict[str, Any]:  # as `zweitherz drill --json` says it, and `seconds`
        """Waits until that drill has ended. Raises NoVerdict."""
        return self._running[name].result()

    def close(self) -> None:
        """Drills that have not begun never do; those that run are waited for."""
        self._pool.shutdown(cancel_futures=True)


def _run(name: str, system: System, results: Path) -> dict[str, Any]:
    sets = [f"--set={key}={value}" for key, value in system.changes.items()]
    begun = time.monotonic()
    try:
        done = _drill(system, results, sets)
    except subprocess.TimeoutExpired:
        raise NoVerdict(f"{name}: no verdict within {_WITHIN_S} s") from None
    if not done.stdout:
        said = " ".join(done.stderr.split())[-500:]
        raise NoVerdict(f"{name}: exit code {done.returncode}: {said}")
    verdict: dict[str, Any] = json.loads(done.stdout)
    return verdict | {"seconds": round(time.monotonic() - begun)}


def _drill(system: System, results: Path, sets: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "drill.cli", "drill", system.drill, "--quick", "--plain", "--json", *sets],
        capture_output=True,
        text=True,
        cwd=_HOME,
        env={**os.environ, "ZWEITHERZ_RESULTS": str(results)},
        timeout=_WITHIN_S,
        check=False,
    )
