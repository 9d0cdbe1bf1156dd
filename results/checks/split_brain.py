"""Did two sites take writes at the same time? Judged by the acknowledgements that patients received (catalogue: F2, F6)."""

from __future__ import annotations

from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import Marks

NAME = "split-brain"


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          one site acknowledged after the other, or one alone
    fail          the site that was taken from acknowledged after the survivor had begun to, or the runbooks of both promoted
    inconclusive  no fault took effect, or nobody acknowledged anything after it

    measured: overlap_s (last acknowledgement by the site of the fault - first one by the survivor after t0; 0: none),
              acknowledged_late (by the site of the fault within that time), writers (sites that acknowledged after t0),
              promoted (sites whose database a runbook promoted)
    """
    fault = evidence.plan.fault
    objective: dict[str, Value] = {"overlap_s": 0}
    if marks.t0 is None:
        return Finding(NAME, Verdict.INCONCLUSIVE, "no fault took effect, so nobody had a reason", {}, objective)
    ended = {
        str(site): (int(first), int(last))
        for site, first, last in evidence.rows(
            "SELECT CAST(site AS VARCHAR), min(t_done), max(t_done) FROM attempts "
            "WHERE outcome = 'ok' AND site IS NOT NULL AND t_done > ? GROUP BY 1 ORDER BY 1",
            marks.t0,
        )
    }
    promoted = sorted(
        {
            str(event.data.get("site"))
            for event in evidence.of_kind("takeover.step")
            if event.subject == "promote"
            and event.data.get("state") == "end"
            and event.data.get("cluster", "main") == "main"
        }
    )
    if not ended:
        return Finding(NAME, Verdict.INCONCLUSIVE, "nobody acknowledged anything after the fault", {}, objective)
    late, overlap_s = 0, 0.0
    if fault.site in ended and fault.survivor in ended:
        begun, last = ended[fault.survivor][0], ended[fault.site][1]
        overlap_s = max(0.0, round((last - begun) / 1e9, 3))
        (late,) = evidence.row(
            "SELECT count(*) FROM attempts WHERE outcome = 'ok' AND site = ? AND t_done >= ?", *(fault.site, begun)
        )
    measured: dict[str, Value] = {
        "overlap_s": overlap_s,
        "acknowledged_late": int(late),
        "promoted": list(promoted),
    }
    measured["writers"] = [*ended]
    if late:
        why = f"{fault.site} acknowledged {late} uploads in {overlap_s:.2f} s after {fault.survivor} had begun to"
        return Finding(NAME, Verdict.FAIL, why, measured, objective)
    if len(promoted) > 1:
        return Finding(NAME, Verdict.FAIL, f"promoted at {' and at '.join(promoted)}", measured, objective)
    why = f"{_who(ended, fault.site, fault.survivor)}, overlap 0 s"
    return Finding(NAME, Verdict.PASS, why, measured, objective)


def _who(ended: dict[str, tuple[int, int]], site: str, survivor: str) -> str:
    """In words: who acknowledged after the fault."""
    return f"only {next(iter(ended))} acknowledged" if len(ended) == 1 else f"{survivor} acknowledged only after {site}"
