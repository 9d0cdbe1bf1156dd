"""`zweitherz annotate` on stored runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from drill import cli
from results import run as runs
from tests.results.comparison.runs import OLD
from tests.results.story import green


@pytest.fixture(name="run")
def _run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run with a red check and one that nobody could make."""
    monkeypatch.setenv(runs.VARIABLE, str(tmp_path))
    folder = tmp_path / "runs" / OLD
    story = green(folder)
    story.stored["public-public"].pop()
    for event in story.events:
        if event["kind"] == "readback" and event["data"]["path"] == "public":
            event["data"]["rows"] -= 1
    story.without("tidy")
    return story.write(folder)


def annotate(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["annotate", OLD, *arguments])


def test_github_gets_a_line_for_each_and_the_gate_is_not_here(run: Path) -> None:
    done = annotate()
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert any(line.startswith("::error title=story%3A data-loss::fail: ") for line in lines)
    assert any(line.startswith("::warning title=story%3A cleanliness::inconclusive: ") for line in lines)
    assert all(line.startswith(("::error title=", "::warning title=")) for line in lines)


def test_gitlab_gets_a_report_beside_a_file(run: Path) -> None:
    report = json.loads(annotate("--format", "gitlab", "--where", "deploy/target.yaml").output)
    assert {each["location"]["path"] for each in report} == {"deploy/target.yaml"}
    assert {"data-loss", "cleanliness"} <= {each["check_name"] for each in report}
    assert {each["location"]["path"] for each in json.loads(annotate("--format", "gitlab").output)} == {"plan.yaml"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "jenkins"], "--format 'jenkins': there are github, gitlab"),
        (["--where", "x"], "--where: of --format gitlab"),
    ],
)
def test_bad_input_is_refused_in_one_line(run: Path, arguments: list[str], said: str) -> None:
    done = annotate(*arguments)
    assert (done.exit_code, len(done.output.splitlines())) == (64, 1)
    assert said in done.output
