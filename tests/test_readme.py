"""Every command of the README works as written, in the order written."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from drill.proof.systems import EXPECTED, quick_systems
from results import run as runs
from results.documents import write_documents
from results.judge import judge
from tests.results.story import green

HOME = Path(__file__).resolve().parent.parent
BLOCKS = re.findall(r"```sh\n(.*?)```", (HOME / "README.md").read_text(), re.S)
LINES = [line.partition("#")[0].strip() for block in BLOCKS for line in block.splitlines()]
OF_THE_LAB = [line for line in LINES if re.search("zweitherz lab|locust|monitors", line)]
OF_A_RUN = [line for line in LINES if re.search(r"zweitherz (report|judge|runs|pack|verify)", line)]
OF_DRILLS = [line for line in LINES if "zweitherz drill" in line]
OF_MAKE = [line for line in LINES if line.startswith("make ")]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that looks like the clone, with a lab and results of its own."""
    for name in (".venv", "loadtests"):
        (tmp_path / name).symlink_to(HOME / name)
    return tmp_path


def run(line: str, place: Path) -> str:
    done = subprocess.run(
        shlex.split(line),
        cwd=place,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(HOME)},
    )
    assert done.returncode == 0, f"{line}: {done.stdout[-500:]}{done.stderr[-500:]}"
    return done.stdout


def test_every_command_is_of_a_kind_that_is_tried() -> None:
    assert sorted(LINES) == sorted([*OF_THE_LAB, *OF_A_RUN, *OF_DRILLS, *OF_MAKE])
    assert min(map(len, (OF_THE_LAB, OF_A_RUN, OF_DRILLS, OF_MAKE))) > 0


@pytest.mark.lab
def test_the_lab_by_hand(place: Path) -> None:
    try:
        for line in OF_THE_LAB:
            # without a page to click on, not for ever, and with fewer patients: small drills share this machine meanwhile
            out = run(f"{line.replace('-u 120000', '-u 6000')} --headless -t 5s" if "locust" in line else line, place)
            if line.endswith("lab up"):
                (curl,) = re.findall(r"curl     (curl .*)", out)
                assert json.loads(run(f"{curl} --silent", place)) == {"status": "ready"}
    finally:
        run(".venv/bin/zweitherz lab down", place)


def test_a_stored_run(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place / "results" / "runs" / "2026-11-23T16-30-00Z_story_7f3a"
    green(folder).write(folder)
    write_documents(folder, judge(folder))
    monkeypatch.setenv(runs.VARIABLE, str(place / "results"))
    runs.make_latest(folder)
    for line in OF_A_RUN:
        assert run(line, place)


def test_drills_parse_their_arguments() -> None:
    """Drills themselves are run by tests/drill; here their command lines are taken up to the first question they ask."""
    for line in OF_DRILLS:
        words = [*shlex.split(line), "--set", "load.rate=none"]
        done = subprocess.run(words, cwd=HOME, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, "load.rate" in done.stderr) == (64, True), done.stderr


def test_make_has_its_targets() -> None:
    for line in OF_MAKE:
        done = subprocess.run(
            [*shlex.split(line), "--dry-run"], cwd=HOME, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr


def test_the_known_bad_systems_are_counted_as_they_are() -> None:
    in_suite = sum(name in EXPECTED for name in quick_systems())
    assert (
        f"{len(EXPECTED)} known-bad systems, {in_suite} of them in the test suite" in (HOME / "README.md").read_text()
    )
