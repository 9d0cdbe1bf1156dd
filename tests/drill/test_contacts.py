"""The collector of contacts on the shared lab, and what it leaves where no lab answers."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from drill.contacts import TABLE, collect_contacts
from lab import model
from results.clock import Clock
from results.rows import compact_rows
from results.schema import CONTACTS
from results.timeline import Event, TimelineWriter, read
from targets.lab_control import LabControl
from tests.lab.running import RunningLab


def collected(run: Path, lab: RunningLab, control: LabControl, clock: Clock) -> Event:
    with TimelineWriter(run, "drill", clock) as timeline:
        collect_contacts(run, control, lab.target, timeline, clock)
    (event,) = read(run / "timeline" / "drill.jsonl")
    assert (event.kind, event.subject) == ("collected", "contacts")
    return event


def test_contacts_become_a_table_on_the_runs_clock_with_their_owners(tmp_path: Path, lab: RunningLab) -> None:
    clock = Clock.anchored_now()
    begun = clock.now_ns()
    assert lab.upload().status_code == 201
    event = collected(tmp_path, lab, lab.control, clock)
    assert (event.data["complete"], event.data["lost"]) == (True, 0)
    rows = pq.read_table(compact_rows(tmp_path, TABLE, CONTACTS)).to_pylist()
    assert len(rows) == event.data["items"]
    (upload,) = (row for row in rows if row["source"] == model.WITNESS and row["destination"] == model.PUBLIC["fra"])
    assert (upload["who"], upload["port"], upload["protocol"]) == ("witness", 443, "tcp")
    assert begun < upload["t_last"] < clock.now_ns()
    assert upload["t_first"] <= upload["t_last"]
    assert {"site fra", "site gra"} <= {row["who"] for row in rows}


def test_where_no_lab_answers_the_timeline_says_so(tmp_path: Path, lab: RunningLab) -> None:
    event = collected(tmp_path, lab, LabControl(tmp_path / "control.sock"), Clock.anchored_now())
    assert event.data["complete"] is False
    assert "no lab answers" in event.data["why"]
