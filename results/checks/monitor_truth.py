"""Did the monitors tell the truth? Alarms without a fault, and time in which they did not look (definitions 6.3)."""

from __future__ import annotations

from results.checks.monitors import OF_THE_LOST, OF_WHAT_SERVES, READERS_OF_TOOLS, Alert, alerts, looks, lost_place
from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import MAIN, Marks

NAME = "monitor-truth"
_GRACE_NS = (
    15_000_000_000  # after the service is back: time to the next look of each monitor, and for what still drains
)
_NO_FAULT = "none"


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          every alarm was raised between t0 and the end of the disturbance, by a monitor that this fault concerns, and
                  nobody was blind for long; no runbook took over what the fault had left alone
    fail          any other alarm; one that was still on at the end though what it watches was back; a takeover that was false
    inconclusive  no look, no fault, or a monitor outside the lost site that did not look for longer than the limit

    What is raised when the drill's last phase is over is not judged: then it brings back what it has broken, and a service that
    comes back before its database says so.

    measured: true_alarms, false_alarms, precision, never_cleared, false_takeovers, looks, blind_s (by monitor outside the
              lost site: longest time in which it saw nothing, beyond its usual pause)
    """
    fault, want = evidence.plan.fault, evidence.plan.objectives.monitor_blind_s
    objective: dict[str, Value] = {"false_alarms": 0, "false_takeovers": 0, "blind_s": want}
    looked = [each for each in looks(evidence, marks) if each.site != lost_place(evidence)]
    if marks.t0 is None and fault.name != _NO_FAULT:
        return Finding(NAME, Verdict.INCONCLUSIVE, "no fault took effect, so no alarm can be true", {}, objective)
    over = max((e.t_ns for e in evidence.of_kind("phase") if e.data.get("state") == "end"), default=None)
    raised = [alert for alert in alerts(evidence) if over is None or alert.raised_ns <= over]
    false = [alert for alert in raised if not _is_true(evidence, marks, alert)]
    stuck = [alert for alert in raised if _is_stuck(evidence, marks, alert)]
    takeovers = _false_takeovers(evidence)
    measured: dict[str, Value] = {
        "true_alarms": len(raised) - len(false),
        "false_alarms": len(false),
        "precision": round(1 - len(false) / len(raised), 4) if raised else None,
        "never_cleared": len(stuck),
        "false_takeovers": len(takeovers),
        "looks": sum(each.count for each in looked),
        "blind_s": {f"{each.monitor}@{each.site}": each.blind_s for each in looked},
    }
    wrong = [f"the {cluster} cluster was taken over without need" for cluster in takeovers]
    for kind, alarms in (("false alarm(s)", false), ("alarm(s) that never cleared", stuck)):
        if alarms:
            at = f" at {(alarms[0].raised_ns - marks.t0) / 1e9:+.1f} s" if marks.t0 is not None else ""
            first = f"{alarms[0].monitor}@{alarms[0].site}{at}: {alarms[0].why}"
            wrong.append(f"{len(alarms)} {kind}, first {first}")
    if wrong:
        return Finding(NAME, Verdict.FAIL, "; ".join(wrong), measured, objective)
    limits = {f"{each.monitor}@{each.site}": _limit_s(evidence, marks, each.monitor) for each in looked}
    blind = {f"{each.monitor}@{each.site}": each.blind_s for each in looked}
    long = [name for name, seconds in blind.items() if seconds > limits[name]]
    if long or not blind:
        first_long = f"{long[0]} saw nothing for {blind[long[0]]:.0f} s (limit {limits[long[0]]:g} s)" if long else ""
        why = first_long or "every monitor is lost with the fault"
        return Finding(NAME, Verdict.INCONCLUSIVE, why, measured, objective)
    why = f"{len(raised)} alarms, all true; {measured['looks']} looks, blind for at most {max(blind.values()):.1f} s"
    return Finding(NAME, Verdict.PASS, why, measured, objective)


def _end(marks: Marks) -> int | None:
    """When the disturbance is over for everybody; None: not within the drill. A hand-over, if there is one, is the last."""
    ends = [each for each in (marks.t_rest, marks.t_lifted, marks.t_fb) if each is not None]
    return max(ends) + _GRACE_NS if ends else None


def _is_true(evidence: Evidence, marks: Marks, alert: Alert) -> bool:
    fault, end = evidence.plan.fault, _end(marks)
    if marks.t0 is None or alert.raised_ns < marks.t0:
        return False
    if fault.may_see is not None and alert.monitor not in {*fault.seen_by, *fault.may_see}:
        return False
    return end is None or alert.raised_ns <= end or (alert.monitor in OF_THE_LOST and marks.t_lifted is None)


def _is_stuck(evidence: Evidence, marks: Marks, alert: Alert) -> bool:
    """On at the end, though what it watches was back."""
    if alert.cleared_ns is not None or alert.site == lost_place(evidence):
        return False
    still_broken = marks.t_lifted is None and alert.monitor in OF_THE_LOST
    return _end(marks) is not None and not still_broken


def _false_takeovers(evidence: Evidence) -> list[str]:
    """Clusters whose mirror was promoted though the plan's fault leaves them where they are."""
    done = {
        str(event.data.get("cluster", MAIN))
        for event in evidence.of_kind("takeover.step")
        if event.subject == "promote" and event.data.get("state") == "end"
    }
    return sorted(done - {evidence.plan.fault.takeover})


def _limit_s(evidence: Evidence, marks: Marks, monitor: str) -> float:
    """Who reads the tools cluster cannot see while that is away: as long as the fault lasts, or its takeover may take.

    Nor can anybody see what only the service itself can show, while nobody serves.
    """
    want, of_main = evidence.plan.objectives, evidence.plan.fault.takeover == MAIN
    of_service = monitor in OF_WHAT_SERVES and (of_main or marks.t_imp is not None)
    of_tools = monitor in READERS_OF_TOOLS and not of_main
    if marks.t0 is None or not (of_service or of_tools):
        return want.monitor_blind_s
    back = marks.t_rest if of_service else marks.t_lifted
    may_take_s = want.rto_s if of_service else want.tools_rto_s
    away_s = (back - marks.t0) / 1e9 if back is not None else may_take_s
    return want.monitor_blind_s + away_s + _GRACE_NS / 1e9
