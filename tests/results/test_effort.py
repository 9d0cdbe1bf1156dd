"""What a run took, of the story whose use is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from results.documents import write_documents
from results.effort import effort
from results.judge import judge
from tests.results.comparison.runs import NEW, story


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / NEW
    return story(folder).write(folder)


def test_it_is_counted_from_the_evidence(run: Path) -> None:
    """40 s of 0.1 core by the services, 1 core by the name server, 0.2 core by the sender: 52 s."""
    told = effort(run)
    assert told.core_s == pytest.approx(52)
    assert told.wall_s is not None
    assert told.wall_s >= 40
    names = {"plan.yaml", "timeline.jsonl", "samples.parquet", "MANIFEST.sha256"}
    assert told.evidence_bytes > sum((run / name).stat().st_size for name in names)
    assert told.documents == {}


def test_documents_are_told_by_name_and_folders_as_one(run: Path) -> None:
    write_documents(run, judge(run))
    (run / "plots").mkdir()
    for name in ("a.png", "b.png"):
        (run / "plots" / name).write_bytes(b"12345")
    told = effort(run).documents
    assert told["plots/"] == 10
    assert told["verdict.json"] == (run / "verdict.json").stat().st_size
    assert set(told) == {"plots/", "verdict.json", "junit.xml"}


def test_documents_that_are_written_again_are_the_same(run: Path) -> None:
    judgement = judge(run)
    write_documents(run, judgement)
    before = {name: (run / name).read_bytes() for name in ("summary.md", "junit.xml")}
    write_documents(run, judgement)
    assert {name: (run / name).read_bytes() for name in before} == before


def test_what_the_evidence_cannot_say_is_not_known(run: Path) -> None:
    (run / "samples.parquet").write_bytes(b"no table")
    (run / "timeline.jsonl").unlink()
    told = effort(run)
    assert (told.core_s, told.wall_s) == (None, None)
