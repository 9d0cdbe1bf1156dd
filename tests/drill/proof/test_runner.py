"""Which drill of the proof runs when, and that what becomes of it reaches whoever asks."""

from __future__ import annotations

import os
import threading
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from drill.proof.runner import Drills, NoVerdict, Verdict, Waiting
from drill.proof.systems import System

ALONE, WATCHED = System("quiet", {"lab.tools": "false"}), System("quiet", {})
SYSTEMS = {"a": ALONE, "w": WATCHED, "b": ALONE, "v": WATCHED}


def say(name: str, system: System, results: Path) -> Verdict:
    return {"name": name, "drill": system.drill, "in": results.name}


def break_down(name: str, system: System, results: Path) -> Verdict:
    raise NoVerdict(f"{name}: exit code 64")


def hold(name: str, system: System, results: Path) -> Verdict:
    """Until the test, which waits for this to begin, ends what it writes."""
    (results.parent / "hold").read_bytes()
    return {}


def test_one_lane_takes_the_watched_ones_and_the_other_the_rest_and_both_help_in_the_end() -> None:
    waiting = Waiting(SYSTEMS)
    taken = [waiting.take(watched=lane) for lane in (True, False, True, True, False)]
    assert [each[0] if each else None for each in taken] == ["w", "a", "v", "b", None]


def test_what_is_dropped_is_never_taken() -> None:
    waiting = Waiting(SYSTEMS)
    assert waiting.drop() == ["a", "w", "b", "v"]
    assert waiting.take(watched=True) is None


def test_every_verdict_reaches_whoever_asks(tmp_path: Path) -> None:
    drills = Drills(SYSTEMS, tmp_path, 2, say)
    try:
        assert [drills.verdict(name)["name"] for name in SYSTEMS] == list(SYSTEMS)
        assert drills.verdict("v") == {"name": "v", "drill": "quiet", "in": "v"}
    finally:
        drills.close()


def test_a_drill_without_a_verdict_says_so(tmp_path: Path) -> None:
    drills = Drills({"a": ALONE}, tmp_path, 1, break_down)
    try:
        with pytest.raises(NoVerdict, match="a: exit code 64"):
            drills.verdict("a")
    finally:
        drills.close()


def test_those_that_have_not_begun_never_do_and_those_that_run_are_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hold")
    drills = Drills(SYSTEMS, tmp_path, 1, hold)
    closing = threading.Thread(target=drills.close)
    with (tmp_path / "hold").open("wb"):  # as soon as the first one reads
        closing.start()
        for name in ("a", "v", "b"):
            with pytest.raises(CancelledError):
                drills.verdict(name)
        assert closing.is_alive()
    closing.join()
    assert drills.verdict("w") == {}
