"""Which drill of the proof runs when, and that what becomes of it reaches whoever asks."""

from __future__ import annotations

import os
import threading
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from drill.proof.runner import Drills, NoVerdict, Verdict, Waiting, generator_was_late
from drill.proof.systems import EXPECTED, System

ALONE, WATCHED = System("quiet", {"lab.tools": "false"}), System("quiet", {})
SYSTEMS = {"a": ALONE, "w": WATCHED, "b": ALONE, "v": WATCHED}


GREEN: Verdict = {"checks": [], "exit_code": 0, "seconds": 1}


def say(name: str, system: System, results: Path) -> Verdict:
    return {"name": name, "drill": system.drill, "in": results.name, **GREEN}


def break_down(name: str, system: System, results: Path) -> Verdict:
    raise NoVerdict(f"{name}: exit code 64")


def hold(name: str, system: System, results: Path) -> Verdict:
    """Until the test, which waits for this to begin, ends what it writes."""
    (results.parent / "hold").read_bytes()
    return {"checks": []}


def with_lag(ms: float, rate: float = 70) -> Verdict:
    generator = {"measured": {"lag_p99_ms": ms, "rate": rate}, "objective": {"lag_p99_ms": 90, "rate": 70}}
    return {"checks": [{"name": "generator-health", **generator}, {"name": "privacy", "measured": {}, "objective": {}}]}


IN_TIME, LATE = with_lag(30), with_lag(91.8)
WAS_LATE = {"again": "the load generator was late"}


class LateAtFirst:
    """A machine that is too slow for the first drill of each system."""

    def __init__(self, at_first: int) -> None:
        self._at_first, self.folders = at_first, list[str]()

    def __call__(self, name: str, system: System, results: Path) -> Verdict:
        self.folders.append(results.name)
        return LATE if len(self.folders) <= self._at_first else IN_TIME


def test_only_a_late_generator_that_nothing_explains_is_a_matter_of_the_machine() -> None:
    assert generator_was_late(ALONE, LATE)
    assert generator_was_late(ALONE, with_lag(30, rate=50))
    assert not generator_was_late(ALONE, IN_TIME)
    assert not generator_was_late(ALONE, {"checks": []}), "not asked"
    for name in ("starved-generator", "blocking-telemetry"):
        assert not generator_was_late(System("quiet", {}, EXPECTED[name]), LATE)


@pytest.mark.parametrize(
    ("at_first", "folders", "said"),
    [(0, ["a"], {}), (1, ["a", "a-again"], WAS_LATE), (2, ["a", "a-again"], WAS_LATE)],
)
def test_a_drill_whose_generator_was_late_is_done_once_more_and_never_twice(
    tmp_path: Path, at_first: int, folders: list[str], said: Verdict
) -> None:
    machine = LateAtFirst(at_first)
    drills = Drills({"a": ALONE}, tmp_path, 1, machine)
    try:
        assert drills.verdict("a") == (LATE if at_first == 2 else IN_TIME) | said
    finally:
        drills.close()
    assert machine.folders == folders, "the evidence of both is kept apart"


def test_it_is_done_once_more_when_all_the_others_have_ended(tmp_path: Path) -> None:
    machine = LateAtFirst(1)
    drills = Drills({"a": ALONE, "b": ALONE, "c": ALONE}, tmp_path, 1, machine)
    try:
        assert drills.verdict("a")["again"]
    finally:
        drills.close()
    assert machine.folders == ["a", "b", "c", "a-again"]


class Crowded:
    """Drills that stay green only on a machine of their own: while `lanes` of them run, one turns a check."""

    def __init__(self, lanes: int) -> None:
        self._together = threading.Barrier(lanes)

    def __call__(self, name: str, system: System, results: Path) -> Verdict:
        alone = results.name.endswith("-again")
        if not alone:
            self._together.wait()
        well = alone or name == "b"
        check = {
            "name": "privacy",
            "verdict": "pass" if well else "fail",
            "why": "seen",
            "measured": {},
            "objective": {},
        }
        return {"checks": [check], "exit_code": 0 if well else 1, "seconds": 1}


def test_one_that_shared_the_machine_and_is_not_as_expected_is_done_once_more_alone(tmp_path: Path) -> None:
    drills = Drills({"a": ALONE, "b": ALONE}, tmp_path, 2, Crowded(2))
    try:
        assert drills.verdict("a")["again"] == "privacy: seen"
        assert drills.verdict("a")["exit_code"] == 0
        assert "again" not in drills.verdict("b")
    finally:
        drills.close()


def test_one_that_had_the_machine_to_itself_is_what_it_is(tmp_path: Path) -> None:
    drills = Drills({"a": ALONE}, tmp_path, 1, Crowded(1))
    try:
        assert (drills.verdict("a")["exit_code"], "again" in drills.verdict("a")) == (1, False)
    finally:
        drills.close()


def test_one_without_a_verdict_that_shared_the_machine_is_done_once_more(tmp_path: Path) -> None:
    folders = []

    def once_broken(name: str, system: System, results: Path) -> Verdict:
        folders.append(results.name)
        if len(folders) == 1:
            raise NoVerdict(f"{name}: no verdict")
        return IN_TIME

    drills = Drills({"a": ALONE}, tmp_path, 2, once_broken)
    try:
        assert drills.verdict("a") == IN_TIME | {"again": "a: no verdict"}
    finally:
        drills.close()


def test_none_is_done_once_more_after_the_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hold")

    def late_and_slow(name: str, system: System, results: Path) -> Verdict:
        hold(name, system, results)
        return LATE

    drills = Drills({"a": ALONE}, tmp_path, 1, late_and_slow)
    closing = threading.Thread(target=drills.close)
    with (tmp_path / "hold").open("wb"):
        closing.start()
        while not drills.closing:
            threading.Event().wait(0.01)
    closing.join()
    with pytest.raises(CancelledError):
        drills.verdict("a")


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
        assert drills.verdict("v") == {"name": "v", "drill": "quiet", "in": "v", **GREEN}
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
    assert drills.verdict("w") == {"checks": []}
