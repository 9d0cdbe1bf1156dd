"""Undo without a lab that answers: one that is gone is tidied away, one that still lives is left alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chaos import undo
from drill import undoing
from results.clock import Clock


@pytest.fixture(name="run")
def _run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that owes an inverse, and whose lab left its folder."""
    monkeypatch.setattr(undoing, "_LABS", tmp_path / "labs")
    run = tmp_path / "2026-11-24T00-00-00Z_site-loss_0000"
    run.mkdir()
    (tmp_path / "labs" / run.name).mkdir(parents=True)
    undo.owe(run, Clock.anchored_now(), "restore-site", {"site": "fra"}, "site-loss on fra")
    return run


def test_a_lab_that_is_gone_is_tidied_away_and_owes_nothing(run: Path) -> None:
    assert undoing.undo_run(run, None) == (["restore-site (its lab is gone)"], [])
    assert not (undoing._LABS / run.name).exists()
    assert undo.owed(run) == []


def test_a_lab_that_only_does_not_answer_is_left_alone_and_still_owed(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undoing, "_GONE_WITHIN_S", 0.3)
    state = undoing._LABS / run.name
    lab = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", str(state)])
    try:
        done, failed = undoing.undo_run(run, None)
    finally:
        lab.kill()
        lab.wait()
    assert done == []
    assert f"its lab does not answer, and is not gone: process {lab.pid}" in failed[0]
    assert state.exists()
    assert len(undo.owed(run)) == 1
