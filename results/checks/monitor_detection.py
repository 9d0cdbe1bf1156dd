"""Did the monitors notice that patients were without service, and how fast? (definitions 6.3: misses are counted)."""

from __future__ import annotations

from results.checks.monitors import OF_THE_SERVICE, alerts, looks
from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import Marks

NAME = "monitor-detection"


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          every monitor of the service outside the lost site alarmed after t0, the fastest within the objective
    fail          one stayed silent while patients' readings missed their deadline, or the fastest was too slow
    inconclusive  no fault, no reading missed its deadline, no look of such a monitor, or all their alarms were on before t0

    measured: ttd_s (by monitor; null: missed), fastest_s, misses, on_before (alarm on at t0 already: neither noticed nor missed)
    """
    want = evidence.plan.objectives.monitor_ttd_s
    objective: dict[str, Value] = {"fastest_s": want, "misses": 0}
    lost = evidence.plan.fault.site
    standing = [
        f"{each.monitor}@{each.site}"
        for each in looks(evidence, marks)
        if each.monitor in OF_THE_SERVICE and each.site != lost
    ]
    if marks.t0 is None or marks.t_imp is None:
        why = "no fault took effect" if marks.t0 is None else "no reading missed its deadline"
        return Finding(NAME, Verdict.INCONCLUSIVE, f"{why}, so there was nothing to notice", {}, objective)
    if not standing:
        return Finding(NAME, Verdict.INCONCLUSIVE, f"no monitor of the service outside {lost}", {}, objective)
    raised = alerts(evidence)
    on_before = sorted(
        f"{alert.monitor}@{alert.site}"
        for alert in raised
        if alert.raised_ns < marks.t0 and (alert.cleared_ns is None or alert.cleared_ns > marks.t0)
    )
    ttd: dict[str, Value] = {name: None for name in standing if name not in on_before}
    if not ttd:
        why = f"the alarms of {', '.join(on_before)} were on before the fault"
        return Finding(NAME, Verdict.INCONCLUSIVE, why, {"on_before": list(on_before)}, objective)
    for alert in raised:
        name = f"{alert.monitor}@{alert.site}"
        if name in ttd and ttd[name] is None and alert.raised_ns >= marks.t0:
            ttd[name] = round((alert.raised_ns - marks.t0) / 1e9, 3)
    seen = [value for value in ttd.values() if isinstance(value, float)]
    missed = [name for name, value in ttd.items() if value is None]
    fastest = min(seen, default=None)
    measured: dict[str, Value] = {
        "ttd_s": ttd,
        "fastest_s": fastest,
        "misses": len(missed),
        "on_before": list(on_before),
    }
    if missed:
        why = f"{', '.join(missed)} stayed silent while patients were without service"
        return Finding(NAME, Verdict.FAIL, why, measured, objective)
    slow = fastest is not None and fastest > want
    shown = ", ".join(f"{name} {value:.1f} s" for name, value in ttd.items() if isinstance(value, float))
    why = f"noticed after: {shown} (fastest at most {want:g} s)"
    return Finding(NAME, Verdict.FAIL if slow else Verdict.PASS, why, measured, objective)
