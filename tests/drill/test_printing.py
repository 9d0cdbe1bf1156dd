"""``zweitherz report``: languages, PDF on demand, and one line where something is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from drill import cli
from lab import servers
from tests.results.story import green


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "2026-11-23T16-30-00Z_story_7f3a"
    return green(folder).write(folder)


def test_a_language_that_there_is_not_is_refused_before_anything_is_drawn(run: Path) -> None:
    done = CliRunner().invoke(cli.app, ["report", str(run), "--lang", "fr"])
    assert (done.exit_code, done.stderr) == (64, "zweitherz: --lang 'fr': there are en, de\n")
    assert not list(run.glob("report.*"))


def test_without_a_browser_one_line_says_what_to_run(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_find", lambda name: None)
    done = CliRunner().invoke(cli.app, ["report", str(run), "--pdf"])
    assert done.exit_code == 64
    assert done.stderr.count("\n") == 1
    assert "run 'python -m lab.servers chromium'" in done.stderr
    assert not list(run.glob("report.*"))


def test_prices_that_are_not_there_are_refused(run: Path) -> None:
    done = CliRunner().invoke(cli.app, ["report", str(run), "--prices", str(run / "prices.yaml")])
    assert done.exit_code == 64
    assert "prices.yaml: No such file" in done.stderr


def test_german_by_the_command_line(run: Path) -> None:
    done = CliRunner().invoke(cli.app, ["report", str(run), "--lang", "de"])
    assert done.exit_code == 0, done.stderr
    assert 'lang="de"' in (run / "report.de.html").read_text()
    assert (run / "report.json").exists()
