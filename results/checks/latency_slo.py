"""Did acknowledgements come quickly enough, from the intended time, before the fault and after the recovery?"""

from __future__ import annotations

import math

from results.checks.generator_health import UNDER_WAY_NS
from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import Marks

NAME = "latency-slo"
_Z = 1.96
_LEAST = 100


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          in both phases, the worse end of each quantile's 95 % interval is within its objective
    fail          some quantile is above
    inconclusive  a phase has fewer readings than a quantile needs

    measured: by phase (steady; recovered: from t_rest + H, when it has proved to hold, to the end of the load):
              each quantile in ms (worse end of its interval),
              readings, unacknowledged (counted as infinitely late)
    """
    want = evidence.plan.objectives.latency_ms
    objective: dict[str, Value] = {f"{name}_ms": limit for name, limit in want.items()}
    phases = windows(evidence, marks)
    measured: dict[str, Value] = {}
    late, few = [], []
    for phase, (begin, end) in phases.items():
        readings, unacknowledged = evidence.row(
            "SELECT count(*), count(*) FILTER (t_ack IS NULL) FROM operations WHERE t_intended >= ? AND t_intended < ?",
            begin,
            end,
        )
        shown: dict[str, Value] = {"readings": readings, "unacknowledged": unacknowledged}
        for name, limit in want.items():
            rank = _worse_rank(readings, float(name.removeprefix("p")) / 100)
            if rank is None:
                few.append(f"{phase} {name}: {readings} readings")
                continue
            value = _at_rank(evidence, begin, end, rank, readings - unacknowledged)
            shown[f"{name}_ms"] = None if math.isinf(value) else round(value, 2)
            if value > limit:
                late.append(
                    f"{phase} {name} {'never' if math.isinf(value) else f'{value:.0f} ms'} (objective {limit:g} ms)"
                )
        measured[phase] = shown
    if late:
        return Finding(NAME, Verdict.FAIL, "; ".join(late), measured, objective)
    if few or "recovered" not in phases:
        why = "too few readings: " + "; ".join(few) if few else "no fault took effect, so there is no time after it"
        return Finding(NAME, Verdict.INCONCLUSIVE, why, measured, objective)
    parts = (f"{phase} p99 {values.get('p99_ms')} ms" for phase, values in measured.items() if isinstance(values, dict))
    return Finding(NAME, Verdict.PASS, ", ".join(parts), measured, objective)


def windows(evidence: Evidence, marks: Marks) -> dict[str, tuple[int, int]]:
    """Begin and end in ns of what is looked at in "steady" and, where a fault took effect, "recovered". Raises Unusable."""
    begin, end = evidence.phase("steady")
    phases = {"steady": (begin, end - UNDER_WAY_NS)}
    if marks.t0 is not None and marks.observed_ns is not None:
        begin, _ = evidence.phase("recovered")
        held = marks.t_rest + int(evidence.plan.objectives.restored_hold_s * 1e9) if marks.t_rest else begin
        phases["recovered"] = (max(begin, held), marks.observed_ns)
    return phases


def _worse_rank(n: int, q: float) -> int | None:
    """Rank of the upper end of the 95 % interval of a quantile (order statistics, normal approximation of the binomial).

    None where the sample is too small for the rank to exist.
    """
    rank = math.ceil(q * n + _Z * math.sqrt(n * q * (1 - q)))
    return rank if n >= _LEAST and rank <= n else None


def _at_rank(evidence: Evidence, begin: int, end: int, rank: int, acknowledged: int) -> float:
    """The rank-th smallest latency in ms; readings never acknowledged come last, as infinitely late."""
    if rank > acknowledged:
        return math.inf
    # quantile_disc takes the smallest value with at least that share below or at it: half a rank less avoids rounding up
    (value,) = evidence.row(
        "SELECT quantile_disc(t_ack - t_intended, ?) / 1e6 FROM operations WHERE t_ack IS NOT NULL "
        "AND t_intended >= ? AND t_intended < ?",
        *((rank - 0.5) / acknowledged, begin, end),
    )
    return float(value)
