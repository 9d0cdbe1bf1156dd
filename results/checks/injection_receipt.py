"""Did the fault really happen? Something that is not the order must show it: the witness, the process table, the store."""

from __future__ import annotations

from collections import Counter

from results.evidence import Evidence
from results.finding import Finding, Verdict
from results.marks import Marks
from results.plan import Fault

NAME = "injection-receipt"


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          the effect was seen, and that of every condition of the plan
    inconclusive  it was not, or nothing was ordered: whatever else is green proves nothing

    measured: delay_s   from the order to the effect
    """
    fault = evidence.plan.fault
    receipts = evidence.of_kind("fault.receipt")
    if marks.t_cmd is None:
        return Finding(NAME, Verdict.INCONCLUSIVE, f"{fault.name} on {_subject(fault)} was never ordered")
    if marks.t0 is None:
        why = str(receipts[-1].data.get("proof", "")) if receipts else "no receipt was written"
        return Finding(
            NAME, Verdict.INCONCLUSIVE, f"{fault.name} on {_subject(fault)} was ordered without any effect: {why}"
        )
    if lacking := _conditions_without_receipt(evidence):
        return Finding(NAME, Verdict.INCONCLUSIVE, f"the plan's condition {lacking[0]} was never seen to take effect")
    delay_s = round((marks.t0 - marks.t_cmd) / 1e9, 3)
    proof = next((str(e.data["proof"]) for e in receipts if e.data.get("effective") and e.data.get("proof")), "")
    return Finding(
        NAME,
        Verdict.PASS,
        f"{fault.name} on {_subject(fault)} took effect {delay_s:.2f} s after the order"
        + (f": {proof}" if proof else ""),
        {"delay_s": delay_s},
    )


def _conditions_without_receipt(evidence: Evidence) -> list[str]:
    seen = Counter(
        str(e.data.get("fault")) for e in evidence.of_kind("condition.receipt") if e.data.get("effective") is True
    )
    wanted = Counter(condition.name for condition in evidence.plan.conditions)
    return sorted((wanted - seen).elements())


def _subject(fault: Fault) -> str:
    return f"{fault.service} at {fault.site}" if fault.service else fault.site
