"""Did the right alerts fire in their computed time, reach the people on duty, and clear? (definitions 6.7: burn rates)

A page on a burn rate k over windows (long, short) must fire k·B·long / e after the error ratio stepped to e, plus the time to
scrape and to evaluate. The step is seen when the first failed look of the monitor that the objective counts has ended,
or, where it counts what servers answered, the first attempt that was answered with 5xx; e is their ratio in the seconds after it.
Counted event by event the condition may hold later: looks that fail can take longer. The later time of the two counts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise

from results.burn import Pair, fires_after_s, fires_at_ns
from results.checks.monitors import answers, looks_of
from results.evidence import Evidence, Unusable
from results.finding import Finding, Value, Verdict
from results.marks import Marks

NAME = "alert-delivery"
HEARTBEAT = "Heartbeat"
_PAGE = "page"
_SECOND = 1_000_000_000
_RATIO_OVER_NS = 5 * _SECOND


@dataclass(frozen=True)
class Alert:
    """One expected alert, from ``rules/alerts.json``."""

    name: str
    budget: float
    period_s: int
    pairs: tuple[Pair, ...]
    monitor: str | None


def check(evidence: Evidence, marks: Marks) -> Finding:
    """
    pass          each expected alert fired in its computed time, was delivered and cleared; nobody else was paged; heartbeats
                  arrived on one channel at least, all the time
    fail          an expected alert stayed silent, fired late, was not delivered or delivered late, or did not clear; an alert
                  that is neither expected nor allowed paged somebody; no channel had its heartbeats
    inconclusive  no fault, no Prometheus could be read, no rules, or the looks that the alert counts are missing

    measured: by expected alert: fired_s and delivered_s (since t0), computed_s (latest time for the first), cleared_s;
              channels (deliveries, longest time without a heartbeat), unexpected, windows_scale
    """
    plan = evidence.plan
    want = plan.objectives
    objective: dict[str, Value] = {
        "delivery_s": want.alert_delivery_s,
        "heartbeat_s": want.heartbeat_s,
        "unexpected": 0,
    }
    if not any(event.data.get("evaluated") for event in evidence.of_kind("prometheus")):
        raise Unusable("no Prometheus could be read, so nobody knows what it evaluated")
    if marks.t0 is None and plan.alerting.expected:
        return Finding(NAME, Verdict.INCONCLUSIVE, "no fault took effect, so no alert had to fire", {}, objective)
    channels, gaps = _channels(evidence, marks)
    unexpected = _unexpected(evidence)
    measured: dict[str, Value] = {
        "channels": channels,
        "unexpected": list(unexpected),
        "windows_scale": plan.alerting.scale,
    }
    wrong, unclear = [], []
    for name in plan.alerting.expected:
        shown, complaint, doubt = _expected(evidence, marks, _described(evidence, name))
        measured[name] = shown
        wrong += [complaint] if complaint else []
        unclear += [doubt] if doubt else []
    if unexpected:
        wrong.append(f"nobody expected {', '.join(unexpected)}")
    best = min(gaps.values(), default=None)
    if best is None or best > want.heartbeat_s:
        shown_gap = "none at all" if best is None else f"{best:.0f} s without one on the best channel"
        wrong.append(f"heartbeats: {shown_gap} (limit {want.heartbeat_s:g} s)")
    if wrong:
        return Finding(NAME, Verdict.FAIL, "; ".join(wrong), measured, objective)
    if unclear:
        return Finding(NAME, Verdict.INCONCLUSIVE, "; ".join(unclear), measured, objective)
    return Finding(NAME, Verdict.PASS, _summary(plan.alerting.expected, measured, gaps), measured, objective)


def _summary(expected: list[str], measured: dict[str, Value], gaps: dict[str, float]) -> str:
    parts = []
    for name in expected:
        shown = measured[name]
        if isinstance(shown, dict):
            parts.append(
                f"{name} fired after {shown['fired_s']} s (computed: at most {shown['computed_s']} s), "
                f"delivered after {shown['delivered_s']} s"
            )
    beats = ", ".join(f"{channel} {gap:.0f} s" for channel, gap in gaps.items())
    return "; ".join([*(parts or ["no page was expected and none came"]), f"longest without a heartbeat: {beats}"])


def _described(evidence: Evidence, name: str) -> Alert:
    path = evidence.run / "rules" / "alerts.json"
    try:
        for each in json.loads(path.read_bytes()):
            if each["alert"] == name:
                pairs = tuple(Pair(**pair) for pair in each["pairs"])
                return Alert(name, each["budget"], each["period_s"], pairs, each["monitor"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unusable(f"rules/alerts.json: {type(error).__name__}") from error
    raise Unusable(f"rules/alerts.json: no alert {name}")


def _expected(evidence: Evidence, marks: Marks, alert: Alert) -> tuple[dict[str, Value], str, str]:
    """What was measured; what is wrong; what cannot be said."""
    t0 = marks.t0 or 0
    fired = _fired(evidence, alert.name, t0)
    delivered = _first(evidence, "delivery", alert.name, "firing", t0)
    shown: dict[str, Value] = {"fired_s": _since(t0, fired), "computed_s": None, "delivered_s": _since(t0, delivered)}
    what = f"looks of {alert.monitor}" if alert.monitor is not None else "answers"
    longest = max(pair.long_s for pair in alert.pairs) * _SECOND
    events = _events(evidence, alert.monitor, t0 - longest)
    failing, ratio = _bad(events, t0)
    latest = _latest(evidence, alert, failing[0], ratio, events) if failing else None
    if latest is None:
        why = f"{ratio:.1%} of the {what} were bad, too few to fire" if failing else f"none of the {what} was bad"
        return shown, "", f"{alert.name}: {why}, so there was no time in which it had to fire"
    shown["computed_s"] = _since(t0, latest)
    wrong = _late(evidence, alert, fired, latest, delivered)
    if fired is None and not wrong:
        wrong = f"{alert.name} never fired though {what} were bad for {_length(failing):.0f} s"
    return shown, wrong or _stuck(evidence, marks, alert, failing[-1], shown), ""


def _late(evidence: Evidence, alert: Alert, fired: int | None, latest: int, delivered: int | None) -> str:
    limit = evidence.plan.objectives.alert_delivery_s
    if fired is None:
        return ""
    if fired > latest:
        return f"{alert.name} fired {(fired - latest) / 1e9:.1f} s after its computed time"
    if delivered is None:
        return f"{alert.name} fired and was delivered to nobody"
    if delivered - fired > limit * _SECOND:
        return f"{alert.name} was delivered {(delivered - fired) / 1e9:.1f} s after it fired (limit {limit:g} s)"
    return ""


def _stuck(evidence: Evidence, marks: Marks, alert: Alert, last_failed: int, shown: dict[str, Value]) -> str:
    """It must clear when the longest of its short windows has passed without a failure, if the drill was watched so long."""
    plan = evidence.plan
    tail_s = max(pair.short_s for pair in alert.pairs) + plan.alerting.scrape_s + 2 * plan.alerting.evaluation_s
    due = last_failed + int((tail_s + plan.objectives.alert_delivery_s) * _SECOND)
    resolved = _first(evidence, "delivery", alert.name, "resolved", last_failed)
    shown["cleared_s"] = _since(marks.t0 or 0, resolved)
    if due > (marks.observed_ns or 0) or (resolved is not None and resolved <= due):
        return ""
    return f"{alert.name} was not cleared {(due - last_failed) / 1e9:.0f} s after the last bad event"


def _events(evidence: Evidence, monitor: str | None, after_ns: int) -> list[tuple[int, bool]]:
    """What the objective counts: when it was over, and whether it was good."""
    return looks_of(evidence, monitor, after_ns) if monitor is not None else answers(evidence, after_ns)


def _bad(events: list[tuple[int, bool]], t0: int) -> tuple[list[int], float]:
    """Times of the bad events after t0; and the ratio of bad ones in the seconds after the first."""
    bad = [t for t, good in events if not good and t >= t0]
    if not bad:
        return [], 0.0
    first = [good for t, good in events if bad[0] <= t <= bad[0] + _RATIO_OVER_NS]
    return bad, 1 - sum(first) / len(first)


def _latest(evidence: Evidence, alert: Alert, first: int, ratio: float, events: list[tuple[int, bool]]) -> int | None:
    """When the quickest pair holds, plus one scrape and two evaluations (the second one fires); None: it need not fire."""
    due = []
    for pair in alert.pairs:
        step = fires_after_s(pair, alert.period_s, alert.budget, ratio)
        counted = fires_at_ns(pair, alert.period_s, alert.budget, events)
        if step is not None and counted is not None:
            due.append(max(first + int(step * _SECOND), counted))
    alerting = evidence.plan.alerting
    on_top = int((alerting.scrape_s + 2 * alerting.evaluation_s) * _SECOND)
    return min(due) + on_top if due else None


def _unexpected(evidence: Evidence) -> list[str]:
    allowed = {*evidence.plan.alerting.expected, *evidence.plan.alerting.may_fire}
    paged = {
        e.subject for e in evidence.of_kind("rule") if e.data.get("severity") == _PAGE and e.data["state"] == "firing"
    }
    paged |= {e.subject for e in evidence.of_kind("delivery") if e.data.get("severity") == _PAGE}
    return sorted(paged - allowed)


def _channels(evidence: Evidence, marks: Marks) -> tuple[dict[str, Value], dict[str, float]]:
    """What each channel received; and its longest time without a heartbeat, from the steady phase to the end of the load."""
    begin, _ = evidence.phase("steady")
    end = marks.observed_ns or begin
    shown: dict[str, Value] = {}
    gaps: dict[str, float] = {}
    deliveries = evidence.of_kind("delivery")
    for channel in sorted({str(event.data["channel"]) for event in deliveries}):
        own = [event for event in deliveries if event.data["channel"] == channel]
        beats = [
            e.t_ns for e in own if e.subject == HEARTBEAT and e.data["state"] == "firing" and begin <= e.t_ns <= end
        ]
        gaps[channel] = round(max(b - a for a, b in pairwise([begin, *beats, end])) / 1e9, 3)
        shown[channel] = {"deliveries": len(own), "without_heartbeat_s": gaps[channel]}
    return shown, gaps


def _first(evidence: Evidence, kind: str, subject: str, state: str, after_ns: int) -> int | None:
    times = [
        e.t_ns
        for e in evidence.of_kind(kind)
        if e.subject == subject and e.data["state"] == state and e.t_ns >= after_ns
    ]
    return min(times, default=None)


def _fired(evidence: Evidence, alert: str, t0: int) -> int | None:
    """As a delivery says it to the millisecond; else as Prometheus shows it afterwards, to the second."""
    said = [int(e.data.get("starts_ns") or 0) for e in evidence.of_kind("delivery") if e.subject == alert]
    times = [
        *(t for t in said if t >= t0),
        *([shown] if (shown := _first(evidence, "rule", alert, "firing", t0)) else []),
    ]
    return min(times, default=None)


def _since(t0: int, t_ns: int | None) -> float | None:
    return None if t_ns is None else round((t_ns - t0) / 1e9, 1)


def _length(times: list[int]) -> float:
    return (times[-1] - times[0]) / 1e9
