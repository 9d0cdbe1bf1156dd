"""Runs as lists and trends show them: from each run's ``verdict.json`` alone, so that no history is ever read for a list."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from results.finding import Verdict

_SCHEMA = "zweitherz/verdict/1"
_NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)_(.+)_[0-9a-f]{4}")
PATIENTS = "patients"  # of the headline: how many the drill had
_LARGEST_VERDICT = 4 << 20  # of bytes; a judged drill of 40 checks has 30,000


class State(Enum):
    """What is known of a run without its evidence."""

    JUDGED = "judged"
    UNJUDGED = "not judged"  # under way, or ended before its verdict
    DAMAGED = "damaged"


@dataclass(frozen=True)
class Listed:
    """One run in a list.

    started   by its name; None where the folder is not named as a run is
    drill     by its verdict, else by its name
    verdict   None unless judged
    headline  figures of ``verdict.json`` by name; a figure that nobody could measure is None
    checks    verdict of each check by name
    why       what is damaged
    """

    run: str
    path: Path
    started: datetime.datetime | None
    drill: str
    state: State
    verdict: Verdict | None = None
    headline: dict[str, float | None] = field(default_factory=dict)
    checks: dict[str, Verdict] = field(default_factory=dict)
    why: str = ""

    @property
    def shown(self) -> str:
        """Verdict, or why there is none."""
        return self.verdict.value if self.verdict is not None else self.why or self.state.value


def listed(run: Path) -> Listed:
    """One run. Raises nothing: what cannot be read is listed as damaged, with the reason."""
    named = _NAME.fullmatch(run.name)
    started = _moment(named.group(1)) if named else None
    drill = named.group(2) if named else run.name
    verdict = run / "verdict.json"
    try:
        if not verdict.exists():
            return Listed(run.name, run, started, drill, State.UNJUDGED)
        return _judged(run, started, _read(verdict))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        said = f"no {error}" if isinstance(error, KeyError) else str(error)
        return Listed(run.name, run, started, drill, State.DAMAGED, why=f"verdict.json is damaged: {said}")


def like(runs: Iterable[Listed], one: Listed) -> list[Listed]:
    """The judged runs of the drill of that one with as many patients, in the order of their start: what a trend is drawn of.

    A quick drill among whole ones would look like a change of the service.
    """
    alike = [
        each for each in runs if each.state is State.JUDGED and each.started is not None and _size(each) == _size(one)
    ]
    return sorted(alike, key=lambda each: (each.started, each.run))


def _size(run: Listed) -> tuple[str, float | None]:
    return run.drill, run.headline.get(PATIENTS)


def _read(verdict: Path) -> dict[str, Any]:  # JSON values
    if verdict.stat().st_size > _LARGEST_VERDICT:
        raise ValueError(f"more than {_LARGEST_VERDICT} bytes")
    told: dict[str, Any] = json.loads(verdict.read_bytes())
    return told


def _judged(run: Path, started: datetime.datetime | None, told: dict[str, Any]) -> Listed:
    if told["schema"] != _SCHEMA:
        raise ValueError(f"schema {str(told['schema'])[:60]!r}, not {_SCHEMA!r}")
    return Listed(
        run=run.name,
        path=run,
        started=started,
        drill=str(told["drill"]),
        state=State.JUDGED,
        verdict=Verdict(told["verdict"]),
        headline={str(name): _figure(value) for name, value in told["headline"].items()},
        checks={str(each["name"]): Verdict(each["verdict"]) for each in told["checks"]},
    )


def _figure(value: Any) -> float | None:  # of a file that anybody may have written
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise ValueError(f"a figure of the headline is {str(value)[:60]!r}")


def _moment(text: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%dT%H-%M-%SZ").replace(tzinfo=datetime.UTC)
    except ValueError:
        return None
