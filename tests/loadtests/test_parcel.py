"""Files of a worker on their way to its master: all of it, verified, or nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from loadtests.parcel import PIECE, Listed, Receiving, Refused, announced, files_of, names_of, read_piece

CONTENT = bytes(range(256)) * (PIECE // 100)  # two and a half pieces


@pytest.fixture
def sent(tmp_path: Path) -> tuple[Path, Listed]:
    """A worker's run with a history, and how it is announced."""
    run = tmp_path / "worker"
    path = run / names_of(3)[0]
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    (file,) = files_of(run, 3)
    return run, file


def pieces(run: Path, file: Listed) -> list[tuple[int, bytes]]:
    return [(offset, read_piece(run, 3, file.name, offset)) for offset in range(0, file.size, PIECE)]


def receive(run: Path, file: Listed, parts: list[tuple[int, bytes]]) -> None:
    with Receiving(run, file) as receiving:
        for offset, piece in parts:
            receiving.take(offset, piece)
        receiving.finish()


def test_what_arrives_is_what_was_sent(sent: tuple[Path, Listed], tmp_path: Path) -> None:
    run, file = sent
    assert (file.name, file.size) == ("history/log/worker-003.hlog", len(CONTENT))
    assert len(pieces(run, file)) == 3
    receive(tmp_path / "master", file, pieces(run, file))
    assert (tmp_path / "master" / file.name).read_bytes() == CONTENT


def test_an_empty_file_is_a_file(sent: tuple[Path, Listed], tmp_path: Path) -> None:
    run, file = sent
    (run / file.name).write_bytes(b"")
    receive(tmp_path / "master", files_of(run, 3)[0], [])
    assert (tmp_path / "master" / file.name).read_bytes() == b""


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("changed byte", "SHA-256"),
        ("missing piece", "piece at byte 2097152 came, that at 1048576 was due"),
        ("missing end", "2097152 of"),
        ("empty piece", "0 bytes at"),
        ("too much", "of a file that was announced with"),
        ("twice", "is in the run already"),
    ],
)
def test_anything_else_is_refused_by_name_and_leaves_nothing(
    sent: tuple[Path, Listed], tmp_path: Path, how: str, why: str
) -> None:
    run, file = sent
    parts = pieces(run, file)
    master = tmp_path / "master"
    if how == "changed byte":
        parts[1] = (parts[1][0], parts[1][1][:-1] + b"x")
    elif how == "missing piece":
        del parts[1]
    elif how == "missing end":
        del parts[2]
    elif how == "empty piece":
        parts[2] = (parts[2][0], b"")
    elif how == "too much":
        parts[2] = (parts[2][0], parts[2][1] + b"x")
    else:
        receive(master, file, parts)
    with pytest.raises(Refused, match=f"{file.name}: .*{why}"):
        receive(master, file, parts)
    left = [path.name for path in master.rglob("*") if path.is_file()]
    assert left == (["worker-003.hlog"] if how == "twice" else [])


def test_a_worker_gives_its_own_files_only(sent: tuple[Path, Listed]) -> None:
    run, _ = sent
    for name in ("../secret", "plan.yaml", names_of(2)[0]):
        with pytest.raises(Refused, match="not a file of sender-3"):
            read_piece(run, 3, name, 0)


GOOD = [{"name": name, "size": 1, "sha256": "0"} for name in names_of(0)]


def test_the_timeline_comes_last() -> None:
    assert [file.name for file in announced(GOOD[::-1], 0)][-1] == "timeline/loadtests-0.jsonl"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ([*GOOD, {"name": "../../x", "size": 1, "sha256": "0"}], r"\.\./\.\./x: not a file of sender-0"),
        ([*GOOD, GOOD[0]], "or named twice"),
        (GOOD[1:], "history/log/worker-000.hlog: missing"),
        (GOOD[:-1], "timeline/loadtests-0.jsonl: missing"),
        ([{"name": "x"}], "its list of files is none"),
    ],
)
def test_a_list_that_is_none_is_refused(told: list[dict[str, str | int]], why: str) -> None:
    with pytest.raises(Refused, match=why):
        announced(told, 0)


def test_announcements_differ_where_a_file_does(sent: tuple[Path, Listed]) -> None:
    run, file = sent
    (run / file.name).write_bytes(CONTENT[:-1] + b"x")
    (other,) = files_of(run, 3)
    assert other == replace(file, sha256=other.sha256)
    assert other.sha256 != file.sha256
