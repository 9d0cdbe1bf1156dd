"""What the activities of one experiment share: made by `chaos.run`, found by `current`.

Chaos Toolkit calls activities as plain functions with JSON arguments; what is not JSON has to lie somewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaoslib.exceptions import ActivityFailed

from chaos.drivers import Driver
from chaos.guards import Guards
from chaos.observer import Observer
from chaos.people import People
from results.clock import Clock
from results.plan import Condition, Plan
from results.timeline import TimelineWriter
from targets.model import Target


@dataclass
class Context:
    """`tell` sends one JSON object to the drill. `phase` is the phase that is on."""

    run: Path
    plan: Plan
    target: Target
    clock: Clock
    timeline: TimelineWriter
    guards: Guards
    observer: Observer
    driver: Driver
    tell: Callable[[dict[str, Any]], None]
    people: People
    phase: str = ""
    t_command: int = 0
    killed: dict[str, int] = field(default_factory=dict)  # service@site -> PID, for the receipt
    begun: dict[str, int] = field(
        default_factory=dict
    )  # fault@site -> when a fault began that comes server by server, ns
    later: list[tuple[int, Condition]] = field(default_factory=list)  # when each is due, ns
    # the runbooks' steps that are on the timeline: procedure, cluster, site, step, state
    shown: set[tuple[str, str, str, str, str]] = field(default_factory=set)

    def enter(self, phase: str) -> None:
        """End the phase that is on and begin another."""
        self.leave()
        self.phase = phase
        self.timeline.write("phase", phase, state="begin")
        self.tell({"phase": phase})

    def await_seen(self, seen: Callable[[], bool], within_s: float, what: str) -> None:
        """For clean-up, which goes on after a guard has tripped: return when `seen`. Raises RuntimeError when it takes longer."""
        deadline = self.clock.now_ns() + int(within_s * 1e9)
        while not seen():
            if self.clock.now_ns() > deadline or not self.observer.alive:
                raise RuntimeError(f"{what}: not seen to come back within {within_s:g} s")
            self.guards.rest(0.05)

    def leave(self) -> None:
        if self.phase:
            self.timeline.write("phase", self.phase, state="end")
            self.phase = ""


_current: Context | None = None


def set_current(context: Context | None) -> None:
    global _current  # noqa: PLW0603 - one experiment per process, by design of Chaos Toolkit
    _current = context


def current() -> Context:
    """The context of this experiment. Raises ActivityFailed when there is none (the file was run by plain ``chaos run``)."""
    if _current is None:
        raise ActivityFailed("no drill is on: run this experiment with 'zweitherz drill'")
    return _current
