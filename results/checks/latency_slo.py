"""Did acknowledgements come quickly enough, from the intended time, before the fault and after the recovery?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from results.checks.generator_health import UNDER_WAY_NS, lag_p99_ms
from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import Marks

NAME = "latency-slo"
_Z = 1.96
_LEAST = 100


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          in both phases, the worse end of each quantile's 95 % interval is within its objective
    fail          some quantile is above, in a phase in which the load generator was not late itself, or is never reached
    inconclusive  it was late, and a quantile is above: latency counts from the intended time, so that part of it is the
                  generator's; or a phase has fewer readings than a quantile needs

    measured: by phase (steady; recovered: from t_rest + H, when it has proved to hold, to the end of the load):
              each quantile in ms (worse end of its interval),
              readings, unacknowledged (counted as infinitely late), lag_p99_ms (only where that is the reason)
    """
    want = evidence.plan.objectives.latency_ms
    objective: dict[str, Value] = {f"{name}_ms": limit for name, limit in want.items()}
    phases = windows(evidence, marks)
    measured: dict[str, Value] = {}
    late, doubtful, few = [], [], []
    for phase, (begin, end) in phases.items():
        looked = _look(evidence, phase, (begin, end), want)
        few += looked.few
        if looked.reached and (lag_ms := lag_p99_ms(evidence, begin, end)) > evidence.plan.objectives.lag_p99_ms:
            looked.shown["lag_p99_ms"] = round(lag_ms, 3)
            doubtful.append(f"{', '.join(looked.above)}, but its generator began late itself (lag p99 {lag_ms:.1f} ms)")
        else:
            late += looked.above
        measured[phase] = looked.shown
    if late:
        return Finding(NAME, Verdict.FAIL, "; ".join([*late, *doubtful]), measured, objective)
    if doubtful:
        return Finding(NAME, Verdict.INCONCLUSIVE, "; ".join(doubtful), measured, objective)
    if few or "recovered" not in phases:
        why = "too few readings: " + "; ".join(few) if few else "no fault took effect, so there is no time after it"
        return Finding(NAME, Verdict.INCONCLUSIVE, why, measured, objective)
    parts = (f"{phase} p99 {values.get('p99_ms')} ms" for phase, values in measured.items() if isinstance(values, dict))
    return Finding(NAME, Verdict.PASS, ", ".join(parts), measured, objective)


@dataclass
class _Looked:
    """At one phase. `above`: quantiles that are; `reached`: there are some, and each was; `few`: those with too few readings."""

    shown: dict[str, Value]
    above: list[str]
    reached: bool
    few: list[str]


def _look(evidence: Evidence, phase: str, window: tuple[int, int], want: Mapping[str, float]) -> _Looked:
    readings, unacknowledged = evidence.row(
        "SELECT count(*), count(*) FILTER (t_ack IS NULL) FROM operations WHERE t_intended >= ? AND t_intended < ?",
        *window,
    )
    looked = _Looked({"readings": readings, "unacknowledged": unacknowledged}, [], False, [])
    worst = 0.0
    for name, limit in want.items():
        rank = _worse_rank(readings, float(name.removeprefix("p")) / 100)
        if rank is None:
            looked.few.append(f"{phase} {name}: {readings} readings")
            continue
        value = _at_rank(evidence, *window, rank, readings - unacknowledged)
        reached = not math.isinf(value)
        looked.shown[f"{name}_ms"] = round(value, 2) if reached else None
        if value > limit:
            worst = max(worst, value)
            shown = f"{value:.0f} ms" if reached else "never"
            looked.above.append(f"{phase} {name} {shown} (objective {limit:g} ms)")
    looked.reached = bool(looked.above) and not math.isinf(worst)
    return looked


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
