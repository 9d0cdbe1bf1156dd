"""May this drill be run on this target? Asked before anything is done, and answered by the target's own file.

The lab may be broken at will. Elsewhere the target says how far a drill may go (`targets.model.Limits`); in production somebody
must type the name of the site that the drill breaks.
"""

from __future__ import annotations

from pathlib import Path

from chaos.faults import NONE
from drill.outside import ask_outside
from results.plan import Condition, Fault, Plan
from targets.model import Target

_ANSWERED_WITHIN_S = 45
PRODUCTION = "production"


class NotPermitted(RuntimeError):
    """One line: what the target forbids, its limit, and what the plan asks."""


def check_limits(plan: Plan, target: Target) -> None:
    """The plan within the target's limits. Raises NotPermitted."""
    limits = target.limits
    broken: list[Fault | Condition] = [*plan.conditions, *([plan.fault] if plan.fault.name != NONE else [])]
    for each in broken:
        if limits.faults is not None and each.name not in limits.faults:
            raise _beyond(target, "faults", each.name, ", ".join(limits.faults) or "none")
        if limits.sites is not None and each.site and each.site not in limits.sites:
            raise _beyond(target, "sites", each.site, ", ".join(limits.sites) or "none")
    if limits.patients is not None and plan.population.patients > limits.patients:
        raise _beyond(target, "patients", str(plan.population.patients), f"at most {limits.patients}")
    if limits.rate is not None and plan.load.rate > limits.rate:
        raise _beyond(target, "rate", f"{plan.load.rate:g} uploads/s", f"at most {limits.rate:g}")


def check_confirmation(plan: Plan, target: Target, typed: str | None) -> None:
    """In production the site that is to be broken must have been typed. Raises NotPermitted."""
    if target.environment != PRODUCTION:
        return
    wanted = plan.fault.site
    if typed is None:
        raise NotPermitted(f"target {target.name} is production: type the site that this drill breaks, with --confirm")
    if typed != wanted:
        raise NotPermitted(f"--confirm {typed!r}: is not the site that this drill breaks on target {target.name}")


def check_budget(target_file: Path, target: Target) -> None:
    """Enough error budget is left. Raises NotPermitted, also when nobody can say how much."""
    budget = target.limits.budget
    if budget is None:
        return
    if target.tools is None:
        raise NotPermitted(f"target {target.name}: limits.budget: the target has no Prometheus to ask")
    answer = ask_outside(
        target,
        "prometheus_reader",
        *("value", str(target_file), target.tools.active, budget.query),
        within_s=_ANSWERED_WITHIN_S,
    )
    if "value" not in answer:
        raise NotPermitted(f"target {target.name}: error budget unknown: {answer.get('error', 'no answer')}")
    if answer["value"] < budget.at_least:
        left, limit = f"{answer['value']:.1%}", f"{budget.at_least:.0%}"
        raise NotPermitted(f"target {target.name}: {left} of the error budget left (limits.budget.at_least: {limit})")


def _beyond(target: Target, key: str, asked: str, allowed: str) -> NotPermitted:
    return NotPermitted(f"target {target.name}: {asked}: not allowed (limits.{key}: {allowed})")
