"""Were people asked where the plan says so, and how much of the recovery was theirs?"""

from __future__ import annotations

from dataclasses import dataclass

from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import MAIN, Marks

NAME = "people"


@dataclass(frozen=True)
class _Step:
    """When a step began to wait, was approved by whom, began and ended (ns); None: not seen."""

    waits: int | None = None
    approved: int | None = None
    begin: int | None = None
    end: int | None = None
    by: str = ""


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          every step that somebody has to approve waited, was approved, and began after that
    fail          one of them was taken without, or nobody ever approved it
    inconclusive  the plan asks nobody, no fault took effect, or none of these steps was ever reached

    measured: waited_s (by step), worked_s (by step, all steps of the takeover), by (who approved, by step), human_s (the waits
              together), human_share (of the time from the first impact until the service was restored)
    """
    asked: list[str] = [person.step for person in evidence.plan.people]
    if not asked:
        return Finding(NAME, Verdict.INCONCLUSIVE, "the plan asks nobody")
    if marks.t0 is None:
        return Finding(NAME, Verdict.INCONCLUSIVE, "no fault took effect, so nobody had to be asked")
    steps = _steps(evidence, marks.t0)
    waited = {name: _seconds(step.waits, step.approved) for name, step in steps.items() if name in asked}
    human_s = sum(seconds for seconds in waited.values() if seconds is not None)
    recovery_s = _seconds(marks.t_imp, marks.t_rest)
    measured: dict[str, Value] = {
        "waited_s": dict(waited),
        "worked_s": {name: _seconds(step.begin, step.end) for name, step in steps.items()},
        "by": {name: step.by for name, step in steps.items() if step.by},
        "human_s": round(human_s, 3),
        "human_share": round(min(1.0, human_s / recovery_s), 3) if recovery_s else None,
    }
    wrong = []
    for name in asked:
        step = steps.get(name, _Step())
        if step.begin is not None and (step.approved is None or step.approved > step.begin):
            wrong.append(f"{name} was taken without anybody's approval")
        elif step.waits is not None and step.approved is None:
            wrong.append(f"nobody ever approved {name}")
    if wrong:
        return Finding(NAME, Verdict.FAIL, "; ".join(wrong), measured)
    if missing := [name for name in asked if name not in steps]:
        why = f"the takeover never came to {', '.join(missing)}"
        return Finding(NAME, Verdict.INCONCLUSIVE, why, measured)
    share = f" ({100 * human_s / recovery_s:.0f} % of the recovery)" if recovery_s else ""
    said = ", ".join(f"{name} by {steps[name].by} after {waited[name]:.1f} s" for name in asked)
    return Finding(NAME, Verdict.PASS, f"approved: {said}; people took {human_s:.1f} s{share}", measured)


def _steps(evidence: Evidence, t0: int) -> dict[str, _Step]:
    """The takeover's steps of the cluster that must be taken over; of each state the first time."""
    seen: dict[str, dict[str, int | str]] = {}
    for event in evidence.of_kind("takeover.step"):
        if event.t_ns < t0 or event.data.get("cluster", MAIN) != evidence.plan.fault.takeover:
            continue
        state = str(event.data.get("state"))
        step = seen.setdefault(event.subject, {})
        if state in ("waits", "approved", "begin", "end"):
            step.setdefault(state, event.t_ns)
        if state == "approved":
            step.setdefault("by", str(event.data.get("by", "")))
    return {name: _Step(**step) for name, step in seen.items()}  # type: ignore[arg-type] # keys are its fields


def _seconds(begin: int | None, end: int | None) -> float | None:
    return None if begin is None or end is None else round((end - begin) / 1e9, 3)
