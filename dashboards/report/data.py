"""From the stored evidence of a run to the one object of its report. Reads, judges again, writes nothing."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from dashboards.report import audit, expense, flows, happenings, lights, patients, saturation, takeover, watching
from dashboards.report.model import Check, Cleanliness, Missing, Report
from dashboards.report.part import NotThere, part, said
from results.comparison.prices import Prices
from results.evidence import Evidence, Unusable
from results.finding import Finding, Verdict
from results.judge import EVIDENCE, Judgement, judge_evidence
from results.marks import Marks
from results.plan import Plan
from results.plan_file import BadPlan, read_experiment

_OF_A_SITE = ("site-loss", "site-cut")
_OF_THE_HEADLINE = ("patients", "uploads_intended", "uploads_acknowledged", "uploads_lost", "rta_s", "availability")


def make_data(run: Path, prices: Prices | None = None) -> Report:
    """Never raises because of the evidence: what it does not have is said in its place."""
    with Evidence(run) as evidence:
        judgement = _judged(evidence)
        marks, findings = judgement.marks, {finding.name: finding for finding in judgement.findings}
        verdicts = {name: finding.verdict for name, finding in findings.items()}
        plan = _plan(evidence)
        origin = marks.t0 or _first_reading(evidence) or 0
        served = findings.get("availability-slo")
        touched = part(partial(patients.affected, evidence, marks))
        head = {name: patients.figure(judgement.headline.get(name)) for name in _OF_THE_HEADLINE}
        return Report(
            run=run.name,
            drill=judgement.drill,
            title=_title(run),
            seed=judgement.seed,
            verdict=judgement.verdict,
            origin_ns=origin or None,
            t0_ns=marks.t0,
            lost_site=plan.fault.site if plan else "",
            survivor=plan.fault.survivor if plan else "",
            loses_site=plan is not None and plan.fault.name in _OF_A_SITE,
            patients=head["patients"],
            intended=head["uploads_intended"],
            acknowledged=head["uploads_acknowledged"],
            damage=_damage(findings),
            checks=[Check.model_validate(_check(finding)) for finding in judgement.findings],
            promises=patients.promises(judgement, plan.objectives if plan else None, _known(touched)),
            worst_patients_s=patients.measured(served, "worst_patients_s"),
            availability=head["availability"],
            trend=part(lambda: patients.trend(run, judgement, evidence.plan.objectives)),
            distances=part(partial(patients.distances, evidence, marks)),
            expense=part(partial(expense.expense, evidence, marks, prices)),
            lights=lights.lights(verdicts),
            timeline=part(partial(happenings.timeline, evidence, marks, origin)),
            takeover_steps=part(partial(takeover.takeover, evidence, marks, findings)),
            drain=part(partial(flows.drain, evidence, marks, findings)),
            writers=part(partial(flows.writers, evidence, marks, origin)),
            heat=part(partial(flows.heat, evidence, origin)),
            monitors=part(partial(watching.monitors, evidence, marks, origin, findings)),
            burns=part(partial(watching.burns, evidence, marks, origin)),
            saturation=part(partial(saturation.saturation, evidence, origin)),
            cleanliness=part(lambda: _cleanliness(evidence, findings)),
            audit=audit.audit(run, evidence, verdicts),
        )


def _known(touched: tuple[int, int] | Missing) -> tuple[int, int] | None:
    """Where it is missing the check on availability says why."""
    return None if isinstance(touched, Missing) else touched


def _judged(evidence: Evidence) -> Judgement:
    """A run out of a stranger's hands may hold what no check has thought of: then that is the finding."""
    try:
        return judge_evidence(evidence)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, OSError) as error:
        finding = Finding(EVIDENCE, Verdict.INCONCLUSIVE, f"the run cannot be judged: {said(error)}")
        return Judgement(evidence.run.name, "unknown", None, Verdict.INCONCLUSIVE, (finding,), Marks(), {})


def _plan(evidence: Evidence) -> Plan | None:
    try:
        return evidence.plan
    except Unusable:
        return None  # said under `damage`


def _first_reading(evidence: Evidence) -> int | None:
    try:
        (first,) = evidence.row("SELECT min(t_intended) FROM operations")
    except Unusable:
        return None  # the parts that need readings say why there are none
    return None if first is None else int(first)


def _title(run: Path) -> str:
    try:
        return str(read_experiment(run / "plan.yaml").get("title", ""))
    except BadPlan:
        return ""  # said under `damage`


def _damage(findings: dict[str, Finding]) -> list[str]:
    """What keeps the evidence from being whole: the manifest's remarks, and what checks could not read."""
    said_so = [f.why for f in findings.values() if f.name in (EVIDENCE, "marks") and f.verdict is not Verdict.PASS]
    unread = {f.why.partition(": ")[2] for f in findings.values() if f.why.startswith("the evidence cannot say: ")}
    return [*said_so, *sorted(unread)]


def _check(finding: Finding) -> dict[str, object]:
    names = ("name", "verdict", "why", "measured", "objective")
    return {name: getattr(finding, name) for name in names}


def _cleanliness(evidence: Evidence, findings: dict[str, Finding]) -> Cleanliness:
    if "cleanliness" not in findings:
        raise NotThere("not-asked")
    finding = findings["cleanliness"]
    owed, settled = (finding.measured.get(name) for name in ("owed", "settled"))
    left = [str(each) for event in evidence.of_kind("tidy") for each in event.data.get("left_behind", [])]
    return Cleanliness(
        owed=owed if isinstance(owed, int) else None,
        settled=settled if isinstance(settled, int) else None,
        left=left,
        verdict=finding.verdict,
        why=finding.why,
    )
