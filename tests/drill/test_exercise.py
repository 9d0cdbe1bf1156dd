"""What becomes of a drill in which the harness itself fails: nothing of it before it has begun, all of it after that."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from drill import cli
from drill.exercise import DrillBroken, Exercise
from results import run as runs
from results.plan import Plan


@contextlib.contextmanager
def nowhere(*_: Any) -> Iterator[tuple[None, None]]:
    yield None, None


@pytest.fixture(name="begun", params=[False, True])
def _begun(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """A disk that is full, before or after the experiment has begun."""

    def fail(self: Exercise, run: Path, *_: Any) -> None:
        if request.param:
            (run / "timeline" / "chaos.jsonl").touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setenv(runs.VARIABLE, str(tmp_path))
    monkeypatch.setattr(Exercise, "_target", nowhere)
    monkeypatch.setattr(Exercise, "_on_target", fail)
    return bool(request.param)


def test_it_leaves_nothing_or_everything(begun: bool, tmp_path: Path) -> None:
    with pytest.raises(DrillBroken if begun else OSError, match="No space left on device"):
        Exercise(Plan(drill="story"), {}).run()
    left = list((tmp_path / "runs").glob("*_story_*"))
    assert len(left) == begun
    assert all("No space left on device" in (run / "logs/drill.log").read_text() for run in left)


def test_only_one_that_had_not_begun_is_bad_input(begun: bool, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli.app, ["drill", "quiet", "--quick", "--plain"])
    assert done.exit_code == (4 if begun else 64), done.output
    assert len(done.output.strip().splitlines()) == 1
    assert ("zweitherz undo 2" in done.output) is begun
