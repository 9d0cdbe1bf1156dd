"""The inverse of each action, on disk before the action is taken.

``undo.jsonl`` has two kinds of lines: an inverse that is owed, and the settlement of an owed one::

    {"owed": 1, "t_ns": …, "do": "restore-site", "parameters": {"site": "fra"}, "because": "site-loss on fra"}
    {"settled": 1, "t_ns": …}

An inverse is owed as soon as its line is on disk, whether or not its action was then really taken: every inverse must
therefore be harmless when there is nothing to undo. Replaying is idempotent, newest first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from results.clock import Clock

NAME = "undo.jsonl"


class DamagedUndoLog(ValueError):
    """A line that cannot be read: names file and line. Somebody must look, because an inverse may be owed."""


@dataclass(frozen=True)
class Inverse:
    """One owed inverse: `do` names it, `parameters` are its arguments, `because` says what it undoes."""

    number: int
    do: str
    parameters: dict[str, str] = field(default_factory=dict)
    because: str = ""


@dataclass(frozen=True)
class Replay:
    """What a replay did: inverses settled now, and those that failed with their one-line reasons."""

    settled: tuple[Inverse, ...] = ()
    failed: tuple[tuple[Inverse, str], ...] = ()


def owe(run: Path, clock: Clock, do: str, parameters: dict[str, str], because: str) -> Inverse:
    """Put an inverse on disk (synced). Take the action only after this has returned."""
    number = 1 + max((inverse.number for inverse in _read(run)[0]), default=0)
    inverse = Inverse(number, do, parameters, because)
    _append(run, {"owed": number, "t_ns": clock.now_ns(), "do": do, "parameters": parameters, "because": because})
    return inverse


def settle(run: Path, clock: Clock, inverse: Inverse) -> None:
    """Record that the inverse was carried out and seen to work."""
    _append(run, {"settled": inverse.number, "t_ns": clock.now_ns()})


def owed(run: Path) -> list[Inverse]:
    """Inverses not settled yet, newest first. No file: nothing was done, nothing is owed. Raises DamagedUndoLog."""
    inverses, settled = _read(run)
    return [inverse for inverse in reversed(inverses) if inverse.number not in settled]


def replay(
    run: Path, clock: Clock, carry_out: Callable[[Inverse], None], wanted: Callable[[Inverse], bool] = lambda _: True
) -> Replay:
    """Carry out whatever is owed and wanted, newest first; one that fails does not keep the others from being tried."""
    done, failed = [], []
    for inverse in filter(wanted, owed(run)):
        try:
            carry_out(inverse)
        except Exception as error:  # noqa: BLE001 - recorded and reported: the other inverses are still owed
            failed.append((inverse, " ".join(str(error).split()) or type(error).__name__))
        else:
            settle(run, clock, inverse)
            done.append(inverse)
    return Replay(tuple(done), tuple(failed))


def _append(run: Path, line: dict[str, object]) -> None:
    descriptor = os.open(run / NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.write(descriptor, json.dumps(line, separators=(",", ":")).encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(run: Path) -> tuple[list[Inverse], set[int]]:
    path = run / NAME
    inverses: list[Inverse] = []
    settled: set[int] = set()
    if not path.exists():
        return inverses, settled
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                break  # cut off while it was written: its action was not taken yet
            try:
                entry = json.loads(line)
                if "settled" in entry:
                    settled.add(int(entry["settled"]))
                else:
                    inverses.append(
                        Inverse(int(entry["owed"]), entry["do"], dict(entry["parameters"]), entry["because"])
                    )
            except (ValueError, KeyError, TypeError) as error:
                raise DamagedUndoLog(f"{path.name}, line {number}: not an inverse ({error})") from error
    return inverses, settled
