from __future__ import annotations

import json
from pathlib import Path

import pytest

from results.clock import Clock
from results.manifest import digest
from results.plan_record import contradicts, plan_record, put_on_record
from results.timeline import TimelineWriter, gather
from tests.results.story import ns

AT = "2027-01-15T07:59:40.000Z"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "plan.yaml").write_text("drill: x\n")
    return tmp_path


def told(run: Path, *events: tuple[float, str, str]) -> str:
    lines = [
        {"t_ns": ns(at), "source": "x", "kind": kind, "subject": subject, "data": {"effective": True}}
        for at, kind, subject in events
    ]
    (run / "timeline.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return plan_record(run)


def test_a_plan_from_before_the_fault(run: Path) -> None:
    record = told(run, (-20, "plan", digest(run / "plan.yaml")), (1.5, "fault.receipt", "fra"))
    assert record == f"plan.yaml on record {AT}, 21.500 s before the fault at 2027-01-15T08:00:01.500Z"
    assert not contradicts(record)


def test_a_plan_from_after_the_fault_and_one_that_was_exchanged(run: Path) -> None:
    late = told(run, (-30, "fault.receipt", "fra"), (-20, "plan", digest(run / "plan.yaml")))
    assert late == f"plan.yaml on record {AT}, 10.000 s AFTER the fault at 2027-01-15T07:59:30.000Z"
    other = told(run, (-20, "plan", "0" * 64), (0, "fault.receipt", "fra"))
    assert other == f"plan.yaml is another one than that on record {AT}"
    assert contradicts(late)
    assert contradicts(other)


def test_a_drill_without_a_fault_and_an_older_run(run: Path) -> None:
    assert told(run, (-20, "plan", digest(run / "plan.yaml"))) == f"plan.yaml on record {AT}, no fault took effect"
    assert told(run, (0, "fault.receipt", "fra")) == "plan.yaml is not on record before the run's end"


@pytest.mark.parametrize(
    "line", ["{}", "[" * 100_000, '{"t_ns": "x", "source": "", "kind": "plan", "subject": "", "data": []}']
)
def test_what_a_stranger_wrote_is_no_record_and_no_exception(run: Path, line: str) -> None:
    (run / "timeline.jsonl").write_text(line + "\n")
    assert plan_record(run).startswith("plan.yaml is not on record")


def test_the_drill_puts_it_on_record(run: Path) -> None:
    with TimelineWriter(run, "drill", Clock(0, 0)) as timeline:
        put_on_record(run, timeline)
    gather(run)
    assert plan_record(run).endswith("no fault took effect")
