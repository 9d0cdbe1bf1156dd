"""What 1,000 acknowledged uploads take, and, where somebody gave prices, cost: at two sites and at one."""

from __future__ import annotations

from dashboards.report.model import CostOf, Costs, Expense, Missing, Resource
from dashboards.report.part import NotThere
from results.checks.latency_slo import windows
from results.comparison.cost import cost
from results.comparison.figures import PER
from results.comparison.prices import Prices
from results.comparison.resources import Used, used
from results.evidence import Evidence
from results.marks import Marks

_COLUMNS = ("cpu_s", "memory_gb_s", "out_gb", "stored_gb")


def expense(evidence: Evidence, marks: Marks, prices: Prices | None) -> Expense:
    """Raises NotThere where nothing was recorded or acknowledged, and Unusable."""
    spans = {phase: span for phase, span in windows(evidence, marks).items() if span[1] > span[0]}
    found = {phase: used(evidence, "services", *span) for phase, span in spans.items()}
    found = {phase: each for phase, each in found.items() if each.uploads.sum() > 0}
    resources = [Resource(name=name, phases={p: _per(each, name) for p, each in found.items()}) for name in _COLUMNS]
    if not any(value is not None for each in resources for value in each.phases.values()):
        raise NotThere(
            "evidence", "samples.parquet: nothing about processor, memory or traffic of the target's services"
        )
    return Expense(
        resources=resources,
        gaps={phase: each.gap for phase, each in found.items() if each.gap},
        cost=_costs(found, prices) if prices is not None else Missing(reason="no-prices"),
    )


def _per(of: Used, name: str) -> float | None:
    column = getattr(of, name)
    return None if column is None else round(float(column.sum()) / float(of.uploads.sum()) * PER, 6)


def _costs(found: dict[str, Used], prices: Prices) -> Costs:
    phases = []
    for phase, each in found.items():
        made, _ = cost(phase, each, prices, 0)
        phases.append(CostOf(phase=phase, value=made.value, low=made.low, high=made.high, without=made.without))
    return Costs(currency=prices.currency, prices=prices.name, date=prices.date.isoformat(), phases=phases)
