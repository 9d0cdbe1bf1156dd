"""The experiment's end of the witness: starts it at its vantage point and waits for what it sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from results.clock import Clock
from targets.model import Target


class Observer:
    """What the witness has said so far. Reads in a thread of its own."""

    def __init__(self, run: Path, target: Target, target_file: Path, clock: Clock) -> None:
        self._reachable: dict[str, list[tuple[int, bool]]] = {}
        self._changed = threading.Condition()
        self.stop_key = ""  # name of the record by which the target asks every drill to stop
        self._process = subprocess.Popen(
            [
                *target.vantage.get("witness", []),
                *(sys.executable, "-m", "chaos.witness", str(run), str(target_file)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **clock.to_environment()},
            cwd=Path(__file__).resolve().parent.parent,
            start_new_session=True,
        )
        self._thread = threading.Thread(target=self._read, name="witness", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """False when the witness has ended: nothing can be proved any more."""
        return self._process.poll() is None

    def lost_since(self, site: str, after_ns: int) -> int | None:
        """When the site became unreachable, if it did so after that time and still is."""
        with self._changed:
            changes = self._reachable.get(site, [])
            if changes and not changes[-1][1] and changes[-1][0] >= after_ns:
                return changes[-1][0]
        return None

    def reachable_since(self, site: str, after_ns: int) -> int | None:
        """When the site became reachable, if it did so after that time and still is."""
        with self._changed:
            changes = self._reachable.get(site, [])
            if changes and changes[-1][1] and changes[-1][0] >= after_ns:
                return changes[-1][0]
        return None

    def sees(self, site: str) -> bool | None:
        """Whether the site is reachable now; None: not known yet."""
        with self._changed:
            changes = self._reachable.get(site, [])
            return changes[-1][1] if changes else None

    def end(self) -> None:
        """Let the witness end; its files are whole when this returns."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join(5)

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        for line in self._process.stdout:
            said = json.loads(line)
            if "stop" in said:
                self.stop_key = str(said["stop"])
                continue
            with self._changed:
                self._reachable.setdefault(said["probe"], []).append((said["t_ns"], said["reachable"]))
                self._changed.notify_all()
