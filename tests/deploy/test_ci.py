"""The workflow files of ``deploy/ci``: linted by their schemas, every line of shell parsed, and the scripts run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from check_jsonschema.builtin_schemas import get_builtin_schema
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from results import run as runs
from results.documents import write_documents
from results.judge import judge
from tests.results.comparison.runs import NEW, OLD, story

HOME = Path(__file__).resolve().parent.parent.parent
CI = HOME / "deploy" / "ci"
SCHEMAS = {"github-actions.yml": "vendor.github-workflows", "gitlab-ci.yml": "vendor.gitlab-ci"}
SCRIPTS = sorted(path.name for path in CI.glob("*.sh"))
CODES = {
    0: "pass",
    1: "fail",
    2: "inconclusive",
    3: "aborted",
    4: "the clean-up failed",
    64: "refused",
    137: "broke off",
}


def read(name: str) -> dict[str, Any]:  # YAML
    return YAML(typ="safe", pure=True).load((CI / name).read_text())


def faults(name: str, document: dict[str, Any]) -> list[str]:
    return [error.message for error in Draft7Validator(get_builtin_schema(SCHEMAS[name])).iter_errors(document)]


def shell_of(name: str) -> Iterator[str]:
    """Every piece of shell in a workflow file."""
    if name == "github-actions.yml":
        yield from (step["run"] for step in read(name)["jobs"]["drill"]["steps"] if "run" in step)
    else:
        job = read(name)["zweitherz"]
        yield from (line for part in ("before_script", "script", "after_script") for line in job[part])


# the files


@pytest.mark.parametrize("name", SCHEMAS)
def test_they_follow_their_schema_and_one_that_does_not_is_seen(name: str) -> None:
    document = read(name)
    assert faults(name, document) == []
    if name == "github-actions.yml":
        document["jobs"]["drill"]["steps"][0]["use"] = "actions/checkout@v4"
    else:
        document["zweitherz"]["artifacts"]["when"] = "sometimes"
    assert faults(name, document)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_line_of_shell_is_one_and_takes_no_text_of_strangers(name: str) -> None:
    lines = list(shell_of(name))
    assert len(lines) >= 5
    for line in lines:
        assert subprocess.run(["bash", "-n"], input=line, text=True, check=False).returncode == 0, line
        assert "${{" not in line, "what a branch is called would be shell"


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_scripts_they_call_are_there(name: str) -> None:
    called = {script for line in shell_of(name) for script in re.findall(r"deploy/ci/(\S+\.sh)", line)}
    assert called == {"drill.sh", "collect.sh", "keep-baseline.sh"}
    for script in SCRIPTS:
        assert os.access(CI / script, os.X_OK)
        assert subprocess.run(["sh", "-n", CI / script], check=False).returncode == 0


def test_the_environment_is_kept_by_the_hash_of_the_lock() -> None:
    steps = read("github-actions.yml")["jobs"]["drill"]["steps"]
    (cache,) = (step["with"] for step in steps if step.get("uses", "").startswith("actions/cache@"))
    assert ".venv" in cache["path"].split()
    assert "hashFiles('requirements.lock'" in cache["key"]
    kept = read("gitlab-ci.yml")["zweitherz"]["cache"][0]
    assert "requirements.lock" in kept["key"]["files"]
    assert ".venv/" in kept["paths"]


def test_what_came_of_a_drill_is_shown_whatever_it_was() -> None:
    steps = read("github-actions.yml")["jobs"]["drill"]["steps"]
    after = steps[[step.get("id") for step in steps].index("drill") + 1 :]
    shown, kept = after[:3], after[3:]
    assert all(step["if"].startswith("always()") for step in shown)
    assert all(step["if"].startswith("success()") and "refs/heads/main" in step["if"] for step in kept)
    job = read("gitlab-ci.yml")["zweitherz"]
    assert job["artifacts"]["when"] == "always"
    assert job["artifacts"]["reports"] == {
        "junit": "results/ci/junit.xml",
        "codequality": "results/ci/gl-code-quality.json",
    }


# the scripts, in a folder that looks like the clone


STUB = """#!/bin/sh
# `drill` ends as the test wants it to, and leaves a run as a drill does; every other command is the real one
[ "$1" = drill ] || exec {real} "$@"
echo "$@" >>drills
[ -z "$STORY" ] || ln -sfn "runs/$STORY" results/latest
exit "$CODE"
"""


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two judged runs: read them, do not change them."""
    folder = tmp_path_factory.mktemp("stories")
    for name in (OLD, NEW):
        run = story(folder / name).write(folder / name)
        write_documents(run, judge(run))
    return folder


@pytest.fixture
def place(tmp_path: Path, stories: Path) -> Path:
    for name in ("deploy", "chaos", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).symlink_to(HOME / name)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "plan.py").symlink_to(HOME / "results" / "plan.py")
    shutil.copytree(stories, tmp_path / "results" / "runs")
    stub = tmp_path / ".venv" / "bin" / "zweitherz"
    stub.parent.mkdir(parents=True)
    stub.write_text(STUB.format(real=HOME / ".venv/bin/zweitherz"))
    stub.chmod(0o755)
    return tmp_path


