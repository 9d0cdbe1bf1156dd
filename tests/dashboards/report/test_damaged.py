"""Damaged and half-written runs get a report that says so, in both languages, and never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dashboards.__main__ import main
from dashboards.report.model import FILE, Missing, read_report
from dashboards.report.writing import write_report
from tests.dashboards.report.conftest import RUN
from tests.results.story import green


def remove(run: Path) -> None:
    for path in sorted(run.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()


def _only_logs_of_the_senders(run: Path) -> None:
    """As a drill that was killed leaves it."""
    remove(run)
    (run / "history" / "log").mkdir(parents=True)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no plan": lambda run: (run / "plan.yaml").unlink(),
    "a plan that is none": lambda run: (run / "plan.yaml").write_text("[1, 2"),
    "no timeline": lambda run: (run / "timeline.jsonl").unlink(),
    "a timeline torn in the middle": lambda run: (run / "timeline.jsonl").write_text('{"t_ns": 1\n{"x": 2}\n'),
    "events without their data": lambda run: (run / "timeline.jsonl").write_text(
        '{"t_ns": 1, "source": "a", "kind": "phase", "subject": "steady"}\n'
        '{"t_ns": "x", "source": "a", "kind": "delivery", "subject": "b"}\n'
    ),
    "a history that is none": lambda run: next((run / "history").glob("*.parquet")).write_bytes(b"PAR1 nothing"),
    "no samples": lambda run: (run / "samples.parquet").unlink(),
    "an environment of another kind": lambda run: (run / "environment.json").write_text('{"target": {"sites": [1]}}'),
    "an environment that is none": lambda run: (run / "environment.json").write_text("[]"),
    "rules that are none": lambda run: (run / "rules" / "alerts.json").write_text('[{"alert": 1}]'),
    "no manifest": lambda run: (run / "MANIFEST.sha256").unlink(),
    "nothing but the senders' logs": _only_logs_of_the_senders,
}


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("pristine") / RUN
    return green(run).write(run)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_has_a_report_that_says_so(damage: str, pristine: Path, tmp_path: Path) -> None:
    run = tmp_path / RUN
    run.mkdir()
    for path in pristine.rglob("*"):
        target = run / path.relative_to(pristine)
        target.mkdir(exist_ok=True) if path.is_dir() else target.write_bytes(path.read_bytes())
    DAMAGES[damage](run)
    page = write_report(run, "de").read_text()
    data = read_report(run / FILE)
    assert data.damage, "the manifest, at least, no longer fits"
    assert "Die Nachweise dieses Laufs sind nicht vollständig" in page
    assert data.verdict != "pass"


def test_what_cannot_be_read_is_named_in_its_place(pristine: Path, tmp_path: Path) -> None:
    run = tmp_path / RUN
    run.mkdir()
    (run / "plan.yaml").write_bytes((pristine / "plan.yaml").read_bytes())
    page = write_report(run).read_text()
    heat = read_report(run / FILE).heat
    assert isinstance(heat, Missing)
    assert "history/*.parquet: missing" in heat.said
    assert page.count('<q lang="en">history/*.parquet: missing</q>') >= 2
    assert "<svg" not in page


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path)]) == 64
    assert "no run" in capsys.readouterr().err


def test_prices_that_cannot_be_read_are_refused(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "prices.yaml").write_text("schema: zweitherz/prices/1\n")
    assert main(["report", str(run), "--prices", str(tmp_path / "prices.yaml")]) == 64
    assert "prices.yaml" in capsys.readouterr().err


def test_a_neighbour_that_is_damaged_does_not_stop_the_trend(pristine: Path, tmp_path: Path) -> None:
    run = tmp_path / RUN
    green(run).write(run)
    neighbour = tmp_path / "2026-11-20T16-30-00Z_story_0009"
    neighbour.mkdir()
    (neighbour / "verdict.json").write_text("{")
    write_report(run)
    trend = read_report(run / FILE).trend
    assert isinstance(trend, Missing)
    assert trend.reason == "first"
