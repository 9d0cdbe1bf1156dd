"""A drill as a gate: what comes after the exercise (comparison, documents, notices, in this order), and one exit code for it all.

The comparison comes before the documents, because they tell of it, and before the notices, because it may turn the gate red.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drill.baseline import Baseline
from drill.exercise import ABORTED, CLEAN_UP_FAILED, Outcome
from drill.notify.configuration import Notify
from drill.notify.delivery import notify
from drill.notify.notice import notice_of
from drill.publish import publish
from results.comparison.model import Comparison
from results.finding import merge


@dataclass(frozen=True)
class Passage:
    """What came of it. `remarks`: documents that were withheld, people who could not be told; one line each."""

    outcome: Outcome
    comparison: Comparison | None
    exit_code: int
    remarks: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For programs: the content of ``verdict.json``, the gate's exit code, and what else came of the drill."""
        outcome = self.outcome
        shown = outcome.judgement.as_json() | {"exit_code": self.exit_code, "aborted": outcome.aborted}
        if self.comparison is not None:
            shown["comparison"] = self.comparison.model_dump(mode="json", by_alias=True)
        return shown | {"report": str(outcome.report) if outcome.report else None}


def conclude(outcome: Outcome, baseline: Baseline | None, receivers: Notify | None) -> Passage:
    """Hold the run against its baseline, write its documents, tell who wants to be told. Raises OSError where a disk is full."""
    comparison = baseline.compare(outcome) if baseline is not None else None
    code = exit_code(outcome, comparison)
    remarks = []
    if withheld := publish(outcome.run, outcome.judgement):
        remarks.append(withheld)
    if receivers is not None:
        notice = notice_of(outcome.run, outcome.judgement, code, outcome.report, receivers.report_base, comparison)
        remarks += [f"notify: {line}" for line in notify(notice, receivers, outcome.run)]
    return Passage(outcome, comparison, code, tuple(remarks))


def exit_code(outcome: Outcome, comparison: Comparison | None) -> int:
    """The worse of drill and comparison: one that is worse than its baseline, or cannot be compared, is no pass.

    A guard that ended the drill, or a clean-up that failed, is said all the same: somebody has to do something.
    """
    if comparison is None or outcome.exit_code in (ABORTED, CLEAN_UP_FAILED):
        return outcome.exit_code
    return merge([outcome.judgement.verdict, comparison.verdict]).exit_code
