"""Did patients notice a fault that is none of theirs? What watches the product may fail; the product must not suffer."""

from __future__ import annotations

import math

from results.checks.generator_health import UNDER_WAY_NS
from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import Marks

NAME = "isolation"
_Z = 1.96
_LEAST = 100


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          from t0 to the end of the fault (or of the load) readings were on time, latency stayed within its factor
    fail          more readings late or lost than the objective allows, or a quantile grew: the lower end of its interval during
                  the fault is above the upper end of its interval before, times the objective's factor
    inconclusive  no fault, or too few readings before or during it

    measured: by phase (before, during): readings, bad (not acknowledged within the deadline), each quantile in ms as
              [lower end, upper end] of its 95 % interval (order statistics)
    """
    want = evidence.plan.objectives
    objective: dict[str, Value] = {
        "bad_ratio": want.isolation_bad_ratio,
        **{f"{name}_factor": factor for name, factor in want.isolation_latency.items()},
    }
    if marks.t0 is None or marks.observed_ns is None:
        return Finding(NAME, Verdict.INCONCLUSIVE, "no fault took effect, so nobody could notice", {}, objective)
    begin, end = evidence.phase("steady")
    # a reading that was due before the fault, and under way when it came, is one of those during it
    before = _seen(evidence, begin, min(end, marks.t0) - UNDER_WAY_NS)
    during = _seen(evidence, min(end, marks.t0) - UNDER_WAY_NS, marks.t_lifted or marks.observed_ns)
    measured: dict[str, Value] = {"before": before, "during": during}
    readings, bad = _count(during, "readings"), _count(during, "bad")
    if min(readings, _count(before, "readings")) < _LEAST:
        why = (
            f"{_count(before, 'readings')} readings before and {readings} during the fault (at least {_LEAST} of each)"
        )
        return Finding(NAME, Verdict.INCONCLUSIVE, why, measured, objective)
    wrong = []
    if bad > want.isolation_bad_ratio * readings:
        wrong.append(
            f"{bad} of {readings} readings were not on time during the fault (limit {want.isolation_bad_ratio:.2%})"
        )
    for name, factor in want.isolation_latency.items():
        was, now = _interval(before, name), _interval(during, name)
        if was is None or now is None:
            continue
        if now[0] > was[1] * factor:
            wrong.append(
                f"{name} grew from {was[1]:.0f} ms to {now[0]:.0f} ms, the near ends of both intervals (limit {factor:g} x)"
            )
    if wrong:
        return Finding(NAME, Verdict.FAIL, "; ".join(wrong), measured, objective)
    why = f"{readings} readings during the fault, {bad} not on time; latency within its interval times the limit"
    return Finding(NAME, Verdict.PASS, why, measured, objective)


def _seen(evidence: Evidence, begin: int, end: int) -> dict[str, Value]:
    want = evidence.plan.objectives
    readings, good, acknowledged = evidence.row(
        "SELECT count(*), count(*) FILTER (t_ack <= t_intended + ?), count(t_ack) FROM operations "
        "WHERE t_intended >= ? AND t_intended < ?",
        *(int(want.deadline_s * 1e9), begin, end),
    )
    shown: dict[str, Value] = {"readings": readings, "bad": readings - good}
    for name in want.isolation_latency:
        ends = _ends(evidence, begin, end, acknowledged, float(name.removeprefix("p")) / 100)
        shown[name] = list(ends) if ends is not None else None
    return shown


def _ends(evidence: Evidence, begin: int, end: int, n: int, q: float) -> tuple[float, float] | None:
    """The 95 % interval of a quantile by order statistics (normal approximation of the binomial); None: too few."""
    spread = _Z * math.sqrt(n * q * (1 - q))
    low, high = math.floor(q * n - spread), math.ceil(q * n + spread)
    if n < _LEAST or low < 1 or high > n:
        return None
    lower, upper = evidence.row(
        "SELECT quantile_disc(t_ack - t_intended, ?) / 1e6, quantile_disc(t_ack - t_intended, ?) / 1e6 FROM operations "
        "WHERE t_ack IS NOT NULL AND t_intended >= ? AND t_intended < ?",
        *((low - 0.5) / n, (high - 0.5) / n, begin, end),
    )
    return round(float(lower), 2), round(float(upper), 2)


def _count(seen: dict[str, Value], name: str) -> int:
    value = seen[name]
    return value if isinstance(value, int) else 0


def _interval(seen: dict[str, Value], name: str) -> tuple[float, float] | None:
    value = seen.get(name)
    if not isinstance(value, list):
        return None
    low, high = value
    return (float(low), float(high)) if isinstance(low, int | float) and isinstance(high, int | float) else None
