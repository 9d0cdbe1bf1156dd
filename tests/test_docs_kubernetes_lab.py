"""Every command of docs/kubernetes-lab.md, in its order, on a lab that speaks Kubernetes."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from lab import launch
from lab.model import Options
from tests.lab.kubernetes.speaking import needs_kubectl

HOME = Path(__file__).resolve().parent.parent
PAGE = (HOME / "docs" / "kubernetes-lab.md").read_text()
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()]
# brought up by the test itself, so that it can be where no other lab is; drills are run by tests/drill
UP, ENVIRONMENT, DRILL = LINES[0], LINES[1], 'make drill ARGS="--quick --set lab.kubernetes=true"'


def test_the_page_begins_with_a_lab() -> None:
    assert (UP, ENVIRONMENT) == (".venv/bin/zweitherz lab up --kubernetes", "export KUBECONFIG=.lab/kubeconfig")
    assert DRILL in LINES
    dry = subprocess.run([*shlex.split(DRILL), "--dry-run"], cwd=HOME, capture_output=True, timeout=60, check=False)
    assert dry.returncode == 0


@pytest.mark.lab
@needs_kubectl
def test_its_commands_do_what_the_page_says(tmp_path: Path) -> None:
    (policy,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    (tmp_path / "deny-all.yaml").write_text(policy)
    state = tmp_path / ".lab"
    # without the cluster that watches, and with a runbook that waits: what is tried here is what is typed
    launch.up(Options(state=state, tools=False, takeover="perform", kubernetes=True), die_with_caller=True)
    try:
        said = {line: _run(line, tmp_path) for line in LINES if line not in (UP, ENVIRONMENT, DRILL)}
    finally:
        launch.down(state)
    assert len(said) == 5
    assert "postgres-0" in said["kubectl --context fra get pods"]
    assert said["kubectl --context fra delete pod -l app=vitals"].count("deleted") == 2
    assert "drained" in said["kubectl --context fra drain fra-node-0"]
    assert "deny-all created" in said["kubectl --context gra apply -f deny-all.yaml"]
    assert "fault site-loss" in said[".venv/bin/zweitherz doctor --target .lab/target.yaml"]


def _run(line: str, folder: Path) -> str:
    words = shlex.split(line)
    if words[0] == ".venv/bin/zweitherz":
        words[:1] = [sys.executable, "-m", "drill.cli"]
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "KUBECONFIG": ".lab/kubeconfig", "PYTHONPATH": str(HOME)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{line}: {done.stdout[-500:]} {done.stderr[-500:]}"
    return done.stdout
