"""How a drill ends when it is not let to end by itself: asked to stop, and killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.lab.running import eventually

pytestmark = pytest.mark.drill

HOME = Path(__file__).resolve().parent.parent.parent
SMALL = ["--set=population.patients=1200", "--set=load.rate=70", "--set=objectives.at_risk_writes=100"]


def start(results: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "drill.cli", "drill", "--quick", "--plain", *SMALL],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=HOME,
        env={**os.environ, "ZWEITHERZ_RESULTS": str(results)},
    )


def run_of(results: Path) -> Path:
    return eventually(lambda: next(iter((results / "runs").glob("*")), None) if (results / "runs").exists() else None)


def under_load(run: Path) -> bool:
    timeline = run / "timeline/chaos.jsonl"
    return timeline.exists() and '"steady"' in timeline.read_text()


def naming(run: Path) -> list[str]:
    lines = (" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"]))
    return [line for line in lines if run.name in line]


def sender_of(run: Path) -> psutil.Process:
    """The process that sends (not the wrappers that put it into the patients' network)."""
    for process in psutil.process_iter(["cmdline", "exe"]):
        line = process.info["cmdline"] or []
        if "loadtests.sender" in line and any(run.name in part for part in line) and "nsenter" not in line[0]:
            return process
    raise AssertionError(f"no sender of {run.name}")


def test_a_drill_that_is_interrupted_stops_safely_and_writes_what_it_has(tmp_path: Path) -> None:
    drill = start(tmp_path)
    run = run_of(tmp_path)
    eventually(lambda: under_load(run), 60)
    drill.send_signal(signal.SIGINT)
    out, err = drill.communicate(timeout=90)
    assert drill.returncode == 3, err
    verdict = json.loads((run / "verdict.json").read_text())
    found = {check["name"]: check["verdict"] for check in verdict["checks"]}
    assert verdict["verdict"] == "inconclusive", [each for each in verdict["checks"] if each["verdict"] == "fail"]
    assert (found["injection-receipt"], found["evidence"], found["cleanliness"]) == ("inconclusive", "pass", "pass")
    assert verdict["headline"]["uploads_acknowledged"] > 0
    assert verdict["headline"]["uploads_lost"] == 0
    assert "aborted by: stop" in out
    # of a run as a drill leaves it, with what it did not come to
    assert json.loads((run / "report.json").read_text())["run"] == run.name
    assert "report.en.html" in out
    assert naming(run) == []


def test_a_drill_whose_generator_dies_ends_and_is_never_green(tmp_path: Path) -> None:
    drill = start(tmp_path)
    run = run_of(tmp_path)
    eventually(lambda: under_load(run), 60)
    sender_of(run).kill()
    out, err = drill.communicate(timeout=90)
    assert drill.returncode in (2, 3), err
    verdict = json.loads((run / "verdict.json").read_text())
    found = {check["name"]: check for check in verdict["checks"]}
    assert (verdict["verdict"], found["generator-health"]["verdict"]) == ("inconclusive", "inconclusive")
    assert "sender-0 ended early" in found["generator-health"]["why"]
    assert "the load generator has ended" in out + err
    assert naming(run) == []
