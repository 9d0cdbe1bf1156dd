"""While the service is handed over as planned, no runbook takes over what is shut down on purpose."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lab.clusters import MAIN, TOOLS
from lab.model import ServiceFailed
from lab.runbook import underway

HOLDER = """
import sys
from pathlib import Path
from lab.clusters import MAIN
from lab.runbook import underway
with underway.hand_over(Path(sys.argv[1]), MAIN):
    print("under way", flush=True)
    sys.stdin.read()
"""


def test_without_any_hand_over_it_is_calm(tmp_path: Path) -> None:
    assert underway.calm_since(tmp_path, MAIN) == 0


def test_it_is_not_calm_meanwhile_and_another_calm_afterwards(tmp_path: Path) -> None:
    with underway.hand_over(tmp_path, MAIN):
        assert underway.calm_since(tmp_path, MAIN) is None
        assert underway.calm_since(tmp_path, TOOLS) == 0
    first = underway.calm_since(tmp_path, MAIN)
    assert first
    with underway.hand_over(tmp_path, MAIN):
        pass
    assert underway.calm_since(tmp_path, MAIN) not in (first, None)


def test_there_is_one_at_a_time(tmp_path: Path) -> None:
    with (
        underway.hand_over(tmp_path, MAIN),
        pytest.raises(ServiceFailed, match="hand-over of main: another one is under way"),
        underway.hand_over(tmp_path, MAIN),
    ):
        pass


def test_one_that_died_keeps_nobody_still(tmp_path: Path) -> None:
    holder = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "under way\n"
        assert underway.calm_since(tmp_path, MAIN) is None
        process.kill()
    assert underway.calm_since(tmp_path, MAIN) is not None
