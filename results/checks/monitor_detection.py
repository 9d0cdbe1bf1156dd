"""Did the monitors that must see the fault notice it, and how fast? (definitions 6.3: misses are counted)."""

from __future__ import annotations

from results.checks.monitors import alerts, looks, lost_place
from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import MAIN, Marks

NAME = "monitor-detection"


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          every monitor that must see the fault, outside the lost site, alarmed after t0, the fastest within the objective
    fail          one stayed silent, or the fastest was too slow
    inconclusive  no fault, nothing that patients could notice in a drill of their service, no look of such a monitor,
                  or all their alarms were on before t0

    measured: ttd_s (by monitor; null: missed), fastest_s, misses, on_before (alarm on at t0 already: neither noticed nor missed)
    """
    fault, want = evidence.plan.fault, evidence.plan.objectives.monitor_ttd_s
    objective: dict[str, Value] = {"fastest_s": want, "misses": 0}
    lost = lost_place(evidence)
    looked = [each for each in looks(evidence, marks) if each.site != lost]
    standing = [f"{each.monitor}@{each.site}" for each in looked if each.monitor in fault.seen_by]
    unmarked = "no fault took effect" if marks.t0 is None else ""
    if marks.t_imp is None and fault.takeover == MAIN:
        unmarked = unmarked or "no reading missed its deadline"
    if unmarked or marks.t0 is None:
        return Finding(NAME, Verdict.INCONCLUSIVE, f"{unmarked}, so there was nothing to notice", {}, objective)
    absent = [name for name in fault.seen_by if not any(each.startswith(f"{name}@") for each in standing)]
    if absent or not standing:
        place = f"outside {lost}" if lost else "anywhere"
        why = f"no look of {', '.join(absent) or 'any monitor that must see this'} {place}"
        return Finding(NAME, Verdict.INCONCLUSIVE, why, {}, objective)
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
        why = f"{', '.join(missed)} stayed silent about {fault.name}"
        return Finding(NAME, Verdict.FAIL, why, measured, objective)
    slow = fastest is not None and fastest > want
    shown = ", ".join(f"{name} {value:.1f} s" for name, value in ttd.items() if isinstance(value, float))
    why = f"noticed after: {shown} (fastest at most {want:g} s)"
    return Finding(NAME, Verdict.FAIL if slow else Verdict.PASS, why, measured, objective)
