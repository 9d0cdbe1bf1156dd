"""Was the plan fixed before the fault? Its SHA-256 is put on the timeline as the drill begins; this says when that was."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path

from results.timeline import DamagedTimeline, Event, TimelineWriter, read

KIND = "plan"
_LATEST_NS = 1 << 62  # in the year 2116
_NOT_ON_RECORD = "plan.yaml is not on record before the run's end"


def put_on_record(run: Path, timeline: TimelineWriter) -> None:
    """Write the plan's SHA-256 to the timeline, now."""
    timeline.write(KIND, _digest(run))


def plan_record(run: Path) -> str:
    """One line: when the plan was put on record, and how long before the fault. What is missing is said, not raised."""
    try:
        events = [event for event in read(run / "timeline.jsonl") if _sound(event)]
        digest = _digest(run)
    except (OSError, DamagedTimeline, RecursionError) as error:
        return f"{_NOT_ON_RECORD}: {' '.join(str(getattr(error, 'strerror', None) or error).split())}"
    record = _first(events, KIND)
    if record is None:
        return _NOT_ON_RECORD
    if record.subject != digest:
        return f"plan.yaml is another one than that on record {_shown(record.t_ns)}"
    fault = next((e for e in events if e.kind == "fault.receipt" and e.data.get("effective") is True), None)
    if fault is None:
        return f"plan.yaml on record {_shown(record.t_ns)}, no fault took effect"
    between_s = (fault.t_ns - record.t_ns) / 1e9
    order = "before" if between_s > 0 else "AFTER"
    return (
        f"plan.yaml on record {_shown(record.t_ns)}, {abs(between_s):.3f} s {order} the fault at {_shown(fault.t_ns)}"
    )


def contradicts(record: str) -> bool:
    """Does such a line say that the plan was changed, or fixed only after the fault?"""
    return "another one" in record or " AFTER " in record


def _first(events: list[Event], kind: str) -> Event | None:
    return next((event for event in events if event.kind == kind), None)


def _sound(event: Event) -> bool:
    """A time that is one, and data by name: the timeline may come out of a stranger's pack."""
    return isinstance(event.t_ns, int) and 0 <= event.t_ns < _LATEST_NS and isinstance(event.data, dict)


def _digest(run: Path) -> str:
    return hashlib.sha256((run / "plan.yaml").read_bytes()).hexdigest()


def _shown(t_ns: int) -> str:
    seconds, rest = divmod(t_ns, 1_000_000_000)
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03}Z"
