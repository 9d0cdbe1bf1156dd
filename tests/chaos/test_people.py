"""People as a plan has them: somebody who answers after a while, somebody who does not come, somebody in earnest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chaos.people import FOLDER, People
from results.clock import Clock
from results.plan import Person


class Ticks(Clock):
    """A clock that a test moves."""

    now = 1_000_000_000

    def now_ns(self) -> int:
        return self.now


@pytest.fixture(name="ticks")
def _ticks() -> Ticks:
    return Ticks(0, 0)


def people(run: Path, ticks: Ticks, *persons: dict[str, Any]) -> tuple[People, list[dict[str, Any]]]:
    told: list[dict[str, Any]] = []
    return People([Person.model_validate(each) for each in persons], run, ticks, told.append), told


def after(ticks: Ticks, seconds: float) -> None:
    ticks.now += int(seconds * 1e9)


def test_a_step_is_approved_once_when_its_person_has_been_waited_for(tmp_path: Path, ticks: Ticks) -> None:
    asked, told = people(tmp_path, ticks, {"step": "dns", "answers_s": 5, "reason": "seen the page"})
    assert (asked.steps, asked.answers()) == (["dns"], [])
    asked.asked("dns", ticks.now)
    asked.asked("promote", ticks.now)
    after(ticks, 4.9)
    assert asked.answers() == []
    after(ticks, 0.2)
    assert asked.answers() == [("dns", "on-call", "seen the page")]
    asked.asked("dns", ticks.now)
    after(ticks, 60)
    assert (asked.answers(), asked.steps, told) == ([], [], [])


def test_the_deputy_comes_for_somebody_who_is_absent(tmp_path: Path, ticks: Ticks) -> None:
    asked, _ = people(tmp_path, ticks, {"step": "promote", "absent": True, "answers_s": 1, "deputy_s": 8})
    asked.asked("promote", ticks.now)
    after(ticks, 7.9)
    assert asked.answers() == []
    after(ticks, 0.2)
    ((step, by, reason),) = asked.answers()
    assert (step, by) == ("promote", "deputy")
    assert reason == "on-call did not answer; as the runbook says"


def test_somebody_in_earnest_answers_by_a_file_with_the_reason(tmp_path: Path, ticks: Ticks) -> None:
    asked, told = people(tmp_path, ticks, {"step": "dns", "answers_s": None})
    asked.asked("dns", ticks.now)
    assert told == [{"asks": "dns", "of": "on-call", "file": "approvals/dns"}]
    after(ticks, 3600)
    assert asked.answers() == []
    (tmp_path / FOLDER / "dns").write_text("the other site is really gone\n")
    assert asked.answers() == [("dns", "on-call", "the other site is really gone")]
