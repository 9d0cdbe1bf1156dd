"""Which figures are compared, which way is better, and how much worse is tolerated (``comparison`` of the plan)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from results.checks import asked
from results.plan import Plan

PHASES = ("steady", "recovered")


@dataclass(frozen=True)
class Metric:
    """A figure as it is compared.

    share, floor  tolerance: the larger of a share of the baseline and a floor in `unit`
    optional      left out, by name, where neither run recorded it; any other figure that is missing keeps the verdict from green
    """

    name: str
    unit: str
    share: float = 0
    floor: float = 0
    lower_is_better: bool = True
    optional: bool = False

    def margin(self, baseline: float) -> float:
        """How much worse than this baseline is tolerated, in `unit`."""
        return max(self.share * abs(baseline), self.floor)


def metrics(plan: Plan) -> list[Metric]:
    """The figures that a drill of this plan is compared by, in the order in which they are shown.

    What no check of the drill asks for is not compared either: a drill without a takeover has no recovery time.
    """
    checks = asked(plan.checks)
    made: list[Metric] = []
    if "recovery-time" in checks:
        made.append(_single(plan, "rta_s"))
    if "data-loss" in checks:
        made += [Metric("uploads_lost", ""), Metric("rpo_s", "s")]
    if "duplicates" in checks:
        made.append(Metric("uploads_duplicated", ""))
    phases = PHASES if "latency-slo" in checks else PHASES[:1]
    want = plan.comparison
    if "availability-slo" in checks:
        made.append(Metric("availability", "", floor=want.availability, lower_is_better=False))
    for phase in phases:
        made.append(Metric(f"availability/{phase}", "", floor=want.availability_calm, lower_is_better=False))
    for phase in phases:
        made += _latency(plan, phase)
    if "dns-convergence" in checks:
        made.append(_single(plan, "dns_t95_s"))
    made.append(_single(plan, "ttd_s", optional=True))
    if "monitor-detection" in checks:
        made.append(_single(plan, "monitor_ttd_s", optional=True))
    made.append(Metric("generator_lag_p99_ms", "ms", floor=want.lag_floor_ms))
    for phase in phases:
        for who in ("services", "generator"):
            for name, unit in (("cpu_s", "s"), ("memory_gb_s", "GB s"), ("out_gb", "GB")):
                made.append(Metric(f"{who}_{name}/{phase}", unit, share=want.resources, optional=True))
    return made


def _single(plan: Plan, name: str, *, optional: bool = False) -> Metric:
    want = plan.comparison
    return Metric(name, "s", share=want.seconds, floor=want.seconds_floor_s, optional=optional)


def _latency(plan: Plan, phase: str) -> Iterator[Metric]:
    want = plan.comparison
    for name, share in want.latency.items():
        yield Metric(f"latency_{name}_ms/{phase}", "ms", share=share, floor=want.latency_floor_ms)
    for place in sorted(plan.load.distances):
        for name, share in want.latency.items():
            if name in want.by_distance:
                yield Metric(f"latency_{name}_ms/{phase}/{place}", "ms", share=share, floor=want.latency_floor_ms)
