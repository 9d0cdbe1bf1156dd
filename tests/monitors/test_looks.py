"""Each monitor on a real lab: content with a healthy service, and told apart what is wrong with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from lab import pki
from tests.lab.running import RunningLab

HOME = Path(__file__).resolve().parent.parent.parent
Change = Callable[[dict[str, Any]], None]


def once(lab: RunningLab, target: Path) -> tuple[int, dict[str, str]]:
    """Exit code, and per monitor its line (``ok …`` or ``FAIL …``)."""
    done = subprocess.run(
        [sys.executable, "-m", "monitors", "--target", str(target), "--once"],
        capture_output=True,
        text=True,
        cwd=HOME,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
    return done.returncode, {line[1]: " ".join([line[0], *line[2:]]) for line in lines}


def changed(lab: RunningLab, tmp_path: Path, change: Change) -> Path:
    """The lab's target with something wrong in it."""
    whole = YAML(typ="safe").load(lab.up.target.read_text())
    change(whole)
    path = tmp_path / "target.yaml"
    with path.open("w") as out:
        YAML().dump(whole, out)
    return path


def test_all_monitors_are_content_with_a_healthy_service(lab: RunningLab) -> None:
    code, found = once(lab, lab.up.target)
    assert code == 0, found
    assert set(found) == {
        *("dns", "http", "certificate", "transaction", "stream", "sentry", "matomo", "prometheus"),
        *("sentry-issues", "sentry-checkins", "matomo-activity", "prometheus-alerts", "replication", "peer"),
        "deployment",
    }
    assert all(line.startswith("ok") for line in found.values())
    assert "upload_ms" in found["transaction"]
    assert "reconnects 0.0" in found["stream"]


def test_a_service_that_nobody_serves_is_seen_by_its_monitors_and_not_by_dns(lab: RunningLab, tmp_path: Path) -> None:
    def change(whole: dict[str, Any]) -> None:
        whole["service"]["port"] = 9

    code, found = once(lab, changed(lab, tmp_path, change))
    assert code == 1
    assert found["http"].startswith("FAIL connect")
    assert found["transaction"].startswith("FAIL connect")
    assert found["dns"].startswith("ok")
    assert found["certificate"].startswith("BLIND not seen: connect"), "it shows none: neither good nor bad"


def test_a_certificate_by_another_authority_is_refused(lab: RunningLab, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    pki.make_keys(tmp_path / "other")

    def change(whole: dict[str, Any]) -> None:
        whole["service"]["ca_file"] = str(pki.keys(tmp_path / "other").ca)

    _, found = once(lab, changed(lab, tmp_path, change))
    assert found["certificate"].startswith("FAIL tls")
    assert found["http"].startswith("FAIL tls")


def test_a_service_that_refuses_uploads_is_found_by_the_transaction_alone(lab: RunningLab, tmp_path: Path) -> None:
    wrong = tmp_path / "token.key"
    wrong.write_text("f" * 64)

    def change(whole: dict[str, Any]) -> None:
        whole["secrets"]["token_key_file"] = str(wrong)

    _, found = once(lab, changed(lab, tmp_path, change))
    assert found["http"].startswith("ok")
    assert found["transaction"] == "FAIL upload: status 401"


def test_a_site_that_the_target_has_not_is_refused(lab: RunningLab) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitors", "--target", str(lab.up.target), "--site", "grra"],
        capture_output=True,
        text=True,
        cwd=HOME,
        timeout=60,
        check=False,
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (64, 1)
    assert "--site 'grra': target 'embedded lab' has fra, gra" in done.stderr


def test_a_name_server_that_is_silent_is_named(lab: RunningLab, tmp_path: Path) -> None:
    def change(whole: dict[str, Any]) -> None:
        whole["zone"]["authoritative"][1]["port"] = 9

    _, found = once(lab, changed(lab, tmp_path, change))
    assert found["dns"] == "FAIL no answer from ns2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "none.yaml"], "none.yaml: No such file or directory"),
        (["--target", "x", "--defect", "lazy"], "invalid choice: 'lazy'"),
        ([], "required: --target"),
    ],
)
def test_bad_input_is_refused_in_one_line(arguments: list[str], message: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitors", *arguments],
        capture_output=True,
        text=True,
        cwd=HOME,
        timeout=60,
        check=False,
    )
    assert done.returncode == 64
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
