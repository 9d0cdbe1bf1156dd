"""What there is to run: every drill with its fault, what that needs of a target, and how long the load lasts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chaos import faults
from results.plan import Plan
from results.plan_file import plan_of, read_experiment

_OF_WHAT_WATCHES = {"sentry", "matomo", "oncall", "pager"}
_NOTHING = "nothing is broken"
# activity of an experiment -> the phase in which it waits, at the longest
_WAITS = {
    "await-takeover": "takeover_limit_s",
    "hold-fault": "fault_s",
    "hold-recovered": "recovered_s",
    "return-site": "return_s",
    "hold-home": "home_s",
    "drain": "drain_s",
}


def catalogue(paths: Iterable[Path]) -> list[dict[str, Any]]:  # JSON values
    """One row per experiment file, in the order given. Raises BadPlan."""
    rows = []
    for path in paths:
        experiment = read_experiment(path)
        whole, quick = (plan_of(experiment, str(path), quick=each) for each in (False, True))
        names = [each["name"] for each in experiment.get("method", [])]
        rows.append(
            {
                "drill": path.stem,
                "title": experiment.get("title", ""),
                "fault": whole.fault.name,
                "does": _does(whole),
                "proof": "" if whole.fault.name == faults.NONE else faults.fault(whole.fault.name).proof,
                "needs": _needs(whole),
                "seconds": _seconds(whole, names),
                "quick_seconds": _seconds(quick, names),
            }
        )
    return rows


def _does(plan: Plan) -> str:
    if plan.fault.name == faults.NONE:
        return _NOTHING
    names = [*(condition.name for condition in plan.conditions), plan.fault.name]
    return "; ".join(dict.fromkeys(faults.fault(name).about for name in names))


def _needs(plan: Plan) -> list[str]:
    """Of the target, beside the product itself."""
    needs = ["a second site that takes over"] if plan.fault.takeover != "none" else []
    services = {plan.fault.service, *(condition.service for condition in plan.conditions)}
    tools = plan.fault.takeover == "tools" or services & _OF_WHAT_WATCHES or "deployment" in plan.fault.seen_by
    needs += ["the cluster that watches"] if tools else []
    return [*needs, *(["somebody to ask"] if plan.people else [])]


def _seconds(plan: Plan, activities: list[str]) -> int:
    """The longest that the load lasts; bringing the lab up and judging come on top."""
    phases = plan.phases
    waits = sum(float(getattr(phases, _WAITS[name])) for name in activities if name in _WAITS)
    return round(phases.warm_up_s + phases.steady_s + waits)
