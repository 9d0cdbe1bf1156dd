"""Every command of docs/dashboards.md works as written, in the order written; those for Docker are in no block of commands."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
from pathlib import Path

import pytest
import requests

from results import run as runs
from tests.lab.running import RunningLab, eventually
from tests.test_readme import LINES as README_LINES
from tests.test_readme import run

HOME = Path(__file__).resolve().parent.parent.parent
PAGE = (HOME / "docs" / "dashboards.md").read_text(encoding="utf-8")
LINES = [
    line.partition("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    for line in block.splitlines()
]
OF_THE_LAB = [line for line in LINES if re.search("zweitherz lab|locust", line)]
OF_FILES = [line for line in LINES if line not in OF_THE_LAB]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that looks like the clone."""
    for name in (".venv", "loadtests", "monitors"):
        (tmp_path / name).symlink_to(HOME / name)
    (tmp_path / "dashboards" / "prometheus").mkdir(parents=True)
    return tmp_path


def test_files_are_written_as_they_are_committed(place: Path) -> None:
    dashboards = {path: path.read_bytes() for path in (HOME / "dashboards/grafana").glob("*.json")}
    for line in OF_FILES:
        run(line, place)
    assert {path: path.read_bytes() for path in dashboards} == dashboards
    (rules,) = (place / "dashboards/prometheus").iterdir()
    assert rules.read_bytes() == (HOME / "dashboards/prometheus" / rules.name).read_bytes()


@pytest.mark.lab
def test_a_load_test_shows_its_figures_on_the_loopback(place: Path, lab: RunningLab) -> None:
    up, load, down = OF_THE_LAB
    assert {up, down} <= set(README_LINES), "tried there"
    (place / ".lab").symlink_to(lab.folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    words = shlex.split(load.replace("9600", port))

    def shown() -> str:
        try:
            return requests.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
        except requests.ConnectionError:
            return ""

    env = {**os.environ, "PYTHONPATH": str(HOME), runs.VARIABLE: str(place / "results")}
    with (place / "locust.log").open("wb") as log:
        locust = subprocess.Popen(words, cwd=place, stdout=log, stderr=log, env=env)
        try:
            eventually(lambda: "loadtests_patients 1200.0" in shown() or locust.poll() is not None)
            seen = shown()
        finally:
            code = locust.wait(60)
    said = (place / "locust.log").read_text()[-500:]
    assert code == 0, said
    assert "loadtests_patients 1200.0" in seen, said
    assert shown() == "", "it ends with its load test"


def test_files_that_the_page_names_are_there() -> None:
    named = re.findall(r"`((?:dashboards|deploy|loadtests|monitors|lab)/[\w/.-]+)`", PAGE)
    assert len(named) > 5
    assert [name for name in named if not (HOME / name).exists()] == []
