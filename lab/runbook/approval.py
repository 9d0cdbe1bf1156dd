"""Steps of a takeover that wait for a person: who has to approve, and who did.

``<state>/approvals.json``: ``{"steps": [...], "given": {step: {"by": …, "reason": …}}}``. The runbook only reads it; orders
over the control socket write it. Only the product's own cluster asks people.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lab.runbook.journal import Journal

NAME = "approvals.json"
_LOOK_AGAIN_S = 0.1


@dataclass(frozen=True)
class Approvals:
    """`steps` wait; `given`: who approved which, and why."""

    steps: tuple[str, ...] = ()
    given: dict[str, dict[str, str]] = field(default_factory=dict)

    def missing(self, step: str) -> bool:
        """Whether that step has to wait."""
        return step in self.steps and step not in self.given


def read(state: Path) -> Approvals:
    """Nobody is asked where the file is not there."""
    path = state / NAME
    if not path.exists():
        return Approvals()
    said = json.loads(path.read_text())
    return Approvals(tuple(said["steps"]), said["given"])


def ask_for(state: Path, steps: Iterable[str]) -> None:
    """From now on these steps wait; nothing is approved yet."""
    _write(state, Approvals(tuple(steps)))


def give(state: Path, step: str, by: str, reason: str) -> None:
    """Let a step go on."""
    now = read(state)
    _write(state, Approvals(now.steps, {**now.given, step: {"by": by, "reason": reason}}))


async def wait_for(state: Path, step: str, journal: Journal) -> None:
    """Return at once where nobody has to approve it; else when somebody did. Both are in the journal: waits, approved.

    Without a limit: somebody who never comes is what a drill may want to show.
    """
    if not read(state).missing(step):
        return
    journal.write(step, "waits")
    while read(state).missing(step):
        await asyncio.sleep(_LOOK_AGAIN_S)  # another process writes the file, and nothing tells
    journal.write(step, "approved", **read(state).given[step])


def _write(state: Path, approvals: Approvals) -> None:
    draft = state / f"{NAME}.draft"
    draft.write_text(json.dumps({"steps": approvals.steps, "given": approvals.given}))
    os.replace(draft, state / NAME)
