"""The command line: bad input is refused in one line with exit 64, stored runs are judged and drawn again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from results import run as runs
from results.documents import write_documents
from results.judge import judge
from tests.results.story import green

HOME = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


def zweitherz(results: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "drill.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=HOME,
        env={**os.environ, "ZWEITHERZ_RESULTS": str(results), "COLUMNS": "200"},
        timeout=120,
        check=False,
    )


@pytest.fixture
def run(results: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stored run that passes."""
    folder = results / "runs" / "2026-11-23T16-30-00Z_story_7f3a"
    green(folder).write(folder)
    write_documents(folder, judge(folder))
    monkeypatch.setenv("ZWEITHERZ_RESULTS", str(results))
    runs.make_latest(folder)
    return folder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["drill", "site-lost"], "drill 'site-lost': unknown; did you mean site-loss?"),
        (["drill", "none.yaml"], "none.yaml: no such file"),
        (["drill", "--set", "load.rte=5"], "'rte' is unknown; did you mean 'rate'?"),
        (["drill", "--set", "lab.defect=slow"], "defect 'slow': unknown"),
        (["drill", "--patients", "0"], "population.patients: Input should be greater than or equal to 1 (found 0)"),
        (["drill", "--target", "none.yaml"], "none.yaml: No such file or directory"),
        (["drill", "--lang", "fr"], "--lang 'fr': there are en, de"),
        (["drill", "--fast"], "No such option"),
        (["drill", "--baseline", "latest"], "run 'latest': there is no run"),
        (["drill", "--random", "7", "--baseline", "latest"], "leave out --target, --set and --baseline"),
        (["judge", "1999"], "run '1999': unknown"),
        (["annotate", "1999"], "run '1999': unknown"),
        (["compare", "1999"], "run '1999': unknown"),
        (["compare", "1999", "--prices", "none.yaml"], "none.yaml: No such file or directory"),
        (["report"], "run 'latest': there is no run"),
        (["lab", "status", "--state", "nowhere"], "no lab is up in nowhere"),
        (["lab", "up", "--replication", "semi"], "--replication 'semi': must be sync or async"),
        (["pack", "1999"], "run '1999': unknown"),
        (["verify", "none.tar"], "none.tar: No such file or directory"),
        (["nothing"], "No such command 'nothing'"),
    ],
)
def test_bad_input_is_refused_in_one_line(results: Path, arguments: list[str], message: str) -> None:
    done = zweitherz(results, *arguments)
    assert done.returncode == 64, done.stderr
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (results / "runs").exists(), "a refused drill leaves no run"


def test_a_run_is_judged_again_byte_for_byte(results: Path, run: Path) -> None:
    before = (run / "verdict.json").read_bytes()
    done = zweitherz(results, "judge", "latest")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("PASS  Drill story passed: service restored after 5.0 s")
    assert (run / "verdict.json").read_bytes() == before
    assert zweitherz(results, "judge", "2026", "--json").stdout.encode() == before


def test_a_run_whose_evidence_was_touched_is_inconclusive(results: Path, run: Path) -> None:
    (run / "timeline.jsonl").write_bytes((run / "timeline.jsonl").read_bytes() + b"{}\n")
    done = zweitherz(results, "judge")
    assert done.returncode == 2
    assert "timeline.jsonl" in done.stdout


def test_a_run_is_packed_and_its_pack_verified(results: Path, run: Path, tmp_path: Path) -> None:
    file = tmp_path / "story.tar"
    done = zweitherz(results, "pack", "latest", "--out", str(file))
    assert (done.returncode, done.stdout.startswith(f"{file}: ")) == (0, True), done.stderr
    assert zweitherz(results, "pack", "latest", "--out", str(file)).returncode == 64, "not written over"
    shown = zweitherz(results, "verify", str(file))
    assert (shown.returncode, shown.stdout.splitlines()[0]) == (0, f"AUTHENTIC  {run.name}")
    assert json.loads(zweitherz(results, "verify", str(file), "--json").stdout)["answer"] == "authentic"
    touched = bytearray(file.read_bytes())
    touched[touched.index(b"drill: story")] ^= 1
    file.write_bytes(touched)
    done = zweitherz(results, "verify", str(file))
    assert (done.returncode, "plan.yaml: changed" in done.stdout) == (1, True)


def test_a_run_that_is_not_whole_is_packed_only_when_asked_for(results: Path, run: Path, tmp_path: Path) -> None:
    (run / "verdict.json").unlink()
    refused = zweitherz(results, "pack", "--out", str(tmp_path / "x.tar"))
    assert (refused.returncode, len(refused.stderr.splitlines())) == (64, 1)
    assert "not judged yet" in refused.stderr
    done = zweitherz(results, "pack", "--out", str(tmp_path / "x.tar"), "--incomplete")
    assert (done.returncode, "INCOMPLETE" in done.stdout) == (0, True)
    assert zweitherz(results, "verify", str(tmp_path / "x.tar")).returncode == 2


def test_the_report_is_one_file_that_loads_nothing(results: Path, run: Path) -> None:
    done = zweitherz(results, "report", run.name)
    assert done.returncode == 0, done.stderr
    page = (run / "report.en.html").read_text()
    assert "If data centre fra fails, patients are without good service for 5" in page
    assert page.count('<svg role="img"') > 5
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page
    assert (run / "report.en.html").stat().st_size < 3_000_000
    assert json.loads((run / "report.json").read_text())["schema"] == "zweitherz/report/1"


def test_what_is_rendered_is_escaped(results: Path, run: Path) -> None:
    events = (run / "timeline.jsonl").read_text().replace('"lose-site"', '"x"')
    journal = json.loads((run / "journal.json").read_text())
    journal["run"][0] |= {"status": "failed", "activity": {"name": "<script>alert(1)</script>"}}
    (run / "journal.json").write_text(json.dumps(journal))
    (run / "timeline.jsonl").write_text(events)
    zweitherz(results, "report")
    page = (run / "report.en.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_runs_and_drills_are_listed(results: Path, run: Path) -> None:
    assert zweitherz(results, "runs").stdout == f"{run.name}  pass\n"
    assert json.loads(zweitherz(results, "runs", "--json").stdout) == [{"run": run.name, "verdict": "pass"}]
    assert "site-loss" in zweitherz(results, "list").stdout


def test_undo_settles_what_a_dead_lab_owed(results: Path, run: Path) -> None:
    assert "nothing is owed" in zweitherz(results, "undo").stdout
    (run / "undo.jsonl").write_text((run / "undo.jsonl").read_text().splitlines()[0] + "\n")
    assert "1 of 1 inverses carried out" in zweitherz(results, "undo").stdout
    assert "nothing is owed" in zweitherz(results, "undo").stdout


def test_doctor_names_everything_a_lab_needs(results: Path) -> None:
    done = zweitherz(results, "doctor", "--json")
    assert done.returncode == 0, done.stdout
    subjects = {remark["subject"]: remark for remark in json.loads(done.stdout)}
    assert {"user namespaces", "netem", "postgres", "haproxy", "knotd", "unbound", "file descriptors", "disk"} <= set(
        subjects
    )
    assert all(remark["remedy"] for remark in subjects.values() if remark["level"] != "ok")


def test_help_reads_like_a_manual_page(results: Path) -> None:
    shown = zweitherz(results, "--help").stdout
    for command in (
        "drill",
        "judge",
        "compare",
        "annotate",
        "pack",
        "verify",
        "report",
        "runs",
        "undo",
        "doctor",
        "list",
        "lab",
    ):
        assert command in shown
    assert "Exit codes" in shown
