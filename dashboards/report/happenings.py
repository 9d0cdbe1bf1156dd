"""Every layer on one time axis: what was done, what patients, monitors and people on duty saw, when the way home began."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.report.model import Happening, Timeline
from dashboards.report.part import NotThere
from results.checks.monitors import alerts
from results.evidence import Evidence, Unusable
from results.marks import Marks
from results.timeline import Event

_SECOND = 1_000_000_000
_HEARTBEAT = "Heartbeat"
_MOMENTS = {
    "fault.command": ("fault", "ordered"),
    "condition.receipt": ("fault", "condition"),
    "fault.lifted": ("rollback", "lifted"),
    "hand-over.command": ("rollback", "hand-over"),
    "mirror": ("rollback", "mirror"),
    "tidy": ("rollback", "tidied"),
    "guard.abort": ("fault", "aborted"),
    "stop": ("fault", "stopped"),
}


def timeline(evidence: Evidence, marks: Marks, origin: int) -> Timeline:
    """Ordered by time. Raises Unusable where there is no timeline."""
    found = [
        *_phases(evidence, origin),
        *_moments(evidence, origin),
        *_patients(marks, origin),
        *_monitors(evidence, origin),
        *_alerts(evidence, origin),
        *_steps(evidence, origin),
        *_names(evidence, marks, origin),
        *_classes(evidence, marks, origin),
    ]
    if not found:
        raise NotThere("evidence", "timeline.jsonl: no event that could be shown")
    return Timeline(
        happenings=sorted(found, key=lambda each: (each.begin, each.lane, each.who)), errors=_errors(evidence, origin)
    )


def _at(t_ns: int, origin: int) -> float:
    return round((t_ns - origin) / _SECOND, 3)


def _phases(evidence: Evidence, origin: int) -> Iterator[Happening]:
    begun: dict[str, float] = {}
    for event in evidence.of_kind("phase"):
        at = _at(event.t_ns, origin)
        if event.data.get("state") == "begin":
            begun[event.subject] = at
        elif event.subject in begun:
            begin = begun.pop(event.subject)
            yield Happening(lane="phases", what="phase", who=event.subject, begin=begin, end=at)
    for phase, begin in begun.items():
        yield Happening(lane="phases", what="phase-cut", who=phase, begin=begin)


def _moments(evidence: Evidence, origin: int) -> Iterator[Happening]:
    for kind, (lane, what) in _MOMENTS.items():
        for event in evidence.of_kind(kind):
            who = "" if kind == "tidy" else event.subject
            yield Happening.model_validate({"lane": lane, "what": what, "who": who, "begin": _at(event.t_ns, origin)})
    for event in evidence.of_kind("fault.receipt"):
        what = "receipt" if event.data.get("effective") is True else "no-receipt"
        yield Happening(lane="fault", what=what, who=event.subject, begin=_at(event.t_ns, origin))


def _patients(marks: Marks, origin: int) -> Iterator[Happening]:
    if marks.t_imp is not None:
        end = None if marks.t_rest is None else _at(marks.t_rest, origin)
        what = "unserved" if end is not None else "not-restored"
        yield Happening(lane="patients", what=what, who="", begin=_at(marks.t_imp, origin), end=end)


def _monitors(evidence: Evidence, origin: int) -> Iterator[Happening]:
    for alert in alerts(evidence):
        cleared = None if alert.cleared_ns is None else _at(alert.cleared_ns, origin)
        who = f"{alert.monitor}@{alert.site}"
        yield Happening(lane="monitors", what="alarm", who=who, begin=_at(alert.raised_ns, origin), end=cleared)


def _alerts(evidence: Evidence, origin: int) -> Iterator[Happening]:
    firing: dict[tuple[str, str], float] = {}
    for event in evidence.of_kind("rule"):
        if event.subject == _HEARTBEAT:
            continue
        key = (event.subject, str(event.data.get("site", "")))
        if event.data.get("state") == "firing":
            firing.setdefault(key, _at(event.t_ns, origin))
        elif key in firing:
            who = "@".join(key)
            yield Happening(lane="alerts", what="fires", who=who, begin=firing.pop(key), end=_at(event.t_ns, origin))
    for key, begin in firing.items():
        yield Happening(lane="alerts", what="fires", who="@".join(key), begin=begin)
    for (subject, channel), event in _first(
        (e.subject, str(e.data.get("channel")), e)
        for e in evidence.of_kind("delivery")
        if e.subject != _HEARTBEAT and e.data.get("state") == "firing"
    ).items():
        who = f"{subject}, {channel}"
        yield Happening(lane="alerts", what="delivered", who=who, begin=_at(event.t_ns, origin))


def _first(found: Iterator[tuple[str, str, Event]]) -> dict[tuple[str, str], Event]:
    earliest: dict[tuple[str, str], Event] = {}
    for subject, channel, event in found:
        earliest.setdefault((subject, channel), event)
    return earliest


def _steps(evidence: Evidence, origin: int) -> Iterator[Happening]:
    begun: dict[tuple[str, str], float] = {}
    states = {"end": "step", "failed": "step-failed", "approved": "approved"}
    for event in evidence.of_kind("takeover.step"):
        at, cluster, state = _at(event.t_ns, origin), str(event.data.get("cluster", "")), str(event.data.get("state"))
        who = f"{event.subject} {cluster}".strip()
        if state in ("begin", "waits"):
            begun[event.subject, cluster] = at
        elif state in states:
            begin = begun.pop((event.subject, cluster), at)
            yield Happening(lane="takeover", what=states[state], who=who, begin=begin, end=at)


def _names(evidence: Evidence, marks: Marks, origin: int) -> Iterator[Happening]:
    """Changes of what the authoritative servers answer; what they answered at the begin is none."""
    known: dict[tuple[str, str], str] = {}
    for event in evidence.of_kind("dns.authoritative"):
        key, answer = (event.subject, str(event.data.get("name", ""))), str(event.data.get("answer"))
        if key in known and known[key] != answer:
            who = f"{event.subject}: {answer}"
            yield Happening(lane="dns", what="answers", who=who, begin=_at(event.t_ns, origin))
        known[key] = answer
    if marks.t_auth is not None:
        yield Happening(lane="dns", what="all-answer", who="", begin=_at(marks.t_auth, origin))


def _classes(evidence: Evidence, marks: Marks, origin: int) -> Iterator[Happening]:
    """The first acknowledgement that each class got from the survivor after the fault."""
    if marks.t0 is None:
        return
    for client, first in evidence.rows(
        "SELECT CAST(client AS VARCHAR), min(t_done) FROM attempts WHERE outcome = 'ok' AND site = ? AND t_done >= ? "
        "GROUP BY 1 ORDER BY 1",
        *(evidence.plan.fault.survivor, marks.t0),
    ):
        yield Happening(lane="classes", what="first-success", who=str(client), begin=_at(first, origin))


def _errors(evidence: Evidence, origin: int) -> list[tuple[int, int]]:
    try:
        rows = evidence.rows(
            "SELECT CAST(floor((coalesce(t_done, t_dispatched) - ?) / 1e9) AS INTEGER), count(*) FROM attempts "
            "WHERE outcome <> 'ok' GROUP BY 1 ORDER BY 1",
            origin,
        )
    except Unusable:
        return []  # the parts made of the history say why it cannot be read
    return [(int(second), int(count)) for second, count in rows]
