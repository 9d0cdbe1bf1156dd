"""The checks: one file each, pure functions over stored evidence.

``check(evidence, marks) -> Finding``. A check opens no socket, reads no clock, and raises `results.evidence.Unusable` where the
evidence cannot answer; the judge makes that inconclusive. `CHECKS` is in the order in which findings are shown.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable

from results.checks import (
    alert_delivery,
    authenticity,
    availability_slo,
    backlog,
    cleanliness,
    corruption,
    data_loss,
    dns_convergence,
    duplicates,
    failback,
    generator_health,
    injection_receipt,
    isolation,
    journal,
    latency_slo,
    monitor_detection,
    monitor_truth,
    people,
    privacy,
    reconnection,
    recovery_time,
    residency,
    split_brain,
    tools_takeover,
    traffic_drain,
)
from results.evidence import Evidence
from results.finding import Finding
from results.marks import Marks

Check = Callable[[Evidence, Marks], Finding]

CHECKS: dict[str, Check] = {
    "injection-receipt": injection_receipt.check,
    "journal": journal.check,
    "generator-health": generator_health.check,
    "recovery-time": recovery_time.check,
    "data-loss": data_loss.check,
    "duplicates": duplicates.check,
    "corruption": corruption.check,
    "authenticity": authenticity.check,
    "split-brain": split_brain.check,
    "failback": failback.check,
    "people": people.check,
    "dns-convergence": dns_convergence.check,
    "traffic-drain": traffic_drain.check,
    "latency-slo": latency_slo.check,
    "availability-slo": availability_slo.check,
    "isolation": isolation.check,
    "reconnection": reconnection.check,
    "backlog": backlog.check,
    "monitor-detection": monitor_detection.check,
    "monitor-truth": monitor_truth.check,
    "alert-delivery": alert_delivery.check,
    "tools-takeover": tools_takeover.check,
    "privacy": privacy.check,
    "residency": residency.check,
    "cleanliness": cleanliness.check,
}

# asked only by drills that are about it: the tools cluster is lost, the lost site comes back, people are asked, and so on
_BY_NAME = frozenset({"isolation", "tools-takeover", "failback", "people", "authenticity", "reconnection", "backlog"})
ALWAYS = ("journal", "generator-health", "privacy", "residency", "cleanliness")


class UnknownCheck(ValueError):
    """Names the nearest valid spelling."""


def check_names(names: list[str] | None) -> None:
    """Refuses a plan that asks for a check that there is not. Raises UnknownCheck."""
    for name in names or []:
        if name not in CHECKS:
            near = difflib.get_close_matches(name, CHECKS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(CHECKS)}"
            raise UnknownCheck(f"check {name!r}: unknown; {hint}")


def asked(names: list[str] | None) -> dict[str, Check]:
    """The checks of a plan in their order: those it names, and those that are always asked. None: those of a site loss."""
    wanted = [name for name in CHECKS if name not in _BY_NAME] if names is None else [*names, *ALWAYS]
    return {name: check for name, check in CHECKS.items() if name in wanted}
