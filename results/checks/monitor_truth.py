"""Did the monitors tell the truth? Alarms without a fault, and time in which they did not look (definitions 6.3)."""

from __future__ import annotations

from results.checks.monitors import OF_THE_OTHER_SITE, alerts, looks
from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import Marks

NAME = "monitor-truth"
_GRACE_NS = (
    15_000_000_000  # after the service is back: time to the next look of each monitor, and for what still drains
)


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          every alarm was raised between t0 and the end of the disturbance, and nobody was blind for long
    fail          an alarm before t0, or after the service was back; or one that was still on at the end though it was back
                  (of monitors of the other site an alarm before t0 only: it stays lost, and they are right to say so)
    inconclusive  no look, no fault, or a monitor outside the lost site that did not look for longer than the limit

    measured: true_alarms, false_alarms, precision, never_cleared, looks, blind_s (by monitor outside the lost
              site: longest time without a look, beyond its usual pause)
    """
    want = evidence.plan.objectives.monitor_blind_s
    objective: dict[str, Value] = {"false_alarms": 0, "blind_s": want}
    lost = evidence.plan.fault.site
    looked = looks(evidence, marks)
    if marks.t0 is None:
        return Finding(NAME, Verdict.INCONCLUSIVE, "no fault took effect, so no alarm can be true", {}, objective)
    end = marks.t_rest + _GRACE_NS if marks.t_rest is not None else None
    raised = alerts(evidence)
    over = [alert for alert in raised if alert.monitor not in OF_THE_OTHER_SITE] if end is not None else []
    late = [alert for alert in over if end is not None and alert.raised_ns > end]
    false = sorted([alert for alert in raised if alert.raised_ns < marks.t0] + late, key=lambda alert: alert.raised_ns)
    stuck = [alert for alert in over if alert.cleared_ns is None and alert.site != lost]
    blind = {f"{each.monitor}@{each.site}": each.blind_s for each in looked if each.site != lost}
    measured: dict[str, Value] = {
        "true_alarms": len(raised) - len(false),
        "false_alarms": len(false),
        "precision": round(1 - len(false) / len(raised), 4) if raised else None,
        "never_cleared": len(stuck),
        "looks": sum(each.count for each in looked),
        "blind_s": dict(blind),
    }
    if false or stuck:
        first = (false or stuck)[0]
        at = (first.raised_ns - marks.t0) / 1e9
        kind = "false alarm" if false else "alarm that never cleared"
        why = f"{len(false or stuck)} {kind}(s), first {first.monitor}@{first.site} at {at:+.1f} s: {first.why}"
        return Finding(NAME, Verdict.FAIL, why, measured, objective)
    long = [name for name, seconds in blind.items() if seconds > want]
    if long or not blind:
        why = f"{', '.join(long) or 'every monitor outside ' + lost} did not look for longer than {want:g} s"
        return Finding(NAME, Verdict.INCONCLUSIVE, why, measured, objective)
    why = f"{len(raised)} alarms, all true; {measured['looks']} looks, blind for at most {max(blind.values()):.1f} s"
    return Finding(NAME, Verdict.PASS, why, measured, objective)
