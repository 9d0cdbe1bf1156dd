"""How long did requests still go to the lost site, by class of client? (definitions 6.4, request layer)"""

from __future__ import annotations

from results.checks.convergence import SECOND, leaving
from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import Marks

NAME = "traffic-drain"


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          each class had at most 5 % of its attempts on the lost site after the objective at the latest
    fail          some class took longer
    inconclusive  no fault, a class that sent nothing, or observed too briefly

    measured: t95_s by class, since t_auth (since t0 where the authoritative servers never changed); attempts by class;
              since: which mark the times count from
    """
    plan = evidence.plan
    want = plan.objectives.drain_t95_s
    objective: dict[str, Value] = {"drain_t95_s": want}
    if marks.t0 is None or marks.observed_ns is None:
        return Finding(NAME, Verdict.INCONCLUSIVE, "no fault took effect, so no traffic had to move", {}, objective)
    start = marks.t_auth or marks.t0
    lost = evidence.address(plan.fault.site)
    t95: dict[str, Value] = {}
    attempts: dict[str, Value] = {}
    late, unseen = [], []
    for each in plan.load.classes:
        rows = evidence.rows(
            "SELECT (t_dispatched - ?) // ?, count(*), count(*) FILTER (address = ?) FROM attempts "
            "WHERE client = ? AND address IS NOT NULL AND t_dispatched >= ? GROUP BY 1",
            *(start, SECOND, lost, each.name, start),
        )
        left = leaving(rows, (marks.observed_ns - start) / SECOND)
        t95[each.name], attempts[each.name] = left.t95_s, left.events
        if not left.events or (left.t95_s is None and left.observed_s <= want):
            unseen.append(each.name)
        elif left.t95_s is None or left.t95_s > want:
            shown = f"{left.t95_s:g} s" if left.t95_s is not None else f"> {left.observed_s:.0f} s"
            late.append(f"{each.name} {shown}")
    measured: dict[str, Value] = {"t95_s": t95, "attempts": attempts, "since": "t_auth" if marks.t_auth else "t0"}
    if late:
        why = f"requests still go to the lost site: 95 % moved after {', '.join(late)} (objective {want:g} s)"
        return Finding(NAME, Verdict.FAIL, why, measured, objective)
    if unseen:
        return Finding(
            NAME, Verdict.INCONCLUSIVE, f"too few requests of {', '.join(unseen)} to say", measured, objective
        )
    slowest = max(t95, key=lambda name: float(t95[name] or 0))  # type: ignore[arg-type] # numbers, none is None here
    why = f"the slowest class, {slowest}, had left the lost site after {t95[slowest]:g} s (objective {want:g} s)"
    return Finding(NAME, Verdict.PASS, why, measured, objective)
