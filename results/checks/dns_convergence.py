"""How long did resolvers give the lost site's address, as the patients' clients lived it? (definitions 6.4, answer layer)"""

from __future__ import annotations

from results.checks.convergence import SECOND, leaving
from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import Marks

NAME = "dns-convergence"
_HONEST = "honest"


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          every authoritative server changed, and honest resolvers followed within the objective
    fail          an authoritative server never changed, or an honest resolver took longer
    inconclusive  no fault, or too little was asked

    measured: t_auth_s (since t0), t95_s by resolver (None: longer than observed), answers by resolver, clamping and stale
              resolvers are reported and not judged: what they do is their owners' choice
    """
    want = evidence.plan.objectives.dns_t95_s
    objective: dict[str, Value] = {"dns_t95_s": want}
    if marks.t0 is None or marks.observed_ns is None:
        return Finding(NAME, Verdict.INCONCLUSIVE, "no fault took effect, so no answer had to change", {}, objective)
    if marks.t_auth is None:
        watched_s = (marks.observed_ns - marks.t0) / 1e9
        why = f"the authoritative servers did not all answer the survivor's address within {watched_s:.0f} s"
        return Finding(NAME, Verdict.FAIL, why, {"t_auth_s": None}, objective)
    survivor = evidence.address(evidence.plan.fault.survivor)
    kinds = {each["name"]: each["kind"] for each in evidence.environment["target"]["resolvers"]}
    t95: dict[str, Value] = {}
    answers: dict[str, Value] = {}
    late, unseen = [], []
    for resolver, kind in kinds.items():
        rows = evidence.rows(
            "SELECT (t_answered - ?) // ?, count(*), count(*) FILTER (answer <> ?) FROM lookups "
            "WHERE layer = 'resolver' AND server = ? AND answer IS NOT NULL AND t_answered >= ? GROUP BY 1",
            *(marks.t_auth, SECOND, survivor, resolver, marks.t_auth),
        )
        left = leaving(rows, (marks.observed_ns - marks.t_auth) / SECOND)
        t95[resolver], answers[resolver] = left.t95_s, left.events
        if kind != _HONEST:
            continue
        if not left.events or (left.t95_s is None and left.observed_s <= want):
            unseen.append(resolver)
        elif left.t95_s is None or left.t95_s > want:
            shown = f"{left.t95_s:g} s" if left.t95_s is not None else f"> {left.observed_s:.0f} s"
            late.append(f"{resolver}: 95 % moved after {shown} (objective {want:g} s)")
    measured: dict[str, Value] = {
        "t_auth_s": round((marks.t_auth - marks.t0) / 1e9, 3),
        "t95_s": t95,
        "answers": answers,
    }
    if late:
        return Finding(NAME, Verdict.FAIL, "; ".join(late), measured, objective)
    if unseen or not kinds:
        why = f"too few answers of {', '.join(unseen) or 'any resolver'} to say"
        return Finding(NAME, Verdict.INCONCLUSIVE, why, measured, objective)
    shown = ", ".join(f"{name} {value:g} s" if value is not None else f"{name} later" for name, value in t95.items())
    return Finding(NAME, Verdict.PASS, f"95 % of the answers moved after: {shown}", measured, objective)
