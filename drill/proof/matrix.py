"""What came of each system: caught, missed, false alarm; and all of it as a page."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from drill.proof.systems import System
from results.checks import CHECKS
from results.finding import Verdict

_FAIL, _PASS, _UNCLEAR = (verdict.value for verdict in (Verdict.FAIL, Verdict.PASS, Verdict.INCONCLUSIVE))
_HEALTHY = "none"


@dataclass(frozen=True)
class Row:
    """One system.

    caught   checks that had to turn, and did         missed   that had to, and did not: "name: verdict"
    followed that may turn because of it, and did     false    that turned without a reason: "name: why"
    again    what had been wrong the first time, where the drill was done a second time, alone (`drill.proof.runner`)
    """

    name: str
    drill: str
    defect: str
    seconds: int
    caught: tuple[str, ...]
    missed: tuple[str, ...]
    followed: tuple[str, ...]
    false: tuple[str, ...]
    again: str = ""

    @property
    def as_expected(self) -> bool:
        return not self.missed and not self.false


def row(name: str, system: System, verdict: Mapping[str, Any]) -> Row:  # verdict.json
    """What that verdict means for that system. A system whose drill has the right findings and passes all the same is missed."""
    expected = system.expected
    found = {check["name"]: check["verdict"] for check in verdict["checks"]}
    whys = {check["name"]: check["why"] for check in verdict["checks"] if check["verdict"] != _PASS}
    must = {**dict.fromkeys(expected.red, _FAIL), **dict.fromkeys(expected.unclear, _UNCLEAR)}
    missed = [f"{check}: {found.get(check, 'not asked')}" for check, how in must.items() if found.get(check) != how]
    false = [f"{check}: {why}" for check, why in whys.items() if check not in {*must, *expected.follows}]
    if must and verdict["exit_code"] == 0:
        missed.append("exit code: 0")
    if not (must or false) and verdict["exit_code"]:
        false.append(f"exit code: {verdict['exit_code']}")
    return Row(
        name,
        system.drill,
        str(system.changes.get("lab.defect", _HEALTHY)),
        int(verdict["seconds"]),
        caught=tuple(check for check in CHECKS if check in must and found.get(check) == must[check]),
        missed=tuple(sorted(missed)),
        followed=tuple(check for check in whys if check in expected.follows),
        false=tuple(false),
        again=str(verdict.get("again", "")),
    )


def summary(rows: Iterable[Row]) -> str:
    """In one line."""
    all_rows = list(rows)
    bad = [each for each in all_rows if each.defect != _HEALTHY]
    healthy = [each for each in all_rows if each.defect == _HEALTHY]
    caught = sum(not each.missed for each in bad)
    clean = sum(not each.false for each in healthy)
    stray = sum(bool(each.false) for each in bad)
    again = sum(bool(each.again) for each in all_rows)
    return (
        f"{caught} of {len(bad)} known-bad systems caught, {stray} of them turned a check without reason; "
        f"{clean} of {len(healthy)} healthy ones stayed green"
    ) + (f"; {again} drilled a second time" if again else "")


def markdown(rows: Iterable[Row], version: str, when: datetime.datetime, left_out: Iterable[str] = ()) -> str:
    """A page with the matrix: by system, and by check; and which systems were left out."""
    all_rows = list(rows)
    again = [each for each in all_rows if each.again]
    lines = [
        "# Proof",
        "",
        "`zweitherz prove` runs every known-bad system and every drill on a healthy one, on the real lab, and writes this page.",
        "",
        f"Version {version}, {when:%Y-%m-%d %H:%M} UTC, {sum(each.seconds for each in all_rows) / 60:.0f} minutes of drills: "
        f"{summary(all_rows)}.",
        "",
        *([f"Not in it: {', '.join(missing)}.", ""] if (missing := list(left_out)) else []),
        *(["Drilled a second time, alone, because of what was wrong the first time:", ""] if again else []),
        *(f"* {each.name}: {_cell((each.again,))}" for each in again),
        *([""] if again else []),
        "| system | drill | caught by | missed | turned as well, because of it | false alarm | s |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {each.defect if each.defect != _HEALTHY else each.name} | {each.drill} | {_cell(each.caught)} | {_cell(each.missed)} "
        f"| {_cell(each.followed)} | {_cell(each.false)} | {each.seconds}{' (2nd)' if each.again else ''} |"
        for each in all_rows
    ]
    lines += ["", "| check | turned by |", "|---|---|"]
    for check in CHECKS:
        by = tuple(each.defect for each in all_rows if check in each.caught)
        lines.append(f"| {check} | {_cell(by) or 'nothing on the lab; see its tests in `tests/results`'} |")
    return "\n".join(lines) + "\n"


def _cell(words: tuple[str, ...]) -> str:
    return ", ".join(words).replace("|", "\\|").replace("\n", " ")
