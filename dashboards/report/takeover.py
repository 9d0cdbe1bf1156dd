"""The takeover as steps one after the other, with what people took of it: the bars of the Gantt chart."""

from __future__ import annotations

from dashboards.report.model import Step, Takeover
from dashboards.report.part import NotThere
from results.checks.convergence import SECOND
from results.evidence import Evidence
from results.finding import Finding, Value
from results.marks import MAIN, Marks

_NONE = "none"
_ORDER = ("fence", "promote", "dns", "declare")


def takeover(evidence: Evidence, marks: Marks, findings: dict[str, Finding]) -> Takeover:
    """Raises NotThere for a drill without a fault, or in which nobody must take over."""
    if evidence.plan.fault.takeover == _NONE:
        raise NotThere("no-takeover")
    if marks.t0 is None:
        raise NotThere("no-fault")
    t0 = marks.t0
    steps = [Step(name="detect", begin=0.0, end=_since(t0, marks.t_det))]
    steps += _own_steps(evidence, t0)
    api = next((step.end for step in steps if step.name == "dns" and not step.human), None)
    authoritative = _since(t0, marks.t_auth)
    steps.append(Step(name="authoritative", begin=api, end=authoritative))
    # both counted from the moment at which every authoritative server had changed
    steps += [
        Step(name=name, begin=authoritative, end=_after(authoritative, slowest), who=who)
        for name, (who, slowest) in (
            ("resolver", _slowest(findings.get("dns-convergence"))),
            ("client", _slowest(findings.get("traffic-drain"))),
        )
        if who
    ]
    steps.append(Step(name="restored", begin=_since(t0, marks.t_imp), end=_since(t0, marks.t_rest)))
    human_s = sum(
        step.end - step.begin for step in steps if step.human and step.begin is not None and step.end is not None
    )
    recovery_s = None if marks.t_imp is None or marks.t_rest is None else (marks.t_rest - marks.t_imp) / SECOND
    return Takeover(
        steps=[step for step in steps if step.begin is not None],
        human_s=round(human_s, 3),
        human_share=round(min(1.0, human_s / recovery_s), 4) if recovery_s else None,
        recovery_s=recovery_s,
    )


def _own_steps(evidence: Evidence, t0: int) -> list[Step]:
    """Those that the runbook writes down: a bar for the work, and one before it where somebody was waited for."""
    seen: dict[str, dict[str, tuple[int, str]]] = {}
    for event in evidence.of_kind("takeover.step"):
        if event.t_ns < t0 or event.data.get("cluster", MAIN) != evidence.plan.fault.takeover:
            continue
        text = str(event.data.get("by") or event.data.get("why") or "")
        seen.setdefault(event.subject, {}).setdefault(str(event.data.get("state")), (event.t_ns, text))
    steps = []
    for name in (each for each in _ORDER if each in seen):
        at = {state: (t - t0) / SECOND for state, (t, _) in seen[name].items()}
        if "waits" in at:
            who = seen[name].get("approved", (0, ""))[1]
            steps.append(Step(name=name, begin=at["waits"], end=at.get("approved"), human=True, who=who))
        failed = seen[name].get("failed", (0, ""))[1]
        ended = at.get("end", at.get("failed"))
        if ended is not None:
            steps.append(Step(name=name, begin=at.get("begin", ended), end=ended, failed=failed))
    return steps


def _slowest(finding: Finding | None) -> tuple[str, float | None]:
    """Whom it took longest until 95 % had moved, and how long; None: longer than it was watched."""
    times: Value = finding.measured.get("t95_s") if finding is not None else None
    if not isinstance(times, dict) or not times:
        return "", None
    named = {name: float(t) if isinstance(t, int | float) else None for name, t in times.items()}
    unknown = [name for name, t in named.items() if t is None]
    if unknown:
        return unknown[0], None
    return max(((name, t) for name, t in named.items() if t is not None), key=lambda each: each[1])


def _since(t0: int, t_ns: int | None) -> float | None:
    return None if t_ns is None else round((t_ns - t0) / SECOND, 3)


def _after(begin: float | None, length: float | None) -> float | None:
    return None if begin is None or length is None else begin + length
