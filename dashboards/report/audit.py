"""What an auditor asks of a run: was the plan fixed before, by which clock, on what, and what was *not* tested."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import JsonValue

from dashboards.report.lights import answered
from dashboards.report.model import Audit, Norm
from results.chain import BrokenChain
from results.checks import CHECKS
from results.evidence import Evidence, Unusable
from results.finding import Verdict
from results.manifest import MANIFEST, PLAN, digest, read_manifest
from results.plan import Plan
from results.plan_record import contradicts, plan_record
from results.workers import clock_error

# faults of the catalogue by the name that a plan gives them (`chaos.faults`; a test holds both against each other)
FAULTS = (
    *("site-loss", "site-cut", "database-killed", "process-killed", "private-link", "service-down", "uploads-refused"),
    *("monitors-cut", "balancer-gone", "dns-updates-refused", "name-server-stale", "dns-wrong", "certificate-expired"),
    *("release-old", "clock-ahead", "processor-short", "connections-cut", "volume-full", "mirror-behind"),
    *("api-server-gone", "quota-full"),
)
# by standard: the requirement (key of our words), and the checks that say something of it
NORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "iso22301": {
        "scenario": ("injection-receipt", "journal"),
        "objectives": ("recovery-time", "data-loss", "availability-slo"),
        "teams": ("people", "alert-delivery"),
        "no-harm": ("cleanliness",),
        "outcome": ("evidence", "generator-health"),
    },
    "iso27001": {
        "readiness": ("recovery-time", "data-loss"),
        "capacity": ("latency-slo", "traffic-drain", "dns-convergence"),
        "switch": ("split-brain", "failback"),
        "detection": ("monitor-detection", "monitor-truth", "alert-delivery"),
    },
    "bsi200-4": {
        "waz": ("recovery-time",),
        "loss": ("data-loss", "duplicates", "corruption"),
        "level": ("availability-slo", "latency-slo"),
        "return": ("failback", "cleanliness"),
        "alarm": ("alert-delivery", "people"),
    },
    "digav": {
        "place": ("residency",),
        "confidential": ("privacy", "authenticity"),
        "integrity": ("corruption", "duplicates"),
        "available": ("availability-slo", "recovery-time"),
    },
}


def audit(run: Path, evidence: Evidence, verdicts: dict[str, Verdict]) -> Audit:
    """Never raises because of the evidence: what is not there is None or empty, and `plan_record` says it of the plan."""
    plan, environment = _plan(evidence), _environment(evidence)
    record = plan_record(run)
    return Audit(
        plan_record=record,
        plan_contradicted=contradicts(record),
        plan_sha256=_digest(run / PLAN),
        manifest_sha256=_digest(run / MANIFEST),
        manifest_files=_manifest_files(run),
        objectives=_objectives(plan) if plan is not None else [],
        clock_error_ns=_clock_error(environment.get("clock_error_ns"), evidence),
        checks_not_asked=[name for name in CHECKS if name not in verdicts],
        faults_not_covered=[name for name in FAULTS if plan is None or name not in _done(plan)],
        fault=plan.fault.name if plan is not None else "",
        environment=_described(environment),
        alert_scale=plan.alerting.scale if plan is not None and (run / "rules").is_dir() else None,
        defect=_defect(environment),
        norms=[
            Norm.model_validate({"norm": norm, "requirement": f"{norm}.{name}", **answered(checks, verdicts)})
            for norm, requirements in NORMS.items()
            for name, checks in requirements.items()
        ],
    )


def _clock_error(read: Any, evidence: Evidence) -> int | None:  # a JSON value
    """Of the reading of the wall clock, or of the clocks of the load generator's hosts where they differ by more."""
    try:
        hosts = clock_error(evidence).ns
    except Unusable:
        return None  # unknown, where it cannot be said of the hosts
    known = [each for each in (read, hosts) if isinstance(each, int) and each]
    return max(known, default=read if isinstance(read, int) else None)


def _done(plan: Plan) -> set[str]:
    return {plan.fault.name, *(each.name for each in plan.conditions)}


def _plan(evidence: Evidence) -> Plan | None:
    try:
        return evidence.plan
    except Unusable:
        return None  # the check on the evidence says why


def _environment(evidence: Evidence) -> dict[str, Any]:  # JSON values
    try:
        return evidence.environment
    except Unusable:
        return {}  # said in its place


def _digest(path: Path) -> str | None:
    return digest(path) if path.is_file() else None


def _manifest_files(run: Path) -> int | None:
    try:
        return len(read_manifest(run).digests)
    except (OSError, BrokenChain):
        return None  # the check on the evidence says why


def _objectives(plan: Plan) -> list[tuple[str, JsonValue]]:
    """As the plan's file names them, in its units."""
    return list(plan.objectives.model_dump(mode="json").items())


def _described(environment: dict[str, Any]) -> list[tuple[str, str]]:  # JSON values
    """Names and values as recorded: machine, target, links, versions. What is of another kind than it should be is left out."""
    found: list[tuple[str, str]] = []
    for name in ("machine", "packages", "servers"):
        found += [(f"{name}.{key}", str(value)) for key, value in _object(environment.get(name)).items()]
    target, lab = _object(environment.get("target")), _object(environment.get("lab"))
    found += [(f"target.{key}", str(target[key])) for key in ("name", "environment", "takeover") if key in target]
    sites = target.get("sites")
    for site in map(_object, sites if isinstance(sites, list) else []):
        found.append((f"target.site.{site.get('name')}", f"{site.get('region', '?')}, {site.get('address', '?')}"))
    links = _object(lab.get("links"))
    found += [("lab.links", str(links["kind"]))] if "kind" in links else []
    for name, delay in _object(links.get("delays")).items():
        found.append((f"lab.links.{name}", f"{_object(delay).get('measured_ms')} ms"))
    options = _object(lab.get("options"))
    return [*found, *([("lab.replication", str(options["replication"]))] if "replication" in options else [])]


def _object(value: Any) -> dict[str, Any]:  # a JSON value
    """It, where it is one."""
    return value if isinstance(value, dict) else {}


def _defect(environment: dict[str, Any]) -> str:  # JSON values
    named = _object(_object(environment.get("lab")).get("options")).get("defect", "none")
    return "" if named == "none" else str(named)
