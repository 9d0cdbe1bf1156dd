"""Runs in lists: from the verdict alone, and a damaged one never breaks the others."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from results.finding import Verdict
from results.listing import State, like, listed

NAME = "2026-11-23T16-30-00Z_site-loss_7f3a"
GOOD = {
    "schema": "zweitherz/verdict/1",
    "drill": "site-loss",
    "verdict": "fail",
    "headline": {"rta_s": 19.5, "uploads_lost": 3, "rpo_s": None},
    "checks": [{"name": "data-loss", "verdict": "fail"}, {"name": "capacity", "verdict": "pass"}],
}


def run_with(folder: Path, text: str | None, name: str = NAME) -> Path:
    run = folder / name
    run.mkdir()
    if text is not None:
        (run / "verdict.json").write_text(text)
    return run


def test_a_judged_run_shows_its_figures_without_any_evidence(tmp_path: Path) -> None:
    found = listed(run_with(tmp_path, json.dumps(GOOD)))
    assert (found.state, found.verdict, found.drill, found.shown) == (State.JUDGED, Verdict.FAIL, "site-loss", "fail")
    assert found.started == datetime.datetime(2026, 11, 23, 16, 30, tzinfo=datetime.UTC)
    assert found.headline == {"rta_s": 19.5, "uploads_lost": 3, "rpo_s": None}
    assert found.checks == {"data-loss": Verdict.FAIL, "capacity": Verdict.PASS}


def test_a_run_without_a_verdict_is_not_judged(tmp_path: Path) -> None:
    found = listed(run_with(tmp_path, None))
    assert (found.state, found.verdict, found.drill, found.shown) == (State.UNJUDGED, None, "site-loss", "not judged")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"schema": "zweit', "verdict.json is damaged: "),
        ("[" * 100_000, "verdict.json is damaged: "),
        ("[]", "verdict.json is damaged: "),
        ('"text"', "verdict.json is damaged: "),
        (json.dumps({**GOOD, "schema": "other/9"}), "verdict.json is damaged: schema 'other/9'"),
        (json.dumps({**GOOD, "verdict": "<script>"}), "verdict.json is damaged: '<script>'"),
        (
            json.dumps({**GOOD, "headline": {"rta_s": "<b>"}}),
            "verdict.json is damaged: a figure of the headline is '<b>'",
        ),
        (json.dumps({**GOOD, "headline": []}), "verdict.json is damaged: "),
        (json.dumps({**GOOD, "checks": [1]}), "verdict.json is damaged: "),
        (json.dumps({name: value for name, value in GOOD.items() if name != "checks"}), "no 'checks'"),
    ],
)
def test_a_damaged_verdict_is_listed_as_such(tmp_path: Path, text: str, why: str) -> None:
    found = listed(run_with(tmp_path, text))
    assert (found.state, found.verdict, found.drill) == (State.DAMAGED, None, "site-loss")
    assert why in found.shown


def test_a_folder_that_is_no_run_is_not_dated(tmp_path: Path) -> None:
    for name in ("notes", "2026-99-23T16-30-00Z_site-loss_7f3a"):
        assert listed(run_with(tmp_path, None, name)).started is None


def test_a_trend_is_of_judged_runs_of_one_drill_and_size_in_their_order(tmp_path: Path) -> None:
    names = [f"2026-11-2{day}T16-30-00Z_site-loss_7f3a" for day in (4, 3)]
    runs = [listed(run_with(tmp_path, json.dumps(GOOD), name)) for name in names]
    runs.append(listed(run_with(tmp_path, None, "2026-11-25T16-30-00Z_site-loss_7f3a")))
    runs.append(listed(run_with(tmp_path, json.dumps({**GOOD, "drill": "quiet"}), "2026-11-22T16-30-00Z_quiet_7f3a")))
    quick = {**GOOD, "headline": {"patients": 6000}}
    runs.append(listed(run_with(tmp_path, json.dumps(quick), "2026-11-22T16-30-00Z_site-loss_7f3a")))
    assert [each.run for each in like(runs, runs[0])] == names[::-1]
    assert like(runs, runs[-1]) == runs[-1:]
