"""Did two sites take writes at the same time? Judged by the acknowledgements that patients received (catalogue: F2, F6)."""

from __future__ import annotations

from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import MAIN, Marks

NAME = "split-brain"


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          one site acknowledged after the other, or one alone; after a hand-over the other way round
    fail          the site that was taken from acknowledged after the other had begun to, or the runbooks of both promoted
    inconclusive  no fault took effect, or nobody acknowledged anything after it and one runbook promoted at most

    measured: overlap_s (last acknowledgement by the site that was taken from - first one by the other; 0: none),
              acknowledged_late (within that time), writers (sites that acknowledged after t0), promoted (sites whose database
              a takeover promoted)
    """
    fault = evidence.plan.fault
    objective: dict[str, Value] = {"overlap_s": 0}
    if marks.t0 is None:
        return Finding(NAME, Verdict.INCONCLUSIVE, "no fault took effect, so nobody had a reason", {}, objective)
    writers = [
        str(site)
        for (site,) in evidence.rows(
            "SELECT DISTINCT CAST(site AS VARCHAR) FROM attempts WHERE outcome = 'ok' AND site IS NOT NULL AND t_done > ? "
            "ORDER BY 1",
            marks.t0,
        )
    ]
    promoted = sorted(
        {
            str(event.data.get("site"))
            for event in evidence.of_kind("takeover.step")
            if event.subject == "promote"
            and event.data.get("state") == "end"
            and event.data.get("cluster", MAIN) == MAIN
        }
    )
    if not writers:
        measured: dict[str, Value] = {"promoted": list(promoted), "writers": []}
        verdict, why = Verdict.INCONCLUSIVE, "nobody acknowledged anything after the fault"
        if len(promoted) > 1:
            verdict, why = Verdict.FAIL, f"{_both(promoted)}, though nobody acknowledged anything after the fault"
        return Finding(NAME, verdict, why, measured, objective)
    (end,) = evidence.row("SELECT max(t_done) + 1 FROM attempts WHERE outcome = 'ok'")
    turns = [(fault.site, fault.survivor, marks.t0, marks.t_fb or end)]
    if marks.t_fb is not None:
        turns.append((fault.survivor, fault.site, marks.t_fb, end))
    overlaps = [(*_overlap(evidence, *turn), *turn[:2]) for turn in turns]
    measured = {
        "overlap_s": max(seconds for seconds, *_ in overlaps),
        "acknowledged_late": sum(late for _, late, *_ in overlaps),
        "promoted": list(promoted),
        "writers": list(writers),
    }
    for seconds, late, old, new in overlaps:
        if late:
            why = f"{old} acknowledged {late} uploads in {seconds:.2f} s after {new} had begun to"
            return Finding(NAME, Verdict.FAIL, why, measured, objective)
    if len(promoted) > 1:
        return Finding(NAME, Verdict.FAIL, _both(promoted), measured, objective)
    if len(writers) == 1:
        why = f"only {writers[0]} acknowledged, overlap 0 s"
    else:
        why = f"{fault.survivor} acknowledged only after {fault.site}, overlap 0 s"
        why += ", and the other way round after the hand-over" if marks.t_fb is not None else ""
    return Finding(NAME, Verdict.PASS, why, measured, objective)


def _both(promoted: list[str]) -> str:
    return f"promoted at {' and at '.join(promoted)}"


def _overlap(evidence: Evidence, old: str, new: str, begin: int, end: int) -> tuple[float, int]:
    """Seconds, and acknowledgements by `old` in them, from the first one by `new` on, between these times."""
    first, last = evidence.row(
        "SELECT min(t_done) FILTER (site = ?), max(t_done) FILTER (site = ?) FROM attempts "
        "WHERE outcome = 'ok' AND t_done > ? AND t_done < ?",
        *(new, old, begin, end),
    )
    if first is None or last is None or last < first:
        return 0.0, 0
    (late,) = evidence.row(
        "SELECT count(*) FROM attempts WHERE outcome = 'ok' AND site = ? AND t_done BETWEEN ? AND ?",
        *(old, first, last),
    )
    return round((last - first) / 1e9, 3), int(late)
