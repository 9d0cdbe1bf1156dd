"""How available was the service as patients saw it? (definitions 6.5): good / intended, over the whole drill."""

from __future__ import annotations

import math

from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import Marks
from results.workers import lost_senders, named

NAME = "availability-slo"
_Z = 1.96
_WORST = 0.05


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          the lower end of the Wilson interval of good / intended is at least the objective
    fail          the ratio itself is below
    inconclusive  the ratio is not below, but its interval reaches below: too few readings to say; nothing was intended, or a
                  sender died: what its patients would have seen, nobody knows

    In a drill that was ended early, before its drain or in it, what was on its way and not overdue is neither good nor bad
    (`undecided`).

    measured: availability, lower_end, intended, good, late (acknowledged after the deadline), never, undecided (if any),
              longest_without_s (longest time in which nobody's reading was acknowledged), patients_affected (share),
              patient_minutes (share of all patients' time without an overdue reading), worst_patients_s (mean time with an
              overdue reading of the 5 % that were worst off), worst_patient_s
    """
    want = evidence.plan.objectives
    begin, _ = evidence.phase("steady")
    if marks.observed_ns is None:
        return Finding(NAME, Verdict.INCONCLUSIVE, "the drill has no phases", {}, {"availability": want.availability})
    deadline = int(want.deadline_s * 1e9)
    decided_by = marks.observed_ns if _drained(evidence) else _ended(evidence, marks.observed_ns) - deadline
    undecided, intended, good, late, patients, affected = evidence.row(
        "WITH due AS (SELECT patient, t_intended + $1 AS limit_ns, t_ack, t_ack IS NOT NULL OR t_intended < $2 AS decided "
        "FROM operations WHERE t_intended >= $3 AND t_intended < $4) "
        "SELECT count(*) FILTER (NOT decided), count(*) FILTER (decided), count(*) FILTER (t_ack <= limit_ns), "
        "count(*) FILTER (t_ack > limit_ns), count(DISTINCT patient), "
        "count(DISTINCT patient) FILTER (decided AND (t_ack IS NULL OR t_ack > limit_ns)) FROM due",
        *(deadline, decided_by, begin, marks.observed_ns),
    )
    objective: dict[str, Value] = {"availability": want.availability, "deadline_s": want.deadline_s}
    if not intended:
        why = (
            f"none of {undecided} readings was decided when the drill was ended"
            if undecided
            else "no reading was intended"
        )
        return Finding(NAME, Verdict.INCONCLUSIVE, why, {}, objective)
    # the ends of the time that is looked at count as well: a service that never comes back leaves no pause between two
    (gap,) = evidence.row(
        "SELECT max(t - before) FROM (SELECT t, lag(t, 1, $1) OVER (ORDER BY t) AS before FROM (SELECT $2 AS t UNION ALL "
        "SELECT t_ack FROM operations WHERE t_ack BETWEEN $1 AND $2))",
        *(begin, marks.observed_ns),
    )
    lower = _wilson_lower(good, intended)
    measured: dict[str, Value] = {
        "availability": round(good / intended, 6),
        "lower_end": round(lower, 6),
        "intended": intended,
        "good": good,
        "late": late,
        "never": intended - good - late,
        **({"undecided": undecided} if undecided else {}),
        "longest_without_s": round(gap / 1e9, 3),
        "patients_affected": round(affected / patients, 6),
        **_by_patient(evidence, begin, marks.observed_ns, deadline, patients),
    }
    if lost := lost_senders(evidence):
        why = f"{named(lost)}: what became of its patients' readings is not known"
        return Finding(NAME, Verdict.INCONCLUSIVE, why, measured, objective)
    verdict = Verdict.PASS if lower >= want.availability else Verdict.INCONCLUSIVE
    if good / intended < want.availability:
        verdict = Verdict.FAIL
    why = (
        f"{good / intended:.2%} of {intended} readings were acknowledged within {want.deadline_s:g} s "
        f"(lower end {lower:.2%}, objective {want.availability:.2%}); {late} late, {intended - good - late} never"
    )
    return Finding(NAME, verdict, why, measured, objective)


def _drained(evidence: Evidence) -> bool:
    """Whether what was on its way had all the plan's time to arrive: nobody and no guard ended the drill before the drain did."""
    over = [e.t_ns for e in evidence.of_kind("phase") if e.subject == "drain" and e.data.get("state") == "end"]
    stopped = [e.t_ns for kind in ("stop", "guard.abort") for e in evidence.of_kind(kind)]
    return bool(over) and not any(t_ns <= max(over) for t_ns in stopped)


def _ended(evidence: Evidence, observed_ns: int) -> int:
    """When a drill that was ended early was: in its drain, or with its load."""
    begun = [e.t_ns for e in evidence.of_kind("phase") if e.subject == "drain"]
    stopped = [e.t_ns for kind in ("stop", "guard.abort") for e in evidence.of_kind(kind) if e.t_ns >= observed_ns]
    return min(stopped, default=observed_ns) if begun else observed_ns


# A patient is down while a reading is overdue: the union of [due + deadline, acknowledged) over his readings. Sorted by
# their begin, each interval adds what reaches beyond all earlier ones.
_DOWN = """
    WITH overdue AS (
        SELECT patient, t_intended + $3 AS a, least(coalesce(t_ack, $2), $2) AS b FROM operations
        WHERE t_intended >= $1 AND t_intended + $3 < $2 AND coalesce(t_ack, $2) > t_intended + $3
    ), sorted AS (
        SELECT patient, a, b, max(b) OVER (
            PARTITION BY patient ORDER BY a, b ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached FROM overdue
    )
    SELECT sum(greatest(0, b - greatest(a, coalesce(reached, a)))) / 1e9 AS down FROM sorted GROUP BY patient ORDER BY down DESC
"""


def _by_patient(evidence: Evidence, begin: int, end: int, deadline: int, patients: int) -> dict[str, Value]:
    down = [float(row[0]) for row in evidence.rows(_DOWN, begin, end, deadline)]
    worst = math.ceil(patients * _WORST)
    return {
        "patient_minutes": round(1 - sum(down) / (patients * (end - begin) / 1e9), 6),
        "worst_patients_s": round(sum(down[:worst]) / worst, 3),
        "worst_patient_s": round(down[0] if down else 0.0, 3),
    }


def _wilson_lower(good: int, total: int) -> float:
    """Lower end of the 95 % score interval of a ratio (Wilson 1927)."""
    p, z2 = good / total, _Z * _Z
    centre = p + z2 / (2 * total)
    spread = _Z * math.sqrt(p * (1 - p) / total + z2 / (4 * total * total))
    return (centre - spread) / (1 + z2 / total)
