"""A drill that gets SIGKILL: nothing outlives it, undo repairs and tidies; and what would be left is seen."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from drill.proof import killed as module
from drill.proof.killed import killed

pytestmark = pytest.mark.drill


def _seed(low: float, high: float) -> int:
    """The first seed whose moment lies between these seconds."""
    return next(seed for seed in range(1000) if low < random.Random(seed).uniform(0.5, 40.0) < high)  # noqa: S311


def test_nothing_outlives_a_drill_that_is_killed_under_load_and_undo_tidies(tmp_path: Path) -> None:
    row = killed(_seed(2, 6), tmp_path, begun="timeline/chaos.jsonl")
    assert row.false == ()
    (run,) = (tmp_path / "runs").glob("2*")
    assert not (run / "verdict.json").exists(), "it did not end by itself"


def test_what_is_left_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GONE_WITHIN_S", 0.5)
    run = tmp_path / "runs" / "2026-11-24T00-00-00Z_site-loss_0000"
    run.mkdir(parents=True)
    stray = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", str(run)])
    try:
        environment = {**os.environ, "ZWEITHERZ_RESULTS": str(tmp_path)}
        wrong = module._repaired(run, [sys.executable, "-m", "drill.cli"], environment)
    finally:
        stray.kill()
        stray.wait()
    assert any(str(stray.pid) in line for line in wrong)
