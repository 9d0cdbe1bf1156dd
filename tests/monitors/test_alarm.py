"""When an alarm rises and clears."""

from __future__ import annotations

import pytest

from monitors.alarm import Alarm
from monitors.look import Look

GOOD, BAD, BLIND = Look(ok=True), Look(ok=False, why="x"), Look(ok=False, blind=True, why="y")
SEES = 10**9  # the place got out later than any failure here


def test_one_failed_look_is_no_alarm() -> None:
    alarm = Alarm()
    assert [alarm.take(t, look, SEES) for t, look in ((1, BAD), (2, GOOD), (3, BAD), (4, GOOD))] == [None] * 4


def test_the_second_in_a_row_raises_it_once_and_a_good_look_clears_it() -> None:
    alarm = Alarm()
    changes = [alarm.take(t, look, SEES) for t, look in enumerate((BAD, BAD, BAD, GOOD, GOOD))]
    assert changes == [None, "raised", None, "cleared", None]


def test_a_place_that_sees_nothing_is_blind_and_raises_nothing() -> None:
    alarm = Alarm()
    assert [alarm.take(t, BAD, 4) for t in range(5, 50)] == [None] * 45


def test_the_alarm_rises_as_soon_as_the_place_has_been_seen_to_get_out() -> None:
    alarm = Alarm()
    assert [alarm.take(5, BAD, 4), alarm.take(6, BAD, 4), alarm.take(7, BAD, 6)] == [None, None, "raised"]
    assert alarm.failing_since == 5


@pytest.mark.parametrize(
    ("looks", "changes"),
    [
        ([BLIND] * 9, [None] * 9),
        ([BAD, BLIND, BAD], [None, None, "raised"]),
        ([BAD, BLIND, BLIND, GOOD, BAD], [None] * 5),
        ([BAD, BAD, BLIND, BLIND, GOOD], [None, "raised", None, None, "cleared"]),
    ],
)
def test_a_blind_look_neither_raises_nor_clears_nor_counts(looks: list[Look], changes: list[str | None]) -> None:
    alarm = Alarm()
    assert [alarm.take(t, look, SEES) for t, look in enumerate(looks)] == changes


def test_a_blind_look_cannot_be_good() -> None:
    assert (GOOD.outcome, BAD.outcome, BLIND.outcome) == ("ok", "failed", "blind")
    with pytest.raises(ValueError, match="cannot be good"):
        Look(ok=True, blind=True)


def test_what_failed_while_the_place_was_cut_off_does_not_count_when_it_is_back() -> None:
    """Cut off from 10 to 40: the look that was under way when the cut ended fails as well, and nothing is wrong."""
    alarm = Alarm()
    for t in range(11, 39):
        assert alarm.take(t, BAD, 10, 0) is None
    assert alarm.take(39, BAD, 40, 40) is None
    assert alarm.take(41, GOOD, 40, 40) is None


def test_what_fails_after_the_cut_counts_from_there_on() -> None:
    alarm = Alarm()
    assert [alarm.take(t, BAD, 10, 0) for t in (11, 12, 13)] == [None] * 3
    assert [alarm.take(39, BAD, 40, 40), alarm.take(41, BAD, 42, 40), alarm.take(43, BAD, 44, 40)] == [
        None,
        None,
        "raised",
    ]
    assert alarm.failing_since == 41


def test_an_alarm_that_was_on_before_a_cut_stays_on() -> None:
    alarm = Alarm()
    assert [alarm.take(t, BAD, SEES) for t in (1, 2)] == [None, "raised"]
    assert alarm.take(39, BAD, 40, 40) is None
    assert alarm.raised
    assert alarm.take(41, GOOD, 40, 40) == "cleared"


def test_a_look_that_was_under_way_when_the_cut_came_does_not_prove_a_way_out() -> None:
    """Begun at 9, a name was answered at 10, cut off from 11 on: what fails afterwards may be the cut."""
    alarm = Alarm()
    assert [alarm.take(t, BAD, 10, 0) for t in (9, 12, 13, 14)] == [None] * 4


def test_a_way_out_seen_between_two_looks_proves_the_alarm() -> None:
    alarm = Alarm()
    assert [alarm.take(t, BAD, 10, 0) for t in (11, 13)] == [None] * 2
    assert alarm.unproven_since == 13
    assert alarm.prove(12, 0) is None
    assert alarm.prove(14, 0) == "raised"
    assert alarm.prove(15, 0) is None, "raised once"
    assert alarm.unproven_since is None


def test_a_way_out_after_a_cut_proves_nothing_of_what_failed_before() -> None:
    alarm = Alarm()
    assert [alarm.take(t, BAD, 10, 0) for t in (11, 13)] == [None] * 2
    assert alarm.prove(40, 40) is None


def test_it_doubts_between_its_first_failure_and_the_one_that_is_enough() -> None:
    alarm = Alarm()
    doubts = []
    for t, look in enumerate((GOOD, BAD, BLIND, GOOD, BAD, BAD, BAD, GOOD, BAD)):
        alarm.take(t, look, SEES)
        doubts.append(alarm.doubts)
    assert doubts == [False, True, True, False, True, False, False, False, True]
