"""Every command of docs/scale.md works as written, and its tables are what the commands say."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from drill.scale import agreement, costs, report

HOME = Path(__file__).resolve().parent.parent
PAGE = (HOME / "docs" / "scale.md").read_text()
LINES = [
    line.partition("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    for line in block.splitlines()
    if line.partition("#")[0].strip()
]


@pytest.mark.parametrize("line", LINES)
def test_a_command_works(line: str, tmp_path: Path) -> None:
    if line.endswith("measure"):
        line += f" --quick --out {tmp_path / 'measured.json'}"  # as long as it is, it would be a quarter of an hour
    done = subprocess.run(shlex.split(line), cwd=HOME, capture_output=True, text=True, timeout=220, check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
    if "--out" in line:
        assert len(costs.read(tmp_path / "measured.json").rounds) == 1


def test_there_are_four_commands() -> None:
    assert len(LINES) == 4


def test_measured_beside_simulated_is_as_the_command_says_it() -> None:
    assert agreement.table(agreement.compare(costs.read())) in PAGE


def test_the_needs_are_as_the_command_says_them() -> None:
    assert report.page(costs.read()) in PAGE