def run(
    place: Path, line: str, *, code: int = 0, run: str = NEW, **environment: str
) -> subprocess.CompletedProcess[str]:
    """As GitHub runs a step: bash, which ends with the first command that fails."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "CI"))}
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", line],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**inherited, "DRILL": "site-loss --quick", "CODE": str(code), "STORY": run, **environment},
    )


DRILL, COLLECT, KEEP = "deploy/ci/drill.sh $DRILL", "deploy/ci/collect.sh", "deploy/ci/keep-baseline.sh $DRILL"


def test_these_lines_are_those_of_the_files() -> None:
    for name in SCHEMAS:
        shell = "\n".join(shell_of(name))
        assert all(line in shell for line in (DRILL, COLLECT, KEEP))


@pytest.mark.parametrize(("code", "said"), CODES.items())
def test_every_exit_code_is_kept_apart_and_said_in_words(place: Path, code: int, said: str) -> None:
    output = place / "output"
    done = run(place, DRILL, code=code, GITHUB_OUTPUT=str(output))
    assert done.returncode == code
    assert f"zweitherz: exit code {code}, {said}" in done.stdout
    assert output.read_text() == f"exit_code={code}\n"
    assert (place / "drills").read_text() == "drill site-loss --quick --plain\n"
    assert "no baseline for this machine and this drill: nothing is compared" in done.stdout


def test_a_run_is_collected_and_shown_on_the_page_of_the_job(place: Path) -> None:
    assert run(place, DRILL, code=1).returncode == 1
    page = place / "page.md"
    done = run(place, COLLECT, GITHUB_STEP_SUMMARY=str(page), GITHUB_ACTIONS="true")
    assert done.returncode == 0, done.stderr
    out = place / "results" / "ci"
    assert page.read_text() == (out / "summary.md").read_text() == (place / "results/latest/summary.md").read_text()
    assert page.read_text().startswith("# PASS: story\n")
    assert ET.parse(out / "junit.xml").getroot().tag == "testsuites"  # noqa: S314 - our own
    assert json.loads((out / "gl-code-quality.json").read_text()) == []
    with tarfile.open(out / "evidence.tar") as pack:
        assert f"{NEW}/MANIFEST.sha256" in pack.getnames()
    assert not (out / "comparison.json").exists()


def test_what_is_not_green_is_annotated(place: Path) -> None:
    (place / "results/runs" / NEW / "timeline.jsonl").open("a").write("{}\n")
    run(place, DRILL, code=2)
    done = run(place, COLLECT, GITHUB_ACTIONS="true")
    assert done.returncode == 0, done.stderr
    assert "::warning title=story%3A evidence::inconclusive: timeline.jsonl: changed since the run ended" in done.stdout
    report = json.loads((place / "results/ci/gl-code-quality.json").read_text())
    assert "evidence" in {each["check_name"] for each in report}
    assert (place / "results/ci/evidence.tar").exists(), "a run that is not whole is evidence as well"


@pytest.mark.parametrize("before", ["", OLD])
def test_a_drill_that_was_refused_does_not_show_an_older_run(place: Path, before: str) -> None:
    if before:
        (place / "results/latest").symlink_to(f"runs/{before}")
    assert run(place, DRILL, code=64, run="").returncode == 64
    page = place / "page.md"
    assert run(place, COLLECT, GITHUB_STEP_SUMMARY=str(page), GITHUB_ACTIONS="true").returncode == 0
    assert page.read_text().startswith("# No run: the drill was refused")
    assert not (place / "results/ci/junit.xml").exists()


@pytest.mark.parametrize("before", ["", OLD])
def test_without_any_drill_there_is_nothing_to_show(place: Path, before: str) -> None:
    """GitLab collects after a set-up that failed, too."""
    if before:
        (place / "results/latest").symlink_to(f"runs/{before}")
    assert run(place, COLLECT).returncode == 0
    assert (place / "results/ci/summary.md").read_text().startswith("# No run")


def test_a_kept_run_is_the_baseline_of_the_next_of_its_like(place: Path) -> None:
    run(place, DRILL)
    assert run(place, KEEP).returncode == 0
    for changed, expected in (
        ({}, True),
        ({"DRILL": "quiet --quick"}, False),
        ({"ZWEITHERZ_NEW_BASELINE": "1"}, False),
    ):
        (place / "drills").unlink()
        run(place, DRILL, **changed)
        given = re.search(r"--baseline (\S+) --plain", (place / "drills").read_text())
        assert (given is not None) is expected
        if given:
            assert given[1].startswith("results/baseline/")
            assert runs.find(str(place / given[1])).name == NEW, "it keeps its name, by which its evidence is judged"


def test_baselines_of_others_are_kept_up_to_four(place: Path) -> None:
    for number in range(6):
        folder = place / "results/baseline" / f"other-{number}" / OLD
        folder.mkdir(parents=True)
        os.utime(folder.parent, (number, number))
    run(place, DRILL)
    assert run(place, KEEP).returncode == 0
    kept = {path.name for path in (place / "results/baseline").iterdir()}
    assert {"other-3", "other-4", "other-5"} < kept
    assert len(kept) == 4


def test_a_fingerprint_is_of_the_drill_too(place: Path) -> None:
    made = [run(place, f"deploy/ci/fingerprint.sh {drill}").stdout for drill in ("quiet", "quiet", "quiet --quick")]
    assert re.fullmatch(r"[0-9a-f]{16}\n", made[0])
    assert made[0] == made[1] != made[2]
    assert run(place, "deploy/ci/fingerprint.sh no-such-drill").returncode != 0
