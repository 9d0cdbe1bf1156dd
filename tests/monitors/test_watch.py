"""What is written down of looks and alarms."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from monitors.look import Look
from monitors.place import Place
from monitors.watch import Recorder, watch
from results.row_log import UNIT
from results.timeline import read
from tests.lab.running import eventually

BLIND = Look(ok=False, blind=True, why="connect: refused")


class Script:
    """Says these looks one after the other, the last one for ever."""

    name, period_s = "replication", 0.01

    def __init__(self, place: Place, looks: list[Look]) -> None:
        self._place, self._looks, self.count = place, looks, 0

    def look(self) -> Look:
        self._place.saw_outside(self._place.clock.now_ns())
        self.count += 1
        return self._looks[min(self.count, len(self._looks)) - 1]


def watched(place: Place, run: Path, looks: list[Look]) -> None:
    monitor, ending = Script(place, looks), threading.Event()
    place.saw_outside(place.clock.now_ns())
    recorder = Recorder(run, place, "gra")
    threading.Thread(target=lambda: (eventually(lambda: monitor.count >= len(looks)), ending.set())).start()
    watch(place, [monitor], recorder, ending)
    recorder.close()


def test_ok_is_recorded_of_looks_that_saw_and_blind_of_the_others(place: Place, tmp_path: Path) -> None:
    watched(place, tmp_path, [Look(ok=True, figures={"lag_bytes": 3}), BLIND, Look(ok=False, why="no mirror"), BLIND])
    lines = (tmp_path / "samples" / "monitors-gra.rows").read_text().splitlines()[:6]
    assert [line.split(UNIT)[1:] for line in lines] == [
        ["monitors", "replication@gra", "period_s", str(Script.period_s)],
        ["monitors", "replication@gra", "ok", "1.0"],
        ["monitors", "replication@gra", "lag_bytes", "3"],
        ["monitors", "replication@gra", "blind", "1.0"],
        ["monitors", "replication@gra", "ok", "0.0"],
        ["monitors", "replication@gra", "blind", "1.0"],
    ]


def test_an_alarm_stays_on_while_its_monitor_is_blind(place: Place, tmp_path: Path) -> None:
    failed = Look(ok=False, why="no mirror")
    watched(place, tmp_path, [failed, BLIND, failed, BLIND, BLIND, Look(ok=True)])
    states = [event.data["state"] for event in read(tmp_path / "timeline" / "monitors-gra.jsonl")]
    assert states == ["raised", "cleared"]


class Seldom:
    """Fails each time; looks once an hour, if nothing is wrong."""

    name, period_s, doubt_s = "transaction", 3600.0, 0.01

    def __init__(self) -> None:
        self.count = 0

    def look(self) -> Look:
        self.count += 1
        return Look(ok=False, why="connect: timed out")


def test_a_first_failure_is_looked_at_again_soon_and_its_alarm_waits_for_the_proof_alone(
    place: Place, tmp_path: Path
) -> None:
    place.saw_outside(place.clock.now_ns())
    monitor, ending, recorder = Seldom(), threading.Event(), Recorder(tmp_path, place, "gra")
    thread = threading.Thread(target=watch, args=(place, [monitor], recorder, ending))
    thread.start()

    def raised() -> bool:
        place.saw_outside(place.clock.now_ns())
        return any(event.data["state"] == "raised" for event in read(tmp_path / "timeline" / "monitors-gra.jsonl"))

    eventually(raised)
    ending.set()
    thread.join()
    recorder.close()
    assert monitor.count == 2


def test_people_read_one_line_for_each_look(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    recorder = Recorder(None, place, "gra")
    for look in (Look(ok=True, figures={"lag_bytes": 3}), Look(ok=False, why="no mirror"), BLIND):
        recorder.looked("replication", 0, look, proven=True)
    assert capsys.readouterr().out.splitlines() == [
        "ok    replication       lag_bytes 3.0",
        "FAIL  replication       no mirror",
        "BLIND replication       connect: refused",
    ]
