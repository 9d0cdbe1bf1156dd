"""A baseline is read, and refused, before the drill begins; `latest` is what is the latest then."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from drill import cli
from drill.baseline import BadBaseline, read_baseline
from drill.commands import drill as drill_command
from results import run as runs
from results.plan_file import plan_of, read_experiment
from tests.drill.passing import Played
from tests.results.comparison.runs import NEW, OLD, shift, story


@pytest.fixture(name="home")
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results with one run, which is the latest."""
    monkeypatch.setenv(runs.VARIABLE, str(tmp_path))
    folder = tmp_path / "runs" / OLD
    story(folder).write(folder)
    runs.make_latest(folder)
    return tmp_path


@pytest.fixture(name="played")
def _played(home: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    """What the command line runs in place of a real exercise."""
    exercise = Played(home)
    monkeypatch.setattr(drill_command, "Exercise", lambda *_, **__: exercise)
    return exercise


def drill(home: Path, *arguments: str) -> Result:
    """The drill that the old run was, once more."""
    return CliRunner().invoke(cli.app, ["drill", str(home / "runs" / OLD / "plan.yaml"), *arguments])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--baseline", "1999"], "zweitherz: run '1999': unknown; the last runs are 2026-"),
        (["--baseline", "latest", "--seed", "2"], f"{OLD} was asked something else: seed: 1 and 2"),
        (["--baseline", OLD, "--rate", "60"], "was asked something else: load.rate: 50.0 and 60.0"),
        (["--across-environments"], "--across-environments: of a comparison; there is none without --baseline"),
    ],
)
def test_a_baseline_that_cannot_serve_is_refused_before_the_drill(
    home: Path, played: Played, arguments: list[str], said: str
) -> None:
    done = drill(home, *arguments)
    assert (done.exit_code, played.begun) == (64, False), done.output
    assert said in done.output
    assert len(done.output.strip().splitlines()) == 1


@pytest.mark.parametrize("name", ["plan.yaml", "timeline.jsonl", "samples.parquet", "MANIFEST.sha256"])
def test_a_damaged_baseline_is_refused_by_its_name(home: Path, name: str) -> None:
    run = home / "runs" / OLD
    plan = plan_of(read_experiment(run / "plan.yaml"), "plan.yaml")
    (run / name).write_bytes((run / name).read_bytes()[:-40])
    with pytest.raises(BadBaseline, match=rf"^--baseline latest: {OLD}: \S"):
        read_baseline("latest", plan)


def test_a_baseline_whose_generator_was_late_is_refused(home: Path) -> None:
    run = home / "runs" / OLD
    plan = plan_of(read_experiment(run / "plan.yaml"), "plan.yaml")
    told = story(run)
    for upload in told.uploads:
        upload.attempts[0].late = 0.2
    shutil.rmtree(run)
    told.write(run)
    with pytest.raises(BadBaseline, match=rf"{OLD}: not a measurement of the service: the generator: lag"):
        read_baseline("latest", plan)


def test_latest_is_the_run_before_the_drill(home: Path, played: Played) -> None:
    done = drill(home, "--baseline", "latest", "--json")
    assert played.begun
    shown = json.loads(done.output)
    assert (runs.find("latest").name, shown["run"]) == (NEW, NEW)
    assert (shown["comparison"]["baseline"], shown["comparison"]["run"]) == (OLD, NEW)
    assert (done.exit_code, shown["exit_code"], shown["comparison"]["verdict"]) == (0, 0, "pass"), shown["comparison"]
    assert json.loads((home / "runs" / NEW / "comparison.json").read_text()) == shown["comparison"]


def test_a_drill_that_passed_and_is_worse_than_its_baseline_fails_with_the_figure(home: Path, played: Played) -> None:
    played.change = lambda told: shift(told, 1.3)
    done = drill(home, "--baseline", OLD)
    assert done.exit_code == 1, done.output
    assert done.output.startswith("PASS  Drill story passed")
    assert f"FAIL  {NEW} against {OLD}: " in done.output
    assert "  ✘ latency_p50_ms/steady" in done.output
    summary = (home / "runs" / NEW / "summary.md").read_text()
    assert summary.startswith("# FAIL: story\n")
    assert "| `latency_p50_ms/steady` | 50 ms (795) | 65 ms (795) |" in summary


def test_another_machine_is_no_pass_unless_told(home: Path, played: Played) -> None:
    played.change = lambda told: told.environment["machine"].update(cpu="Example 4000")
    done = drill(home, "--baseline", OLD)
    assert done.exit_code == 2, done.output
    assert "different environments: processor: Example 3000 and Example 4000" in done.output
    assert drill(home, "--baseline", OLD, "--across-environments").exit_code == 0
