"""A drill in progress, as its files tell it."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path

import pytest

from dashboards.browser import scene
from drill.view import Scene as TerminalScene
from drill.view import View
from results.plan_file import plan_of, read_experiment
from results.timeline import gather
from tests.dashboards.browser.samples import Drill, write_run


@pytest.fixture
def drill(home: Path) -> Drill:
    return Drill(home)


def test_figures_phase_steps_and_notes_follow_the_files(drill: Drill) -> None:
    assert scene.look(drill.run).phase == "preparing"
    drill.upload()
    drill.phase("warm-up")
    drill.phase("warm-up", "end")
    drill.phase("steady")
    before = scene.look(drill.run)
    assert (before.phase, before.since_fault_s, before.steps) == ("steady", None, ())
    assert (before.figures["ups"], before.figures["acknowledged"], before.patients) == (398.6, 4321, 120000)
    drill.phase("loss")
    drill.step("detect")
    drill.step("fence")
    drill.timeline.write("guard.abort", "stop-file", why="results/STOP exists")
    drill.upload(by_client={"fresh": 0.25, "pinned": 1.0}, failing=12)
    now = scene.look(drill.run)
    assert (now.phase, now.steps, now.moved) == ("loss", ("detect", "fence"), {"fresh": 0.75, "pinned": 0.0})
    assert now.since_fault_s is not None
    assert now.notes == ("stop-file: results/STOP exists",)
    drill.phase("drain", "end")
    assert scene.look(drill.run).phase == "restoring and reading back"
    gather(drill.run)
    assert scene.look(drill.run).phase == "judging"


def test_the_figures_are_those_of_the_terminal(drill: Drill) -> None:
    drill.phase("steady")
    drill.upload(by_client={"fresh": 0.25}, failing=7)
    plan = plan_of(read_experiment(drill.run / "plan.yaml"), "plan.yaml")
    line = View(TerminalScene(plan, drill.run, phase="steady"), plain=True).line()
    now = scene.look(drill.run)
    shown = f"{now.figures['ups']:.0f} uploads/s, {now.figures['acknowledged']} acknowledged, {now.figures['failing']} failing"
    assert shown in line
    assert f"fresh {now.moved['fresh']:.0%}" in line
    assert line.startswith(now.phase)


def test_a_takeover_or_a_lifting_belongs_to_a_drill(home: Path) -> None:
    drill = Drill(home)
    assert "takeover" in scene.look(drill.run).phases
    assert "fault" not in scene.look(drill.run).phases


@pytest.mark.parametrize("text", ["", "{", "[]", '{"ups": "many", "by_client": [1]}', '{"ups": NaN}', "[" * 100_000])
def test_damaged_figures_are_not_known(drill: Drill, text: str) -> None:
    (drill.run / "live" / "loadtests.json").write_text(text)
    now = scene.look(drill.run)
    assert (now.figures["ups"], now.moved) == (None, {})
    json.dumps(now.as_json(), allow_nan=False)


def test_a_damaged_timeline_and_plan_are_said(drill: Drill) -> None:
    with (drill.run / "timeline" / "chaos.jsonl").open("a") as timeline:
        timeline.write("{}\n{}\n")
    (drill.run / "plan.yaml").write_text("[")
    now = scene.look(drill.run)
    assert now.notes[0] == "plan.yaml cannot be read"
    assert now.notes[1].startswith("the timeline cannot be read: chaos.jsonl, line 1")


def test_a_drill_is_in_progress_until_it_has_a_verdict_or_falls_silent(drill: Drill) -> None:
    drill.upload()
    assert scene.is_live(drill.run)
    for path in (drill.run, *drill.run.rglob("*")):
        os.utime(path, (time.time() - 500, time.time() - 500))
    assert not scene.is_live(drill.run)
    assert 499 < scene.silent_s(drill.run) < 600
    drill.upload()
    assert scene.is_live(drill.run)
    drill.judged()
    assert not scene.is_live(drill.run)


def test_what_is_no_drill_is_not_in_progress(home: Path) -> None:
    assert not scene.is_live(write_run(home, "site-loss", 0))
    assert not scene.is_live(home / "runs" / "nothing")
    assert scene.silent_s(home / "runs" / "nothing") == math.inf


@pytest.mark.parametrize(("asked", "name"), [("HALT", "HALT"), ("../STOP", "STOP"), ("/STOP", "STOP"), ("", "STOP")])
def test_a_stop_file_lies_in_the_run(drill: Drill, asked: str, name: str) -> None:
    plan = plan_of(read_experiment(drill.run / "plan.yaml"), "plan.yaml")
    guards = plan.guards.model_copy(update={"stop_file": asked})
    assert scene.stop_name(plan.model_copy(update={"guards": guards})) == name
