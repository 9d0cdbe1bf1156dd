"""Repairs what a drill that did not end by itself left broken, and removes what its embedded lab left on disk."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from chaos import inverses
from chaos import undo as undo_log
from chaos.drivers import driver_for
from drill.fingerprint import still_naming
from results.clock import Clock
from targets.lab_control import LabControl, LabRefused, LabUnreachable
from targets.read import read_target

_GONE_WITHIN_S = 8
_LABS = Path(__file__).resolve().parent.parent / ".lab"


def undo_run(run: Path, target_file: Path | None) -> tuple[list[str], list[str]]:
    """Carries out what the run owes, newest first; what was done, and what failed with its reason.

    Without a target file: on the embedded lab of that run, whose folder is removed when the lab is gone. Raises
    DamagedUndoLog, BadTarget, NoDriver.
    """
    state = _LABS / run.name
    if target_file is not None or _answers(state):
        return _on_target(run, target_file or state / "target.yaml")
    # an embedded lab that is gone took with it everything that was broken in it
    owed = undo_log.owed(run)
    if alive := _still_ending(state):
        return [], [f"its lab does not answer, and is not gone: {alive[0]}"]
    if state.exists():
        shutil.rmtree(state)
    clock = Clock.anchored_now()
    for inverse in owed:
        undo_log.settle(run, clock, inverse)
    return [f"{inverse.do} (its lab is gone)" for inverse in owed], []


def _answers(state: Path) -> bool:
    try:
        LabControl(state / "control.sock", timeout_s=5).call("status")
    except LabUnreachable:
        return False
    except LabRefused:
        return True
    return True


def _still_ending(state: Path) -> list[str]:
    """What still names that folder when a killed drill's processes have had time to lose their lifelines and end."""
    deadline = time.monotonic() + _GONE_WITHIN_S
    while (alive := still_naming([state])) and time.monotonic() < deadline:
        time.sleep(0.1)
    return alive


def _on_target(run: Path, target_file: Path) -> tuple[list[str], list[str]]:
    if not undo_log.owed(run):
        return [], []
    driver = driver_for(read_target(target_file))

    def carry_out(inverse: undo_log.Inverse) -> None:
        try:
            inverses.way(inverse.do).undo(driver, inverse.parameters)
        except LabUnreachable:
            return  # a lab that is gone has nothing broken in it
        except LabRefused as error:
            raise RuntimeError(str(error)) from error

    replay = undo_log.replay(run, Clock.anchored_now(), carry_out)
    return [i.do for i in replay.settled], [f"{i.do}: {why}" for i, why in replay.failed]
