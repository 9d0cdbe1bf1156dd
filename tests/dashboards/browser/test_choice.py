"""The filter of the list."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.browser.choice import Choice, read_choice, state
from dashboards.browser.shelf import Shelf


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 17),
        ({"drill": "site-loss"}, 12),
        ({"drill": "nothing"}, 0),
        ({"verdict": "fail"}, 2),
        ({"verdict": "damaged"}, 1),
        ({"verdict": "not judged"}, 1),
        ({"verdict": "inconclusive", "drill": "site-loss"}, 2),
        ({"since": "2026-09-10"}, 8),
        ({"since": "2026-09-10", "drill": "site-loss"}, 3),
        ({"text": "QUIET"}, 1),
        ({"text": "data-loss"}, 2),
        ({"text": "generator-health"}, 2),
        ({"text": "<script>"}, 1),
    ],
)
def test_those_that_are_asked_for_are_left(some: Path, asked: dict[str, str], count: int) -> None:
    choice = read_choice(asked)
    assert not choice.wrong
    assert len(choice.of(Shelf(some).runs())) == count
    assert bool(choice) == bool(asked)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"verdict": "green"}, "verdict 'green': there are pass, inconclusive, fail, not judged, damaged"),
        ({"since": "yesterday"}, "since 'yesterday': no date (as 2026-11-23)"),
        ({"since": "2026-02-30"}, "since '2026-02-30': no date"),
    ],
)
def test_what_cannot_be_answered_is_said_and_leaves_nothing_out(some: Path, asked: dict[str, str], why: str) -> None:
    choice = read_choice(asked)
    assert choice.wrong.startswith(why)
    assert len(choice.of(Shelf(some).runs())) == 17


def test_a_run_is_known_by_its_verdict_or_why_it_has_none(some: Path) -> None:
    found = {run.drill: state(run) for run in Choice().of(Shelf(some).runs())}
    assert (found["quiet"], found["server-killed"], found["volume-full"]) == ("pass", "damaged", "not judged")
