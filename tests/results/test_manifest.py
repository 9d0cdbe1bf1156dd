from __future__ import annotations

from pathlib import Path

import pytest

from results.manifest import MANIFEST, damaged, digest, read_manifest, write_manifest


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "d"
    folder.mkdir()
    for name in ("a.txt", "plan.yaml", "b.txt"):
        (folder / name).write_text(name)
    write_manifest(folder)
    return folder


def test_it_tells_what_changed_what_is_gone_and_leaves_out_what_is_derived(run: Path) -> None:
    assert damaged(run) == []
    (run / "verdict.json").write_text("{}")
    assert damaged(run) == []
    (run / "a.txt").write_text("A")
    (run / "b.txt").unlink()
    assert damaged(run) == ["a.txt: changed since the run ended", "b.txt: missing"]


def test_the_plan_stands_first_after_the_time_it_was_put_on_record(run: Path) -> None:
    listed = read_manifest(run)
    assert list(listed.digests) == ["plan.yaml", "a.txt", "b.txt"]
    assert listed.remarks[:2] == ("zweitherz/manifest/1", "run d")
    assert listed.remarks[2].startswith("plan.yaml is not on record before the run's end: No such file")


def test_an_edited_manifest_is_told_and_none_at_all_as_well(run: Path) -> None:
    text = (run / MANIFEST).read_text()
    (run / "a.txt").write_text("A")
    (run / MANIFEST).write_text(text.replace(read_manifest(run).digests["a.txt"], digest(run / "a.txt")))
    assert damaged(run) == [f"{MANIFEST}: line 9: the chain is broken there (changed, removed or moved)"]
    (run / MANIFEST).write_bytes(b"\xff\n")
    assert damaged(run) == [f"{MANIFEST}: not text (invalid start byte)"]
    (run / MANIFEST).unlink()
    assert damaged(run) == [f"{MANIFEST}: missing"]


def test_manifests_of_older_runs_count_on(run: Path) -> None:
    (run / MANIFEST).write_text(f"{digest(run / 'a.txt')}  a.txt\n")
    assert damaged(run) == []
    (run / "a.txt").write_text("A")
    assert damaged(run) == ["a.txt: changed since the run ended"]
