"""A drill in progress, as its own files tell it: the figures that its terminal shows. Shows, never judges.

``live/loadtests.json`` has the load generator's figures, ``timeline/*.jsonl`` the phases, the steps of the takeover and what
stopped the drill, ``plan.yaml`` what was asked. A drill is in progress as long as it has no verdict and its files change.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from dashboards.browser.folder import NotThere, read_file
from results.plan import Plan
from results.plan_file import BadPlan, plan_of, read_experiment
from results.timeline import DamagedTimeline, Event, read

PHASES = ("warm-up", "steady", "loss", "takeover", "fault", "recovered", "drain")
QUIET_S = 120.0  # judging ten million rows takes half a minute, and nothing is written meanwhile
_LARGEST = 1 << 20
_FIGURES = "live/loadtests.json"


@dataclass(frozen=True)
class Scene:
    """What is on.

    phase            preparing, one of `phases`, restoring and reading back, judging
    phases           those that this drill goes through, in order
    since_fault_s    None before the fault
    figures          of the load generator (`loadtests.live`), those that a terminal shows; missing ones are None
    moved            share of each client class that has left the first site, by class
    steps            of the takeover that have ended, in order
    notes            what somebody should know, oldest first
    silent_s         for so long nothing was written
    """

    run: str
    drill: str
    patients: int | None
    phase: str
    phases: tuple[str, ...]
    since_fault_s: float | None
    figures: dict[str, float | None]
    moved: dict[str, float]
    steps: tuple[str, ...]
    notes: tuple[str, ...]
    silent_s: float
    stop_ordered: bool

    def as_json(self) -> dict[str, Any]:
        """JSON values of the same names."""
        return asdict(self)


_SHOWN = ("ups", "acknowledged", "failing", "queued", "patients_seen", "p99_ms", "lag_p99_ms")


def is_live(run: Path, quiet_s: float = QUIET_S) -> bool:
    """Is that drill in progress?"""
    return (run / "plan.yaml").is_file() and not (run / "verdict.json").exists() and silent_s(run) < quiet_s


def silent_s(run: Path) -> float:
    """Seconds since anything of the run was written; infinite where the run is gone."""
    written = [_written(path) for path in _signs(run)]
    return max(0.0, time.time() - max(written, default=float("-inf")))


def look(run: Path) -> Scene:
    """The scene of this moment. Raises nothing: what is missing, half written or damaged is left out, and said."""
    plan = _plan(run, _written(run / "plan.yaml"))
    notes: list[str] = []
    if plan is None:
        notes.append("plan.yaml cannot be read")
    elif (run / "rules").is_dir():
        notes.append(f"Windows of the objectives' alerts are shortened by {plan.alerting.scale} for this drill")
    events = list(_events(run, notes))
    figures = _figures(run)
    moved = figures.get("by_client")
    fault = next((event.t_ns for event in events if event.kind == "phase" and event.subject == "loss"), None)
    return Scene(
        run=run.name,
        drill=plan.drill if plan is not None else run.name,
        patients=plan.population.patients if plan is not None else None,
        phase=_phase(run, events),
        phases=_phases(plan),
        since_fault_s=None if fault is None else max(0.0, round((time.time_ns() - fault) / 1e9, 1)),
        figures={name: _number(figures.get(name)) for name in _SHOWN},
        moved={str(name): 1 - share for name, share in moved.items() if _number(share) is not None}
        if isinstance(moved, dict)
        else {},
        steps=tuple(
            event.subject for event in events if event.kind == "takeover.step" and event.data.get("state") == "end"
        ),
        notes=(*notes, *_told(events)),
        silent_s=round(min(silent_s(run), 1e9), 1),
        stop_ordered=plan is not None and (run / stop_name(plan)).is_file(),
    )


def stop_name(plan: Plan) -> str:
    """Name of the file in the run's folder that stops the drill; ``STOP`` where the plan's own would lie elsewhere."""
    name = plan.guards.stop_file
    return name if name and name == Path(name).name and not name.startswith(".") else "STOP"


def plan_of_run(run: Path) -> Plan | None:
    """What was asked; None where it cannot be read."""
    return _plan(run, _written(run / "plan.yaml"))


@lru_cache(maxsize=16)
def _plan(run: Path, written: float) -> Plan | None:
    """`written`: a file that was written anew is read anew."""
    path = run / "plan.yaml"
    try:
        return plan_of(read_experiment(path), path.name)
    except (BadPlan, RecursionError):
        return None


def _signs(run: Path) -> Iterator[Path]:
    yield from (run, run / _FIGURES, run / "plan.yaml")
    for folder in ("timeline", "logs", "readback", "history", "telemetry"):
        if (run / folder).is_dir():
            yield run / folder
            yield from (run / folder).glob("*.jsonl")


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return float("-inf")


def _events(run: Path, notes: list[str]) -> Iterator[Event]:
    """Those of the experiment and of the drill itself, in order of time. What cannot be read is noted."""
    whole = run / "timeline.jsonl"
    paths = [whole] if whole.is_file() else [run / "timeline" / f"{source}.jsonl" for source in ("chaos", "drill")]
    found: list[Event] = []
    for path in paths:
        try:
            found += [event for event in read(path) if isinstance(event.t_ns, int) and isinstance(event.data, dict)]
        except FileNotFoundError:
            continue  # not yet, or not any more
        except (DamagedTimeline, OSError, RecursionError) as error:
            notes.append(f"the timeline cannot be read: {error}")
    yield from sorted(found, key=lambda event: event.t_ns)


def _phase(run: Path, events: list[Event]) -> str:
    phase = "preparing"
    for event in events:
        if event.kind == "phase":
            phase = event.subject if event.data.get("state") == "begin" else f"after {event.subject}"
    if (run / "timeline.jsonl").exists():
        return "judging"
    return "restoring and reading back" if phase == "after drain" else phase.removeprefix("after ")


def _phases(plan: Plan | None) -> tuple[str, ...]:
    """A fault is followed by a takeover, or is lifted again."""
    left_out = "takeover" if plan is not None and plan.fault.takeover == "none" else "fault"
    return tuple(phase for phase in PHASES if phase != left_out)


def _told(events: list[Event]) -> Iterator[str]:
    for event in events:
        if event.kind == "guard.abort":
            yield f"{event.subject}: {event.data.get('why', '')}"
        elif event.kind == "stop":
            yield f"{event.data.get('why', 'asked to stop')}: rolling back"
        elif event.kind == "takeover.step" and event.data.get("state") == "waits":
            yield f"the runbook waits for somebody to approve: {event.subject}"


def _figures(run: Path) -> dict[str, Any]:  # JSON values of loadtests.live
    try:
        found = json.loads(read_file(run, _FIGURES, _LARGEST))
    except (NotThere, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(value: Any) -> float | None:  # of a file that anybody may have written
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if is_number else None
