"""The timeline: every event of a run, one JSON object a line, append-only.

Each process writes a file of its own (``timeline/<source>.jsonl``); no process reads another's while the drill runs.
`gather` merges them into ``timeline.jsonl``, ordered by time, when all have ended.

Vocabulary (kind: subject, data):

====================  ===========================================================================================
plan                  subject: SHA-256 of plan.yaml, written as the drill begins (`results.plan_record`)
phase                 subject: warm-up, steady, loss, takeover, fault, recovered, drain; data.state: begin | end
fault.command         subject: site or link; data.fault: name of the fault. The command was issued
fault.receipt         subject as above; data.effective: true | false, data.proof: what counts as one
fault.lifted          subject as above; the undo was seen to work
condition.command, condition.receipt   the same for what is broken before the fault
takeover.step         subject: detect, fence, promote, dns, declare, release; data.state: begin | end | failed, .site, .cluster
dns.authoritative     subject: server name; data.name, data.answer: address, data.ttl. Written when the answer changes
rule                  subject: an alert of Prometheus; data.site: whose Prometheus, data.state: firing | inactive, data.severity
prometheus            subject: site; data.evaluated: true | false, data.why. Whether its Prometheus could be read
delivery              subject: an alert, received then; data.channel, .state: firing | resolved, .starts_ns, .severity
probe                 subject: site, monitors-<site>; data.reachable: true | false. Written by the witness when it changes
live                  subject: worker; once a second: data of `loadtests` (figures for people, not for judging)
guard.abort           subject: guard's name; data.why
stop                  subject: who asked; data.why (Ctrl-C, stop file)
alert                 subject: <monitor>@<site>; data.state: raised | cleared, data.why, data.since_ns (first failed look)
readback              subject: site; data.path, data.rows, data.complete, data.proof, data.t_invoked, data.t_done
collected             subject: contacts (data.lost), or <sink>@<site>, or alerts; data.complete, data.items, data.why
generator             subject: sender-N; data.state: begin | end, .workers, .patients (its own), .schedule_digest, .intended,
                      .cpu_s, .saturated_s, .rows (of its history) …
worker                subject: sender-N, written by Locust's master; data.host, .worker (Locust's name), .state:
                      placed (.workers, .patients, .shared: writes into the master's run) | silent (.why) | heard | ended |
                      collected (.rows, .files: name, size, sha256) | lost (.why, .patients, .due: their readings by the schedule
                      while the load lasted, .intended and .acknowledged: as told until .heard_ns)
worker.clock          subject: sender-N with a clock of its own; data.state: before | after the load, .offset_ns (worker -
                      master), .round_trip_ns, .rounds. Recorded; times stay as they were written
usage                 subject: worker, at its end; where the app's events for Matomo are: data.noted = acknowledged + invalid +
                      waiting + dropped; data.bulks: attempts to send some of them, data.failed: of these not acknowledged
tidy                  subject: run; data.left_behind: list of what the fingerprint found
====================  ===========================================================================================
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from results.clock import Clock


@dataclass(frozen=True, order=True)
class Event:
    """One line of the timeline. `data` holds JSON values only."""

    t_ns: int
    source: str
    kind: str
    subject: str
    data: dict[str, Any] = field(default_factory=dict, compare=False)  # free-form: each kind has its own keys


class TimelineWriter:
    """Appends events of one source. Each line is one write, so that a killed process leaves whole lines."""

    def __init__(self, run: Path, source: str, clock: Clock) -> None:
        folder = run / "timeline"
        folder.mkdir(parents=True, exist_ok=True)
        self._source = source
        self._clock = clock
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._fd = os.open(folder / f"{source}.jsonl", flags, 0o644)

    def write(self, kind: str, subject: str, *, t_ns: int | None = None, **data: Any) -> Event:  # JSON values
        """Append one event, now or at `t_ns`, and return it."""
        event = Event(self._clock.now_ns() if t_ns is None else t_ns, self._source, kind, subject, data)
        line = json.dumps(asdict(event), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        os.write(self._fd, line)
        return event

    def close(self) -> None:
        if self._fd >= 0:
            os.fsync(self._fd)
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> TimelineWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class DamagedTimeline(ValueError):
    """A line that is no event: names the file and the line."""


def read(path: Path) -> Iterator[Event]:
    """Events of one file in the order written. A last line without its newline was cut off and is left out.

    Raises DamagedTimeline for any other line that cannot be read.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield Event(**json.loads(line))
            except (ValueError, TypeError) as error:
                raise DamagedTimeline(f"{path.name}, line {number}: not an event ({error})") from error


def gather(run: Path) -> Path:
    """Merge ``timeline/*.jsonl`` into ``timeline.jsonl``, ordered by time; returns its path."""
    events = sorted(event for part in sorted((run / "timeline").glob("*.jsonl")) for event in read(part))
    whole = run / "timeline.jsonl"
    draft = whole.with_suffix(".part")
    with draft.open("w", encoding="utf-8") as out:
        for event in events:
            out.write(json.dumps(asdict(event), ensure_ascii=False, separators=(",", ":")) + "\n")
        out.flush()
        os.fsync(out.fileno())
    draft.rename(whole)
    return whole
