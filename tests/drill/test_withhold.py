"""A document with a patient's value is never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from drill.exercise import make_report
from drill.withhold import withhold
from results import run as runs
from results.canaries import display_name
from results.documents import write_documents
from results.judge import judge
from tests.results.story import green


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "2026-11-23T16-30-00Z_story_7f3a"
    folder.mkdir()
    return folder


def test_clean_documents_stay(run: Path) -> None:
    report = run / "report.en.html"
    report.write_text("all 0 of 1,200 lost")
    assert withhold(run, [report, run / "junit.xml"]) == ""
    assert report.exists()


def test_a_document_with_a_patient_goes_and_the_report_with_it(run: Path) -> None:
    report, junit, summary = (run / name for name in ("report.en.html", "junit.xml", "summary.md"))
    report.write_text("fine")
    junit.write_text(f"<failure>{display_name(runs.tag(run.name), 7)}</failure>")
    summary.write_text("fine")
    assert withhold(run, [report, junit, summary]) == "report withheld: a patient's value in junit.xml (name Kanari…)"
    assert [path.exists() for path in (report, junit, summary)] == [False, False, True]


def test_a_report_that_would_show_a_patient_is_withheld(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    story = green(run)
    write_documents(story.write(run), judge(run))
    assert make_report(run, "en") is not None
    story = green(run)
    story.event("alert", "http@gra", 15, state="raised", why="no answer for p-000017", since_ns=0)
    for made in ("timeline", "history", "telemetry", "readback"):
        for path in sorted((run / made).rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        (run / made).rmdir()
    write_documents(story.write(run), judge(run))
    assert make_report(run, "en") is None
    assert not (run / "report.en.html").exists()
    said = capfd.readouterr().err
    assert said.startswith("report withheld: a patient's value in report.en.html (patient p-0000…)")
    assert "p-000017" not in said
    assert said in (run / "logs/report.log").read_text()
