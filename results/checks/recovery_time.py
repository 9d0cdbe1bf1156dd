"""How long were patients without good service? Measured recovery time (definitions 6.2): RTA = t_rest - t_imp."""

from __future__ import annotations

from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import Marks
from results.workers import clock_error

NAME = "recovery-time"


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          restored, and RTA within the objective
    fail          restored too late, or not restored although it was watched for longer than the objective
    inconclusive  no fault, no reading after it, watched too briefly to say, or nearer to the objective than the clocks of the
                  load generator's workers agree

    measured: rta_s, since_fault_s (t_rest - t0), detection_s (t_det - t0), declaration_gap_s (t_rest - t_decl; above 0:
              declared too early), site_gap_s (first acknowledgement at the survivor - last one at the lost site)
    """
    want = evidence.plan.objectives
    objective: dict[str, Value] = {
        "rto_s": want.rto_s,
        "good_ratio": want.good_ratio,
        "window_s": want.restored_window_s,
        "hold_s": want.restored_hold_s,
    }
    if marks.t0 is None or marks.observed_ns is None:
        return Finding(NAME, Verdict.INCONCLUSIVE, "no fault took effect, so nothing had to recover", {}, objective)
    measured: dict[str, Value] = {
        "rta_s": None,
        "since_fault_s": _seconds(marks.t0, marks.t_rest),
        "detection_s": _seconds(marks.t0, marks.t_det),
        "declaration_gap_s": _seconds(marks.t_decl, marks.t_rest),
        "site_gap_s": _site_gap(evidence, marks.t0, marks.observed_ns),
    }
    if marks.t_imp is None:
        (intended,) = evidence.row(
            "SELECT count(*) FROM operations WHERE t_intended >= ? AND t_intended < ?", marks.t0, marks.observed_ns
        )
        if not intended:
            return Finding(NAME, Verdict.INCONCLUSIVE, "no reading was intended after the fault", measured, objective)
        measured["rta_s"] = 0.0
        why = f"no reading missed its deadline of {want.deadline_s:g} s"
        return Finding(NAME, Verdict.PASS, why, measured, objective)
    if marks.t_rest is None:
        watched_s = (marks.observed_ns - marks.t_imp) / 1e9
        if watched_s > want.rto_s:
            why = f"service not restored {watched_s:.0f} s after the first impact (objective {want.rto_s:g} s)"
            return Finding(NAME, Verdict.FAIL, why, measured, objective)
        why = f"watched for {watched_s:.0f} s after the first impact, too briefly to see it restored and to hold"
        return Finding(NAME, Verdict.INCONCLUSIVE, why, measured, objective)
    rta_s = (marks.t_rest - marks.t_imp) / 1e9
    measured["rta_s"] = round(rta_s, 3)
    verdict = Verdict.PASS if rta_s <= want.rto_s else Verdict.FAIL
    error = clock_error(evidence)
    why = f"service restored {rta_s:.1f} s{error} after the first impact (objective {want.rto_s:g} s)"
    if abs(rta_s - want.rto_s) * 1e9 < error.ns:
        verdict, why = Verdict.INCONCLUSIVE, f"{why}: the clocks cannot tell"
    return Finding(NAME, verdict, why, measured, objective)


def _seconds(begin: int | None, end: int | None) -> float | None:
    return None if begin is None or end is None else round((end - begin) / 1e9, 3)


def _site_gap(evidence: Evidence, t0: int, until: int) -> float | None:
    fault = evidence.plan.fault
    last, first = evidence.row(
        "SELECT max(t_done) FILTER (site = ?), min(t_done) FILTER (site = ? AND t_done >= ?) FROM attempts "
        "WHERE outcome = 'ok' AND t_done < ?",
        *(fault.site, fault.survivor, t0, until),
    )
    return _seconds(last, first)
