"""From stored evidence to the verdict: every check, merged; the same evidence gives the same bytes."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from results.checks import Check, asked
from results.evidence import Evidence, Unusable
from results.finding import Finding, Value, Verdict, merge
from results.manifest import damaged
from results.marks import Marks, find_marks
from results.workers import for_those_left

SCHEMA = "zweitherz/verdict/1"
EVIDENCE = "evidence"
_MARKS = ("t0", "t_imp", "t_det", "t_auth", "t_rest")


@dataclass(frozen=True)
class Judgement:
    """The verdict of a run, its findings in order, its marks and headline figures."""

    run: str
    drill: str
    seed: int | None
    verdict: Verdict
    findings: tuple[Finding, ...]
    marks: Marks
    headline: dict[str, Value]

    def as_json(self) -> dict[str, Any]:
        """The content of ``verdict.json`` (design, section 3)."""
        marks = asdict(self.marks)
        return {
            "schema": SCHEMA,
            "run": self.run,
            "drill": self.drill,
            "seed": self.seed,
            "verdict": self.verdict.value,
            "exit_code": self.verdict.exit_code,
            "headline": self.headline,
            "marks": {name: marks[name] for name in (*_MARKS, "t_cmd", "t_decl", "observed_ns")},
            "checks": [
                {
                    "name": finding.name,
                    "verdict": finding.verdict.value,
                    "why": finding.why,
                    "measured": dict(finding.measured),
                    "objective": dict(finding.objective),
                    "minimum_evidence": dict(finding.minimum_evidence),
                }
                for finding in self.findings
            ],
        }

    def to_bytes(self) -> bytes:
        """``verdict.json`` byte for byte."""
        return json.dumps(self.as_json(), indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def judge(run: Path) -> Judgement:
    """Judge a run by its evidence. Never raises because of the evidence: what cannot be answered is inconclusive."""
    with Evidence(run) as evidence:
        return judge_evidence(evidence)


def judge_evidence(evidence: Evidence) -> Judgement:
    """The same of evidence that is open, and stays open: who draws it too, reads a long history only once."""
    run = evidence.run
    findings = [_integrity(run)]
    try:
        marks = find_marks(evidence)
    except Unusable as error:
        marks = Marks()
        findings.append(Finding("marks", Verdict.INCONCLUSIVE, f"no time marks: {error}"))
    try:
        drill, seed, wanted = evidence.plan.drill, evidence.plan.seed, evidence.plan.checks
    except Unusable:
        drill, seed, wanted = "unknown", None, None
    findings += [carry_out(name, check, evidence, marks) for name, check in asked(wanted).items()]
    headline = _headline(evidence, marks, findings)
    verdict = merge(finding.verdict for finding in findings)
    return Judgement(run.name, drill, seed, verdict, tuple(findings), marks, headline)


def carry_out(name: str, check: Check, evidence: Evidence, marks: Marks) -> Finding:
    """One check's finding; what the evidence cannot say is inconclusive."""
    try:
        return for_those_left(check(evidence, marks), evidence)
    except Unusable as error:
        return Finding(name, Verdict.INCONCLUSIVE, f"the evidence cannot say: {error}")


def _integrity(run: Path) -> Finding:
    """Is the evidence what it was when the run ended?"""
    differing = damaged(run)
    if differing:
        why = differing[0] if len(differing) == 1 else f"{differing[0]} (and {len(differing) - 1} more)"
        return Finding(EVIDENCE, Verdict.INCONCLUSIVE, why, {"differing": len(differing)}, {"differing": 0})
    return Finding(
        EVIDENCE, Verdict.PASS, "every file is as it was when the run ended", {"differing": 0}, {"differing": 0}
    )


def _headline(evidence: Evidence, marks: Marks, findings: list[Finding]) -> dict[str, Value]:
    """The figures that are shown first. None: not known."""
    by_name = {finding.name: finding.measured for finding in findings}

    def of(check: str, key: str) -> Value:
        return by_name.get(check, {}).get(key)

    latency: dict[str, Value] = {"p50": None, "p99": None}
    counts: dict[str, Value] = {"intended": None, "acknowledged": None, "patients": None, "seen": None}
    try:
        counts["patients"] = evidence.plan.population.patients
        counts["intended"], counts["acknowledged"], counts["seen"] = evidence.row(
            "SELECT count(*), count(*) FILTER (outcome = 'ok'), count(DISTINCT patient) FILTER (outcome = 'ok') FROM operations"
        )
        p50, p99 = evidence.row(
            "SELECT quantile_cont(t_ack - t_intended, 0.5) / 1e6, quantile_cont(t_ack - t_intended, 0.99) / 1e6 FROM operations"
        )
        latency = {"p50": _round(p50), "p99": _round(p99)}
    except Unusable:
        pass  # the figures stay None; the checks say why
    t95 = of("dns-convergence", "t95_s")
    return {
        "patients": counts["patients"],
        "patients_seen": counts["seen"],
        "uploads_intended": counts["intended"],
        "uploads_acknowledged": counts["acknowledged"],
        "uploads_lost": of("data-loss", "lost"),
        "uploads_duplicated": of("duplicates", "duplicated_readings"),
        "rta_s": of("recovery-time", "rta_s"),
        "rpo_s": of("data-loss", "rpo_s"),
        "rpo_records": of("data-loss", "rpo_records"),
        "ttd_s": _round((marks.t_det - marks.t0) / 1e9, 3) if marks.t_det and marks.t0 else None,
        "availability": of("availability-slo", "availability"),
        "latency_p50_ms": latency["p50"],
        "latency_p99_ms": latency["p99"],
        "dns_t95_s": t95.get("honest") if isinstance(t95, dict) else None,
        "generator_lag_p99_ms": of("generator-health", "lag_p99_ms"),
    }


def _round(value: float | None, digits: int = 2) -> float | None:
    return None if value is None else round(value, digits)


if __name__ == "__main__":  # ``python -m results.judge RUN``: its verdict.json on standard output, nothing is written
    sys.stdout.buffer.write(judge(Path(sys.argv[1])).to_bytes())
