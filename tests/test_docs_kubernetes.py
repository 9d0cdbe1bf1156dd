"""Every command of docs/kubernetes.md is run as written, or named here as one that cannot be."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.kubernetes.manifests import FOLDER, HOME, build, containers, copy_with_files, templates
from tests.deploy.kubernetes.schemas import newest_minors

PAGE = (HOME / "docs" / "kubernetes.md").read_text()
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()]
# what cannot be run: there is neither a cluster nor the means to make one. Their scripts are run with stand-ins by
# tests/deploy/kubernetes/test_raise.py, with these arguments.
WITHOUT_A_CLUSTER = {
    "deploy/kubernetes/up.sh --tag dev",
    "deploy/kubernetes/takeover.sh vitals gra",
    "deploy/kubernetes/down.sh",
    ".venv/bin/zweitherz doctor --target deploy/kubernetes/secrets/made/target.yaml",
    "curl --cacert deploy/kubernetes/secrets/made/ca.pem --resolve vitals.heart.test:8443:127.0.0.1 "
    "https://vitals.heart.test:8443/health/ready",
    "kubectl --kubeconfig deploy/kubernetes/secrets/made/drill.kubeconfig --context gra get pods",
}
# `make setup` is how this suite came to be run; the tests that the last one names are this suite
ELSEWHERE = {"make setup", ".venv/bin/pytest tests/deploy"}
TRIED = [line for line in LINES if line not in WITHOUT_A_CLUSTER | ELSEWHERE]


def test_every_command_is_of_a_kind() -> None:
    assert set(LINES) == WITHOUT_A_CLUSTER | ELSEWHERE | set(TRIED)
    assert TRIED == [
        ".venv/bin/python -m lab.manifest_files deploy/kubernetes/secrets/made",
        "kubectl kustomize deploy/kubernetes/sites/fra",
    ]
    assert "never met a real cluster" in PAGE[:400]


def test_what_needs_no_cluster_is_run_in_its_order(tmp_path: Path) -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    shutil.copytree(FOLDER, tmp_path / "deploy/kubernetes", ignore=shutil.ignore_patterns("made"))
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    for line in TRIED:
        words = shlex.split(line)
        if words[0] == ".venv/bin/python":
            words[0] = sys.executable  # a link to it would not find its packages
        done = subprocess.run(
            words,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(HOME)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
    assert "kind: StatefulSet" in done.stdout


@pytest.mark.parametrize("line", sorted(line for line in WITHOUT_A_CLUSTER if line.startswith("deploy/")))
def test_the_scripts_are_there_and_refuse_where_nothing_is_installed(line: str, tmp_path: Path) -> None:
    """As written, where none of what they need is installed: one line, and 64."""
    copy_with_files(tmp_path / "deploy/kubernetes")
    (tmp_path / "bin").mkdir()
    for name in ("sh", "dirname"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    done = subprocess.run(
        shlex.split(line),
        cwd=tmp_path,
        env={"PATH": str(tmp_path / "bin")},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (64, 1), done.stderr


def test_what_the_page_says_of_files_names_and_ports_is_so() -> None:
    rows = re.findall(r"^\| (`.+?`) \|", PAGE[PAGE.index("| folder of") :], re.M)
    for name in re.findall(r"`([\w/]+)`", " ".join(rows)):
        assert (FOLDER / name).is_dir(), name
    assert "1.35, 1.36 and\n1.37" in PAGE
    assert newest_minors() == ["1.35", "1.36", "1.37"]
    up = (FOLDER / "up.sh").read_text()
    assert "port=844" in up
    assert "port=944" in up
    for name in re.findall(r"`(tests/[\w/.]+)`", PAGE):
        assert (HOME / name).exists()


def test_the_memory_that_it_asks_for_is_what_the_pods_ask_for(tmp_path: Path) -> None:
    """Requests of both sites; what is above them is for six nodes."""
    folder = copy_with_files(tmp_path / "kubernetes")
    asked = sum(
        int(container["resources"]["requests"]["memory"].removesuffix("Mi")) * document["spec"]["replicas"]
        for site in ("fra", "gra")
        for document in build(folder, site)
        for _, template in templates([document])
        for container in containers(template)
        if container in template["spec"]["containers"]
    )
    assert 2500 < asked < 3000
    assert "about 8 GB" in PAGE
