"""Was the load generator itself healthy? Where it was the bottleneck, the service was not measured."""

from __future__ import annotations

from collections.abc import Mapping

from results.evidence import Evidence, Unusable
from results.finding import Finding, Value, Verdict
from results.marks import Marks
from results.workers import clock_error, lost_senders, named

NAME = "generator-health"
_RATE_TOLERANCE = 0.1
_HARDLY_IDLE = 0.95  # of the machine: who reads of slow uploads should know
UNDER_WAY_NS = 2_000_000_000  # what was begun in the last moments before the fault belongs to the fault


def late(measured: Mapping[str, Value], objective: Mapping[str, Value]) -> bool:
    """By what `check` found: whether the load was not what the plan asks for, because attempts began late or were too few.

    Then the machine of the generator was measured, not the service. That many attempts failed is another matter.
    """
    return _too_late(measured, objective) or _another_rate(measured, objective)


def _too_late(measured: Mapping[str, Value], objective: Mapping[str, Value]) -> bool:
    return _number(measured, "lag_p99_ms") > _number(objective, "lag_p99_ms")


def _another_rate(measured: Mapping[str, Value], objective: Mapping[str, Value]) -> bool:
    asked = _number(objective, "rate")
    return abs(_number(measured, "rate") - asked) > _RATE_TOLERANCE * asked


def _number(values: Mapping[str, Value], name: str) -> float:
    value = values.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def lag_p99_ms(evidence: Evidence, begin: int, end: int) -> float:
    """Of the load generator (dispatched - scheduled), over the attempts due in that time in ns; 0 where there was none."""
    (lag,) = evidence.row(
        "SELECT quantile_cont(t_dispatched - t_scheduled, 0.99) / 1e6 FROM attempts WHERE t_scheduled >= ? AND t_scheduled < ?",
        *(begin, end),
    )
    return float(lag or 0)


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          in the steady phase: attempts began on time, at the rate of the plan, few failed; all workers wrote their end,
                  sent by one and the same schedule, and all that they wrote is there
    inconclusive  otherwise

    measured: lag_p50_ms, lag_p99_ms   dispatched - scheduled, steady phase
              rate, patients_seen, steady_fail_ratio, tls_resumed (share of new connections), workers
              machine_busy (share; only where it was sampled): told where hardly any is left, it decides nothing
              clock_error_ms (error bound of every time figure; only where workers have clocks of their own)
    """
    plan, want = evidence.plan, evidence.plan.objectives
    begin, end = evidence.phase("steady")
    end -= UNDER_WAY_NS
    p50, p99, attempts, failed = evidence.row(
        "SELECT quantile_cont(t_dispatched - t_scheduled, 0.5) / 1e6, quantile_cont(t_dispatched - t_scheduled, 0.99) / 1e6, "
        "count(*), count(*) FILTER (outcome <> 'ok') FROM attempts WHERE t_scheduled >= ? AND t_scheduled < ?",
        *(begin, end),
    )
    begun, lost = {e.subject for e in evidence.of_kind("generator")}, lost_senders(evidence)
    if not attempts:
        why = f": {named(lost)}" if lost else ""
        raise Unusable(f"no attempt in the steady phase{why}")
    (seen,) = evidence.row("SELECT count(DISTINCT patient) FROM operations WHERE outcome = 'ok'")
    (rate,) = evidence.row(
        "SELECT count(*) / ? FROM operations WHERE t_intended >= ? AND t_intended < ?", (end - begin) / 1e9, begin, end
    )
    resumed, new = evidence.row(
        "SELECT count(*) FILTER (tls = 'resumed'), count(*) FROM attempts WHERE connection = 'new' AND outcome = 'ok'"
    )
    fail_ratio = failed / attempts
    measured: dict[str, Value] = {
        "lag_p50_ms": round(p50, 3),
        "lag_p99_ms": round(p99, 3),
        "rate": round(rate, 2),
        "patients_seen": seen,
        "steady_fail_ratio": round(fail_ratio, 6),
        "tls_resumed": round(resumed / new, 4) if new else None,
        "workers": len(begun - {each.sender for each in lost}),
    }
    objective: dict[str, Value] = {
        "lag_p99_ms": want.lag_p99_ms,
        "rate": plan.load.rate,
        "steady_fail_ratio": want.steady_fail_ratio,
    }
    error = clock_error(evidence)
    if error.ns:
        measured["clock_error_ms"] = round(error.ns / 1e6, 3)
    busy = _machine_busy(evidence, begin, end)
    if busy is not None:
        measured["machine_busy"] = round(busy, 4)
    crowded = f"; its machine was {busy:.0%} busy" if busy is not None and busy >= _HARDLY_IDLE else ""
    reasons = []
    if _too_late(measured, objective):
        reasons.append(f"lag p99 {p99:.1f} ms (limit {want.lag_p99_ms:g} ms)")
    if _another_rate(measured, objective):
        reasons.append(f"{rate:.0f} uploads/s intended (plan {plan.load.rate:g} ± {_RATE_TOLERANCE:.0%})")
    if fail_ratio > want.steady_fail_ratio:
        reasons.append(f"{fail_ratio:.2%} of the attempts failed before the fault (limit {want.steady_fail_ratio:.2%})")
    if not begun:
        reasons.append("no sender wrote that it began")
    reasons += [named(lost)] if lost else []
    reasons += _differing(evidence)
    if reasons:
        return Finding(
            NAME, Verdict.INCONCLUSIVE, "the generator: " + "; ".join(reasons) + crowded, measured, objective
        )
    why = f"lag p99 {p99:.1f} ms (limit {want.lag_p99_ms:g} ms) at {rate:.0f} uploads/s; {seen} patients seen{crowded}"
    why += f"; times of different workers are true to{error} ({error.worst})" if error.ns else ""
    return Finding(NAME, Verdict.PASS, why, measured, objective)


def _differing(evidence: Evidence) -> list[str]:
    """Schedules and numbers of rows, as the senders told them."""
    ends = [event for event in evidence.of_kind("generator") if event.data.get("state") == "end"]
    schedules = {event.data["schedule_digest"] for event in ends if "schedule_digest" in event.data}
    reasons = [f"its senders sent by {len(schedules)} different schedules"] if len(schedules) > 1 else []
    there = {
        f"sender-{worker}": count for worker, count in evidence.rows("SELECT worker, count(*) FROM history GROUP BY 1")
    }
    for event in ends:
        told, found = event.data.get("rows"), there.get(event.subject, 0)
        if told is not None and told != found:
            reasons.append(f"{event.subject} wrote {told} rows of history, {found} are there")
    return reasons


def _machine_busy(evidence: Evidence, begin: int, end: int) -> float | None:
    try:
        (busy,) = evidence.row(
            "SELECT avg(value) FROM samples WHERE source = 'loadtests' AND metric = 'machine_busy' AND t >= ? AND t < ?",
            *(begin, end),
        )
    except Unusable:
        return None
    return float(busy) if busy is not None else None
