"""Which runs of the list are wanted: by drill, verdict, words, first day."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from results.finding import Verdict
from results.listing import Listed, State

STATES = (*(verdict.value for verdict in Verdict), State.UNJUDGED.value, State.DAMAGED.value)


@dataclass(frozen=True)
class Choice:
    """Empty: all. `wrong`: what of the question cannot be answered, in one line; then nothing is left out because of it."""

    drill: str = ""
    verdict: str = ""
    text: str = ""
    since: datetime.date | None = None
    wrong: str = ""

    def __bool__(self) -> bool:
        return bool(self.drill or self.verdict or self.text or self.since)

    def of(self, runs: Iterable[Listed]) -> list[Listed]:
        """Those that are wanted, in their order."""
        return [run for run in runs if self._wants(run)]

    def _wants(self, run: Listed) -> bool:
        if self.drill and run.drill != self.drill:
            return False
        if self.verdict and state(run) != self.verdict:
            return False
        if self.since and (run.started is None or run.started.date() < self.since):
            return False
        return not self.text or self.text.lower() in _words(run)


def read_choice(query: Mapping[str, str]) -> Choice:
    """The choice that an address asks for."""
    wrong, since = "", None
    verdict, day = query.get("verdict", ""), query.get("since", "").strip()
    if verdict and verdict not in STATES:
        wrong, verdict = f"verdict {verdict!r}: there are {', '.join(STATES)}", ""
    if day:
        try:
            since = datetime.date.fromisoformat(day)
        except ValueError:
            wrong = f"since {day!r}: no date (as 2026-11-23)"
    return Choice(query.get("drill", ""), verdict, query.get("text", "").strip(), since, wrong)


def state(run: Listed) -> str:
    """Verdict, or why there is none: one of STATES."""
    return run.verdict.value if run.verdict is not None else run.state.value


def _words(run: Listed) -> str:
    failed = (name for name, verdict in run.checks.items() if verdict is not Verdict.PASS)
    return " ".join((run.run, run.drill, run.why, *failed)).lower()
