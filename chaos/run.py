"""Runs one experiment in a process of its own, because Chaos Toolkit takes over the main thread and its signals.

``python -m chaos.run RUN TARGET``, the run's clock in the environment. Standard output: one JSON object a line, for the drill.
Standard input: a line ``stop`` asks to end early; its end means that the drill is gone. In both cases the rollbacks are played.
Exit code 0: the experiment ran (what came of it is in ``journal.json``); 4: an inverse is still owed; 64: bad input.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

from chaoslib.exceptions import ChaosException
from chaoslib.experiment import ensure_experiment_is_valid, run_experiment
from chaoslib.run import RunEventHandler
from chaoslib.types import Strategy

from chaos import undo
from chaos.context import Context, set_current
from chaos.drivers import NoDriver, driver_for
from chaos.guards import ASKED, Guards
from chaos.lease import Lease
from chaos.lock import TargetBusy, TargetLock
from chaos.observer import Observer
from chaos.people import People
from results.clock import Clock
from results.plan_file import BadPlan, plan_of, read_experiment
from results.timeline import TimelineWriter
from targets.read import BadTarget, read_target

CLEAN_UP_FAILED = 4
BAD_INPUT = 64
_SETTINGS = {"runtime": {"rollbacks": {"strategy": "always"}}}


class Reporter(RunEventHandler):  # type: ignore[misc] # chaoslib is not typed
    """Tells the drill which activity begins and how it ended."""

    def __init__(self, tell: Any) -> None:  # a callable that takes one mapping
        self._tell = tell

    def start_activity(self, activity: dict[str, Any]) -> None:
        self._tell({"activity": activity["name"], "state": "begin"})

    def activity_completed(self, activity: dict[str, Any], run: dict[str, Any]) -> None:
        self._tell({"activity": activity["name"], "state": run["status"]})

    def start_rollbacks(self, experiment: dict[str, Any]) -> None:
        self._tell({"rollbacks": "begin"})


def carry_out(run: Path, target_file: Path) -> int:
    """The whole experiment of a run folder; returns the exit code."""
    clock = Clock.from_environment()
    experiment = read_experiment(run / "plan.yaml")
    plan = plan_of(experiment, str(run / "plan.yaml"))
    target = read_target(target_file)
    ensure_experiment_is_valid(experiment)
    with TargetLock(target_file, run), TimelineWriter(run, "chaos", clock) as timeline:
        guards = Guards(run, plan.guards, clock, timeline)
        observer = Observer(run, target, target_file, clock)
        guards.stop_key = lambda: observer.stop_key
        people = People(plan.people, run, clock, tell)
        context = Context(run, plan, target, clock, timeline, guards, observer, driver_for(target), tell, people)
        set_current(context)
        guards.start()
        lease = Lease(context.driver, run.name, plan.guards.lease_s)
        threading.Thread(target=_listen, args=(guards,), name="orders", daemon=True).start()
        try:
            journal = run_experiment(
                experiment, settings=_SETTINGS, strategy=Strategy.BEFORE_METHOD, event_handlers=[Reporter(tell)]
            )
        finally:
            context.leave()
            lease.end(release=not undo.owed(run))
            guards.end()
            observer.end()
            set_current(None)
        _write_journal(run, journal)
        owed = undo.owed(run)
        trip = guards.trip
        tell(
            {
                "ended": journal["status"],
                "owed": len(owed),
                "guard": trip.guard if trip else None,
                "why": trip.why if trip else "",
            }
        )
        return CLEAN_UP_FAILED if owed else 0


def tell(line: dict[str, Any]) -> None:
    """One line for the drill; a drill that is gone does not stop the rollbacks."""
    try:
        os.write(1, json.dumps(line).encode() + b"\n")
    except BrokenPipeError:
        return


def _listen(guards: Guards) -> None:
    for line in sys.stdin:
        if line.strip() == "stop":
            guards.abort(ASKED, "asked to stop")
    guards.abort(ASKED, "the drill's process is gone")


def _write_journal(run: Path, journal: dict[str, Any]) -> None:
    draft = run / "journal.json.part"
    draft.write_text(json.dumps(journal, indent=1, default=str))
    draft.rename(run / "journal.json")


def main(arguments: list[str]) -> int:
    run, target_file = Path(arguments[0]), Path(arguments[1])
    (run / "logs").mkdir(exist_ok=True)
    logging.basicConfig(
        filename=run / "logs" / "chaos.log", level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    try:
        return carry_out(run, target_file)
    except (BadPlan, BadTarget, NoDriver, TargetBusy, undo.DamagedUndoLog, ChaosException) as error:
        tell({"refused": " ".join(str(error).split())})
        return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
