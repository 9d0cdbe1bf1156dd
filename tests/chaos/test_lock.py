from __future__ import annotations

from pathlib import Path

import pytest

from chaos import undo
from chaos.lock import TargetBusy, TargetLock
from results.clock import Clock


def made(tmp_path: Path, name: str) -> Path:
    run = tmp_path / name
    run.mkdir()
    return run


def test_one_drill_at_a_time(tmp_path: Path) -> None:
    first, second = made(tmp_path, "first"), made(tmp_path, "second")
    with TargetLock(tmp_path / "t.yaml", first), pytest.raises(TargetBusy, match=r"a drill is running .*\(run first\)"):
        TargetLock(tmp_path / "t.yaml", second)
    TargetLock(tmp_path / "t.yaml", second).release()


def test_what_a_crashed_drill_owes_is_said_until_it_is_settled(tmp_path: Path) -> None:
    crashed, following = made(tmp_path, "crashed"), made(tmp_path, "following")
    lock = TargetLock(tmp_path / "t.yaml", crashed)
    inverse = undo.owe(crashed, Clock(0, 0), "restore-site", {"site": "fra"}, "x")
    lock.release()
    with pytest.raises(TargetBusy, match="first: zweitherz undo crashed"):
        TargetLock(tmp_path / "t.yaml", following)
    undo.settle(crashed, Clock(0, 0), inverse)
    TargetLock(tmp_path / "t.yaml", following).release()
