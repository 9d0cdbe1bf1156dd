"""What a check says, and how findings become one verdict.

The lattice is ``pass < inconclusive < fail``: one failed check fails the run; one check that could not be made
keeps the run from being green. Absence is never green.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Value = int | float | str | bool | None | list["Value"] | dict[str, "Value"]


class Verdict(StrEnum):
    """Ordered by severity: PASS < INCONCLUSIVE < FAIL."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"

    @property
    def severity(self) -> int:
        return (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL).index(self)

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 2 inconclusive."""
        return {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 2}[self]


def merge(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of them. No verdict at all is inconclusive: nothing was checked."""
    return max((Verdict(v) for v in verdicts), key=lambda v: v.severity, default=Verdict.INCONCLUSIVE)


@dataclass(frozen=True)
class Finding:
    """One check's answer.

    why               one sentence: subject, number, limit
    measured          what was found, units in the names
    objective         what was asked for, units in the names
    minimum_evidence  what had to be there to say more than "inconclusive"
    """

    name: str
    verdict: Verdict
    why: str
    measured: Mapping[str, Value] = field(default_factory=dict)
    objective: Mapping[str, Value] = field(default_factory=dict)
    minimum_evidence: Mapping[str, Value] = field(default_factory=dict)
