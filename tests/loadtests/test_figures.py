from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet as pq

from loadtests.attempt import Attempt, Result
from loadtests.device import Kept
from loadtests.figures import Figures
from loadtests.frame import Frame
from loadtests.order import Order
from results.clock import Clock
from results.plan import Plan
from results.rows import compact_rows
from results.schema import SAMPLES
from results.timeline import read

MS = 1_000_000
CLOCK = Clock.anchored_now()


def figures(run: Path, out: int) -> Figures:
    plan = Plan.model_validate({"drill": "t", "population": {"patients": 10}})
    order = Order(plan=plan, target=run, run=run, tag="t", clock="0:0:0", worker=2, workers=3, users=10)
    return Figures(order, CLOCK, "198.51.100.10", out)


def end(to: Figures, patient: int, outcome: str, error: str = "", address: str = "198.51.100.10") -> None:
    headers = {"serving-site": "fra", "content-length": "7"}
    attempt = Attempt(1, None, "near", "honest", "fresh", patient, b"")
    result = Result(attempt, t_done=130 * MS, address=address, headers=headers)
    to.end(result, Kept(1, patient, 1, intended_ns=100 * MS, due_ns=100 * MS), outcome, error)


def sent(to: Figures, pipe: int, *, final: bool = False) -> Frame:
    to.send(in_flight=4, queued=5, overdue=6, users=9, final=final)
    return Frame.from_json(os.read(pipe, 1 << 16))


def test_a_frame_has_what_happened_since_the_last_one(tmp_path: Path) -> None:
    pipe, out = os.pipe()
    told = figures(tmp_path, out)
    for _ in range(3):
        told.intend()
    told.begin(0)
    told.begin(150)
    end(told, 1, "ok")
    end(told, 1, "ok", address="203.0.113.10")
    end(told, 2, "info", "timeout")
    end(told, 3, "fail", "dns", address="")
    frame = sent(told, pipe)
    assert (frame.intended, frame.ended, frame.body_bytes) == (3, 4, 14)
    assert (frame.acknowledged_ms, frame.served) == ({30: 2}, {"fra": 2})
    assert frame.failed == {"timeout": 1, "dns": 1}
    assert frame.dialled == {"fresh": [3, 2]}, "who had no address dialled nobody"
    assert (frame.lag_ms, frame.saturated) == ({0: 1, 150: 1}, True)
    assert (frame.in_flight, frame.queued, frame.overdue, frame.users, frame.final) == (4, 5, 6, 9, False)
    again = sent(told, pipe, final=True)
    assert (again.intended, again.acknowledged_ms, again.saturated, again.final) == (0, {}, False, True)
    assert (again.patients_seen, again.last_ack_ns) == (1, 130 * MS), "gauges stay"
    os.close(pipe)
    told.send(in_flight=0, queued=0, overdue=0, users=0, final=True)  # nobody listens any more: no error
    os.close(out)


def test_each_second_has_its_rows_and_each_end_its_event(tmp_path: Path) -> None:
    told = figures(tmp_path, -1)
    told.begin(7)
    told.begin(120)
    told.sample(in_flight=4, queued=5)
    told.sample(in_flight=1, queued=0)
    told.intend()
    end(told, 1, "ok")
    told.report("end", engine="native")
    told.account(noted=3, acknowledged=2)
    told.close()
    rows = pq.read_table(compact_rows(tmp_path, "samples", SAMPLES)).to_pylist()
    assert {(row["source"], row["subject"]) for row in rows} == {("loadtests", "sender-2")}
    assert [row["value"] for row in rows if row["metric"] == "lag_p99_ms"] == [120], "no lag where nothing was sent"
    assert all(0 <= row["value"] <= 1 for row in rows if row["metric"] == "machine_busy")
    assert [row["value"] for row in rows if row["metric"] == "queued"] == [5, 0]
    generator, usage = read(tmp_path / "timeline" / "loadtests-2.jsonl")
    assert (generator.kind, generator.subject, generator.data["state"]) == ("generator", "sender-2", "end")
    assert (generator.data["intended"], generator.data["acknowledged"], generator.data["saturated_s"]) == (1, 1, 1)
    assert (generator.data["engine"], generator.data["cpu_s"] > 0) == ("native", True)
    assert (usage.kind, usage.subject, usage.data) == ("usage", "sender-2", {"noted": 3, "acknowledged": 2})
