"""The checks: one file each, pure functions over stored evidence.

``check(evidence, marks) -> Finding``. A check opens no socket, reads no clock, and raises `results.evidence.Unusable` where the
evidence cannot answer; the judge makes that inconclusive. `CHECKS` is in the order in which findings are shown.
"""

from __future__ import annotations

from collections.abc import Callable

from results.checks import (
    availability_slo,
    cleanliness,
    corruption,
    data_loss,
    dns_convergence,
    duplicates,
    generator_health,
    injection_receipt,
    journal,
    latency_slo,
    monitor_detection,
    monitor_truth,
    privacy,
    recovery_time,
    residency,
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
    "dns-convergence": dns_convergence.check,
    "traffic-drain": traffic_drain.check,
    "latency-slo": latency_slo.check,
    "availability-slo": availability_slo.check,
    "monitor-detection": monitor_detection.check,
    "monitor-truth": monitor_truth.check,
    "privacy": privacy.check,
    "residency": residency.check,
    "cleanliness": cleanliness.check,
}
