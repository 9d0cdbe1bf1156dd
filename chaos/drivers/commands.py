"""What a real target does by its operators' own programs (`targets.kubernetes.Commands`)."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from targets.kubernetes import Commands

_WITHIN_S = 60
_OF = {  # operation of a driver -> the command that does it
    "takeover_steps": "journal",
    "perform": "perform",
    "rejoin": "rejoin",
    "mirrored": "mirrored",
    "volume_writable": "volume_writable",
    "deployed": "deployed",
    "hand_over": "hand_over",
    "read_store": "read_store",
    "private_round_trip_ms": "private_round_trip",
    "private_loss": "private_loss",
    "set_api_server": "api_server",
}
# nothing at such a target mends itself when a drill falls silent: what is owed stands in undo.jsonl, for zweitherz undo
_NOTHING_TO_DO = ("renew_lease", "release_lease")


class CommandFailed(RuntimeError):
    """A command of the target's operators failed, or is not there: one line."""


class CommandDriver:
    """Part of `chaos.drivers.Driver`. What no command does is refused by name."""

    def __init__(self, target: str, commands: Commands) -> None:
        self._target = target
        self._commands = commands

    def __getattr__(self, operation: str) -> NoReturn:
        if operation.startswith("_"):
            raise AttributeError(operation)
        raise CommandFailed(f"target {self._target}: {self.lacks(operation)}")

    def lacks(self, operation: str) -> str:
        """What the target lacks for that operation; empty: nothing."""
        if operation in _NOTHING_TO_DO:
            return ""
        if operation not in _OF:
            return f"it can be done on the lab only so far ({operation})"
        key = _OF[operation]
        return "" if getattr(self._commands, key) is not None else f"kubernetes.commands.{key} is not given"

    def renew_lease(self, holder: str, ttl_s: float) -> None:
        """Nobody there would miss it."""

    def release_lease(self) -> None:
        """Nobody there has one."""

    def takeover_steps(self) -> list[dict[str, Any]]:
        said = self._run("takeover_steps").stdout.splitlines()
        try:
            steps = [json.loads(line) for line in said if line.strip()]
            apart = time.monotonic_ns() - time.time_ns()
            return [
                {"procedure": "takeover", **step, "t_monotonic_ns": int(step["t_unix_ns"]) + apart} for step in steps
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise CommandFailed(f"kubernetes.commands.journal: a line is not a step ({error})") from error

    def perform(self, site: str, step: str) -> None:
        self._run("perform", site=site, step=step)

    def rejoin(self, site: str) -> None:
        self._run("rejoin", site=site)

    def mirrored(self, site: str) -> bool:
        return self._run("mirrored", check=(0, 1), site=site).returncode == 0

    def volume_writable(self, site: str) -> bool:
        return self._run("volume_writable", check=(0, 1), site=site).returncode == 0

    def deployed(self, site: str) -> list[dict[str, Any]]:  # JSON values
        said = self._run("deployed", site=site).stdout.splitlines()
        try:
            shown = [json.loads(line) for line in said if line.strip()]
            return [
                {
                    "certificate_ends_s": float(each["certificate_ends_s"]),
                    "clock_s": float(each["clock_s"]),
                    "release": str(each["release"]),
                }
                for each in shown
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise CommandFailed(f"kubernetes.commands.deployed: a line is not what a server shows ({error})") from error

    def hand_over(self, site: str) -> None:
        self._run("hand_over", site=site)

    def read_store(self, site: str, file: Path) -> dict[str, Any]:  # JSON values
        said = self._run("read_store", site=site, file=str(file)).stdout
        try:
            answer: dict[str, Any] = json.loads(said)
            int(answer["proof"]["count"])
        except (ValueError, KeyError, TypeError) as error:
            raise CommandFailed(f"kubernetes.commands.read_store: printed no proof ({error})") from error
        return {"volume_of_dead_site": False, **answer}

    def set_api_server(self, site: str, state: str) -> None:
        self._run("set_api_server", site=site, state=state)

    def private_round_trip_ms(self) -> float | None:
        said = self._run("private_round_trip_ms").stdout.strip()
        try:
            return float(said) if said else None
        except ValueError as error:
            raise CommandFailed(
                f"kubernetes.commands.private_round_trip: printed no milliseconds ({said[:80]!r})"
            ) from error

    def private_loss(self, rounds: int) -> float:
        said = self._run("private_loss", rounds=str(rounds)).stdout.strip()
        try:
            share = float(said)
        except ValueError:
            share = -1
        if not 0 <= share <= 1:
            raise CommandFailed(f"kubernetes.commands.private_loss: printed no share from 0 to 1 ({said[:80]!r})")
        return share

    def _run(self, operation: str, check: Sequence[int] = (0,), **words: str) -> subprocess.CompletedProcess[str]:
        key = _OF[operation]
        command: list[str] | None = getattr(self._commands, key)
        if command is None:
            raise CommandFailed(f"target {self._target}: {self.lacks(operation)}")
        argv = [_filled(part, words) for part in command]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=_WITHIN_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CommandFailed(f"kubernetes.commands.{key}: {' '.join(str(error).split())[:200]}") from error
        if done.returncode not in check:
            tail = " ".join(done.stderr.split())[-200:]
            raise CommandFailed(f"kubernetes.commands.{key}: exit code {done.returncode} ({tail})")
        return done


def _filled(part: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        part = part.replace("{" + word + "}", value)
    return part
