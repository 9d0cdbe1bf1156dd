from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.guards import Aborted, Guards
from results.clock import Clock
from results.plan import Guards as Limits
from results.timeline import TimelineWriter, read


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "results" / "runs" / "r"
    (folder / "live").mkdir(parents=True)
    return folder


@pytest.fixture
def clock() -> Clock:
    return Clock.anchored_now()


@pytest.fixture
def timeline(run: Path, clock: Clock) -> Iterator[TimelineWriter]:
    with TimelineWriter(run, "chaos", clock) as writer:
        yield writer


def guards(run: Path, clock: Clock, timeline: TimelineWriter, **limits: float) -> Guards:
    made = Guards(run, Limits.model_validate(limits), clock, timeline)
    made.start()
    return made


@pytest.mark.parametrize("place", ["run", "results"])
def test_a_stop_file_ends_a_wait(run: Path, clock: Clock, timeline: TimelineWriter, place: str) -> None:
    watching = guards(run, clock, timeline)
    (run if place == "run" else run.parent.parent).joinpath("STOP").touch()
    with pytest.raises(Aborted, match="stop-file: "):
        watching.wait(60)
    watching.end()
    events = [(event.kind, event.subject) for event in read(run / "timeline/chaos.jsonl")]
    assert events == [("guard.abort", "stop-file")]


def test_silence_of_the_service_ends_a_wait(run: Path, clock: Clock, timeline: TimelineWriter) -> None:
    watching = guards(run, clock, timeline, abort_unavailable_s=0.5)
    with pytest.raises(Aborted, match=r"unavailable: no upload acknowledged for \d+ s \(limit 0.5 s\)"):
        watching.wait(60)
    watching.end()


def test_acknowledgements_keep_the_drill_going(run: Path, clock: Clock, timeline: TimelineWriter) -> None:
    figures = {"t_ns": clock.now_ns(), "last_ack_ns": clock.now_ns() + 3_600_000_000_000}
    (run / "live/loadtests.json").write_text(json.dumps(figures))
    watching = guards(run, clock, timeline, abort_unavailable_s=0.5)
    watching.wait(2.5)
    assert watching.trip is None
    watching.end()


def test_a_drill_that_takes_too_long_is_ended(run: Path, clock: Clock, timeline: TimelineWriter) -> None:
    watching = guards(run, clock, timeline, time_limit_s=0.5)
    with pytest.raises(Aborted, match="time-limit: the drill runs for"):
        watching.wait(60)
    watching.end()


def test_the_first_trip_stays(run: Path, clock: Clock, timeline: TimelineWriter) -> None:
    watching = guards(run, clock, timeline)
    watching.abort("stop", "asked to stop")
    watching.abort("time-limit", "later")
    with pytest.raises(Aborted, match="stop: asked to stop"):
        watching.check()
    watching.end()


def test_waiting_for_a_condition_tells_whether_it_came(run: Path, clock: Clock, timeline: TimelineWriter) -> None:
    watching, came = guards(run, clock, timeline), threading.Event()
    threading.Timer(0.3, came.set).start()
    assert watching.wait_until(came.is_set, 30)
    assert not watching.wait_until(lambda: False, 0.3)
    watching.end()


def test_the_targets_own_key_ends_a_wait(run: Path, clock: Clock, timeline: TimelineWriter) -> None:
    watching = guards(run, clock, timeline)
    watching.stop_key = lambda: "_stop-drill.heart.test"
    with pytest.raises(Aborted, match=r"stop-key: the record _stop-drill\.heart\.test says stop"):
        watching.wait(60)
    watching.end()
