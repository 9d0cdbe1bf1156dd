"""How available was the service as patients saw it? (definitions 6.5): good / intended, over the whole drill."""

from __future__ import annotations

import math

from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import Marks

NAME = "availability-slo"
_Z = 1.96


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          the lower end of the Wilson interval of good / intended is at least the objective
    fail          below
    inconclusive  nothing was intended

    measured: availability, lower_end, intended, good, late (acknowledged after the deadline), never,
              longest_without_s (longest time in which nobody's reading was acknowledged), patients_affected (share)
    """
    want = evidence.plan.objectives
    begin, _ = evidence.phase("steady")
    if marks.observed_ns is None:
        return Finding(NAME, Verdict.INCONCLUSIVE, "the drill has no phases", {}, {"availability": want.availability})
    deadline = int(want.deadline_s * 1e9)
    intended, good, late, patients, affected = evidence.row(
        "SELECT count(*), count(*) FILTER (t_ack <= t_intended + ?), count(*) FILTER (t_ack > t_intended + ?), "
        "count(DISTINCT patient), count(DISTINCT patient) FILTER (t_ack IS NULL OR t_ack > t_intended + ?) "
        "FROM operations WHERE t_intended >= ? AND t_intended < ?",
        *(deadline, deadline, deadline, begin, marks.observed_ns),
    )
    objective: dict[str, Value] = {"availability": want.availability, "deadline_s": want.deadline_s}
    if not intended:
        return Finding(NAME, Verdict.INCONCLUSIVE, "no reading was intended", {}, objective)
    (gap,) = evidence.row(
        "SELECT max(gap) FROM (SELECT t_ack - lag(t_ack) OVER (ORDER BY t_ack) AS gap FROM operations WHERE t_ack >= ?)",
        begin,
    )
    lower = _wilson_lower(good, intended)
    measured: dict[str, Value] = {
        "availability": round(good / intended, 6),
        "lower_end": round(lower, 6),
        "intended": intended,
        "good": good,
        "late": late,
        "never": intended - good - late,
        "longest_without_s": round((gap or 0) / 1e9, 3),
        "patients_affected": round(affected / patients, 6),
    }
    verdict = Verdict.PASS if lower >= want.availability else Verdict.FAIL
    why = (
        f"{good / intended:.2%} of {intended} readings were acknowledged within {want.deadline_s:g} s "
        f"(lower end {lower:.2%}, objective {want.availability:.2%}); {late} late, {intended - good - late} never"
    )
    return Finding(NAME, verdict, why, measured, objective)


def _wilson_lower(good: int, total: int) -> float:
    """Lower end of the 95 % score interval of a ratio (Wilson 1927)."""
    p, z2 = good / total, _Z * _Z
    centre = p + z2 / (2 * total)
    spread = _Z * math.sqrt(p * (1 - p) / total + z2 / (4 * total * total))
    return (centre - spread) / (1 + z2 / total)
