"""Drills that get SIGKILL at a random moment: nothing may outlive them, and `zweitherz undo` must repair the rest soon."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from drill.fingerprint import still_naming
from drill.proof.matrix import Row
from drill.proof.systems import SMALL

_HOME = Path(__file__).resolve().parent.parent.parent
_DRILL = "site-loss"
_LATEST_S = 40.0  # a small drill is over after some 50 s
_GONE_WITHIN_S = 15.0
UNDO_WITHIN_S = 10.0


def killed(seed: int, results: Path, begun: str = "") -> Row:
    """One drill, killed at a moment that the seed decides. `false` of the row: whatever was left, or took too long.

    `begun`: a file of the run; the moment is counted from when that is there, not from the start of the drill.
    """
    after_s = random.Random(seed).uniform(0.5, _LATEST_S)  # noqa: S311 - a moment, not a secret
    environment = {**os.environ, "ZWEITHERZ_RESULTS": str(results)}
    cli = [sys.executable, "-m", "drill.cli"]
    sets = [f"--set={key}={value}" for key, value in SMALL.items()]
    drill = subprocess.Popen(
        [*cli, "drill", _DRILL, "--quick", "--plain", *sets],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=_HOME,
        env=environment,
    )
    started = time.monotonic()
    while begun and drill.poll() is None and not list(results.glob(f"runs/2*/{begun}")):
        time.sleep(0.1)  # a file of a process that tells nobody of it
    try:
        drill.wait(after_s)
    except subprocess.TimeoutExpired:
        drill.send_signal(signal.SIGKILL)
    drill.wait()
    wrong = [f"ended by itself with {drill.returncode}"] if drill.returncode >= 0 else []
    runs = sorted((results / "runs").glob("2*")) if (results / "runs").exists() else []
    for run in runs:  # none when it was killed before it had made one
        wrong += _repaired(run, cli, environment)
    name = f"killed-{seed} (SIGKILL after {after_s:.1f} s)"
    return Row(name, _DRILL, "none", round(time.monotonic() - started), (), (), (), tuple(wrong))


def _repaired(run: Path, cli: list[str], environment: dict[str, str]) -> list[str]:
    state = _HOME / ".lab" / run.name
    deadline = time.monotonic() + _GONE_WITHIN_S
    while (left := still_naming([run, state])) and time.monotonic() < deadline:
        time.sleep(0.2)  # processes end by the loss of their lifelines: nobody is left who could tell
    wrong = [f"left after {_GONE_WITHIN_S:g} s: {line}" for line in left]
    begun = time.monotonic()
    try:
        done = subprocess.run(
            [*cli, "undo", run.name, "--json"],
            capture_output=True,
            text=True,
            cwd=_HOME,
            env=environment,
            timeout=6 * UNDO_WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [*wrong, f"undo: not finished after {6 * UNDO_WITHIN_S:g} s (limit {UNDO_WITHIN_S:g} s)"]
    took_s = time.monotonic() - begun
    if done.returncode or took_s > UNDO_WITHIN_S:
        wrong.append(f"undo: exit code {done.returncode} after {took_s:.1f} s (limit {UNDO_WITHIN_S:g} s)")
    elif json.loads(done.stdout)["failed"]:
        wrong.append(f"undo: {done.stdout.strip()}")
    if state.exists():
        wrong.append("the lab's folder is still there after undo")
    return wrong
