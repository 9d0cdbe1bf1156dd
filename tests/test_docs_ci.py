"""Every command of docs/ci.md and docs/compare.md works as written; every word of the price table is a key of the example."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from results import run as runs
from results.comparison.prices import Prices
from results.documents import write_documents
from results.judge import judge
from tests.results.comparison.runs import NEW, OLD, story

HOME = Path(__file__).resolve().parent.parent
PAGES = {name: (HOME / "docs" / name).read_text() for name in ("ci.md", "compare.md")}
LINES = [
    line.partition("#")[0].strip()
    for page in PAGES.values()
    for block in re.findall(r"```sh\n(.*?)```", page, re.S)
    for line in block.splitlines()
]
OF_DRILLS = [line for line in LINES if "zweitherz drill" in line]
OF_RUNS = [line for line in LINES if re.search(r"zweitherz (annotate|compare)", line)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like the clone, with two runs."""
    folder = tmp_path_factory.mktemp("place")
    for name in (".venv", "deploy"):
        (folder / name).symlink_to(HOME / name)
    for name in (OLD, NEW):
        run = story(folder / "results/runs" / name).write(folder / "results/runs" / name)
        write_documents(run, judge(run))
    (folder / "results/latest").symlink_to(f"runs/{NEW}")
    return folder


def run(line: str, place: Path) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if key != runs.VARIABLE}
    words = [{"OLD": OLD, "NEW": NEW}.get(word, word) for word in shlex.split(line)]
    return subprocess.run(
        words,
        cwd=place,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**inherited, "PYTHONPATH": str(HOME)},
    )


def test_every_command_is_of_a_kind_that_is_tried() -> None:
    assert sorted(LINES) == sorted([*OF_DRILLS, *OF_RUNS])
    assert (len(OF_DRILLS), len(OF_RUNS)) == (3, 7)


@pytest.mark.parametrize("line", OF_RUNS)
def test_stored_runs(place: Path, line: str) -> None:
    done = run(line, place)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]


@pytest.mark.parametrize("line", OF_DRILLS)
def test_drills_are_understood_up_to_the_first_question(place: Path, line: str) -> None:
    """Drills themselves are run by tests/drill."""
    done = run(f"{line} --set load.rate=none", place)
    assert (done.returncode, "load.rate" in done.stderr) == (64, True), done.stderr


def test_the_price_table_names_every_price_of_the_file() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", PAGES["compare.md"], re.M))
    assert named == set(Prices.model_fields) - {"schema_", "name", "currency", "date"}


def test_the_files_that_the_pages_name_are_there() -> None:
    for page in PAGES.values():
        for name in re.findall(r"`(deploy/(?:ci|prices)/[\w.-]+)`", page):
            assert (HOME / name).is_file(), name
        for name in re.findall(r"\]\((\w+\.md)\)", page):
            assert (HOME / "docs" / name).is_file(), name
