"""Can this drill be run on this target at all? Asked before anything is done: what cannot be done is refused, never left out."""

from __future__ import annotations

from typing import Any

from chaos import faults
from chaos.drivers import Driver
from results.plan import Condition, Fault, Plan

# activity of an experiment -> operations of the driver that it uses
_OF_ACTIVITIES = {
    "await-takeover": ("takeover_steps",),
    "return-site": ("mirrored",),
    "hand-back": ("hand_over", "deployed"),
    "read-lost-volume": ("read_store",),
}


class CannotDo(ValueError):
    """One line: the fault or activity, and what the target lacks for it."""


def lacking(driver: Driver, fault: str, service: str = "", how: str = "") -> list[str]:
    """What the target lacks for a fault of the catalogue, done to that service, in that way; nothing: it can be done."""
    kind = faults.fault(fault)
    operations = (*kind.needs, *kind.needs_by_how.get(how, ()))
    lacks = (driver.lacks(operation, service or kind.deployment) for operation in operations)
    return list(dict.fromkeys(each for each in lacks if each))


def check_ability(plan: Plan, experiment: dict[str, Any], driver: Driver) -> None:
    """Every fault, condition and activity can be done there. Raises CannotDo."""
    broken: list[Fault | Condition] = [*plan.conditions, *([plan.fault] if plan.fault.name != faults.NONE else [])]
    for each in broken:
        if missing := lacking(driver, each.name, each.service, each.how):
            raise CannotDo(f"fault {each.name}: cannot be done on this target: {'; '.join(missing)}")
    names = [each["name"] for each in experiment.get("method", [])]
    operations = [(name, operation) for name in names for operation in _OF_ACTIVITIES.get(name, ())]
    if plan.takeover == "perform" and "await-takeover" in names:
        operations.append(("takeover: perform", "perform"))
    operations += [("people", each) for each in ("ask_people", "approve") if plan.people]
    for name, operation in operations:
        if missing_one := driver.lacks(operation):
            raise CannotDo(f"{name}: cannot be done on this target: {missing_one}")
