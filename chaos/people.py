"""Plays the people whom the runbook asks, or fetches the answer of real ones: a file in the run's folder ``approvals/``.

What they did is on the timeline, as the runbook's own journal says it, or as the drill performs it: waits, approved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from chaos.drivers import Driver
from results.clock import Clock
from results.plan import Person

FOLDER = "approvals"
INVERSE = "ask-nobody"


class People:
    """Those of a plan; each approves one step, once, when they have been waited for long enough."""

    def __init__(
        self, people: Iterable[Person], run: Path, clock: Clock, tell: Callable[[dict[str, Any]], None]
    ) -> None:
        self._run, self._clock, self._tell = run, clock, tell
        self._waiting: dict[str, Person] = {person.step: person for person in people}
        self._asked: dict[str, int] = {}  # step -> since when somebody waits, ns

    @property
    def steps(self) -> list[str]:
        """Steps that still have to be approved."""
        return list(self._waiting)

    def asked(self, step: str, t_ns: int) -> None:
        """Somebody waits with this step since then."""
        if step in self._waiting and step not in self._asked:
            self._asked[step] = t_ns
            person = self._waiting[step]
            if person.answers_s is None and not person.absent:
                self._file(step).parent.mkdir(exist_ok=True)
                self._tell({"asks": step, "of": person.name, "file": f"{FOLDER}/{step}"})

    def answers(self) -> list[tuple[str, str, str]]:
        """What was approved since the last look: step, by whom, why."""
        found = []
        for step in list(self._asked):
            if (answer := self._answer(self._waiting[step], self._asked[step])) is not None:
                found.append((step, *answer))
                del self._asked[step], self._waiting[step]
        return found

    def _answer(self, person: Person, since_ns: int) -> tuple[str, str] | None:
        waited_s = (self._clock.now_ns() - since_ns) / 1e9
        if person.absent:
            why = f"{person.name} did not answer; {person.reason}"
            return (person.deputy, why) if waited_s >= person.deputy_s else None
        if person.answers_s is not None:
            return (person.name, person.reason) if waited_s >= person.answers_s else None
        file = self._file(person.step)
        return (person.name, file.read_text().strip() or person.reason) if file.exists() else None

    def _file(self, step: str) -> Path:
        return self._run / FOLDER / step


def ask_nobody(driver: Driver, _: Mapping[str, str]) -> None:
    """The inverse of asking people."""
    driver.ask_people([])
