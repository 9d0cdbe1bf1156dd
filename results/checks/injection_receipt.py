"""Did the fault really happen? Something that is not the order must show it: the witness, the process table, the store."""

from __future__ import annotations

from results.evidence import Evidence
from results.finding import Finding, Verdict
from results.marks import Marks
from results.plan import Fault

NAME = "injection-receipt"


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          the witness saw the effect
    inconclusive  it did not, or nothing was ordered: whatever else is green proves nothing

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
    delay_s = round((marks.t0 - marks.t_cmd) / 1e9, 3)
    proof = next((str(e.data["proof"]) for e in receipts if e.data.get("effective") and e.data.get("proof")), "")
    return Finding(
        NAME,
        Verdict.PASS,
        f"{fault.name} on {_subject(fault)} took effect {delay_s:.2f} s after the order"
        + (f": {proof}" if proof else ""),
        {"delay_s": delay_s},
    )


def _subject(fault: Fault) -> str:
    return f"{fault.service} at {fault.site}" if fault.service else fault.site
