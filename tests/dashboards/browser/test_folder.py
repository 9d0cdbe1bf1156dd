"""Names lead to what lies in the results folder, and to nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dashboards.browser.folder import NotThere, entries, open_file, read_file, run_folder


@pytest.fixture
def run(home: Path) -> Path:
    folder = home / "runs" / "one"
    (folder / "plots").mkdir(parents=True)
    (folder / "summary.md").write_text("summary")
    (folder / "plots" / "latency.png").write_bytes(b"png")
    (folder / "draft.part").write_text("half")
    (home / "secret").write_text("secret")
    (folder / "link").symlink_to(home / "secret")
    (folder / "out").symlink_to(home)
    (folder / ".hidden").write_text("hidden")
    os.mkfifo(folder / "pipe")
    (home / "runs" / "linked").symlink_to(folder)
    (home / "runs" / "file").write_text("no folder")
    return folder


def test_a_run_and_its_files_are_found(home: Path, run: Path) -> None:
    assert run_folder(home, "one") == run
    assert read_file(run, "summary.md", 100) == b"summary"
    assert read_file(run, "plots/latency.png", 100) == b"png"


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../runs/one", "one/", "/etc", "linked", "file", "nothing", "one\0", "one\n", "x" * 300, "\ud800"],
)
def test_a_name_that_is_no_run_of_this_folder_is_not_there(home: Path, run: Path, name: str) -> None:
    with pytest.raises(NotThere):
        run_folder(home, name)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../../secret", "plots/../../../secret", "/etc/passwd", "plots//latency.png", "plots/"),
        *("link", "out/secret", ".hidden", "pipe", "plots", "nothing", "summary.md/x", "a\0b", "x" * 300),
    ],
)
def test_a_name_that_leads_elsewhere_is_not_there(run: Path, name: str) -> None:
    with pytest.raises(NotThere):
        open_file(run, name)


def test_a_file_that_is_too_large_is_not_read(run: Path) -> None:
    with pytest.raises(NotThere, match=r"summary\.md: more than 3 bytes"):
        read_file(run, "summary.md", 3)


def test_files_are_listed_without_links_drafts_pipes_and_hidden_ones(run: Path) -> None:
    listed, count = entries(run)
    assert [(entry.name, entry.size) for entry in listed] == [("summary.md", 7), ("plots/latency.png", 3)]
    assert count == 2


def test_a_folder_with_very_many_files_says_how_many(run: Path) -> None:
    for number in range(600):
        (run / "plots" / f"{number:03}.txt").touch()
    listed, count = entries(run)
    assert (len(listed), count) == (500, 602)


def test_no_descriptor_is_left_open(run: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for name in ("link", "pipe", "plots", "plots/nothing", "out/secret"):
        with pytest.raises(NotThere):
            open_file(run, name)
    assert len(os.listdir("/proc/self/fd")) == before
