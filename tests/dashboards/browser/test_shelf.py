"""The list reads each verdict once, and nothing else of a run."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from pathlib import Path

from dashboards.browser.app import browser
from dashboards.browser.shelf import Shelf
from results.listing import State
from tests.dashboards.browser.asking import ask
from tests.dashboards.browser.samples import name_of, verdict, write_run


def test_newest_first_and_each_verdict_is_read_once(home: Path) -> None:
    for number in range(5):
        write_run(home, "site-loss", number)
    (home / "runs" / "notes").mkdir()
    shelf = Shelf(home)
    names = [*(name_of("site-loss", number) for number in (4, 3, 2, 1, 0)), "notes"]
    for _ in range(3):
        assert [run.run for run in shelf.runs()] == names
    assert shelf.read == 5


def test_a_verdict_that_was_written_anew_is_read_anew(home: Path) -> None:
    run, other = write_run(home, "site-loss", 0), write_run(home, "site-loss", 1)
    shelf = Shelf(home)
    shelf.runs()
    # same size, and a clock that stands still: the file is another one all the same
    before = (run / "verdict.json").stat()
    draft = run / "verdict.json.part"
    draft.write_text((run / "verdict.json").read_text().replace('"pass"', '"fail"'))
    os.utime(draft, ns=(before.st_atime_ns, before.st_mtime_ns))
    draft.replace(run / "verdict.json")
    assert [each.shown for each in shelf.runs()] == ["pass", "fail"]
    assert shelf.read == 3
    (other / "verdict.json").unlink()
    assert [each.state for each in shelf.runs()] == [State.UNJUDGED, State.JUDGED]


def test_a_run_that_is_gone_is_forgotten(home: Path) -> None:
    run = write_run(home, "site-loss", 0)
    shelf = Shelf(home)
    assert len(shelf.runs()) == 1
    (run / "verdict.json").unlink()
    run.rmdir()
    assert shelf.runs() == []


def test_links_are_no_runs_and_no_verdicts(home: Path) -> None:
    run = write_run(home, "site-loss", 0)
    (home / "runs" / name_of("linked", 1)).symlink_to(run)
    (run / "verdict.json").rename(home / "elsewhere.json")
    (run / "verdict.json").symlink_to(home / "elsewhere.json")
    (found,) = Shelf(home).runs()
    assert (found.run, found.state) == (run.name, State.DAMAGED)


def test_no_folder_no_runs(tmp_path: Path) -> None:
    assert Shelf(tmp_path / "nothing").runs() == []


def test_a_list_of_many_runs_opens_no_file_twice_and_no_history(home: Path) -> None:
    """What makes 1,000 runs quick is a count, not a stopwatch: warm, a list opens the newest verdict alone."""
    for number in range(200):
        run = write_run(home, "site-loss", number)
        (run / "history").mkdir()
        (run / "history" / "worker-000.parquet").write_bytes(b"never read")
    app = browser(home).app
    opened: list[str] = []
    watching = True

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event == "open" and (str(home) in str(arguments[0]) or arguments[0] == "verdict.json"):
            opened.append(Path(str(arguments[0])).name)

    sys.addaudithook(note)  # stays for ever, so it is told when to look away
    newest = name_of("site-loss", 199)
    try:
        assert ask(app, "/").status == 200
        cold = Counter(opened)
        opened.clear()
        assert ask(app, "/", query="drill=site-loss").status == 200
        warm = Counter(opened)
    finally:
        watching = False
    # each verdict once, and that of the newest run again for its objectives
    assert cold == {"verdict.json": 201, newest: 1}
    assert warm == {newest: 1, "verdict.json": 1}


def test_a_verdict_with_halves_of_characters_is_shown(home: Path) -> None:
    run = write_run(home, "site-loss", 0)
    (run / "verdict.json").write_text(json.dumps(verdict(run.name, "half \ud800", "fail")))
    (home / "runs" / os.fsdecode(b"raw-\xff")).mkdir()
    answer = ask(browser(home).app, "/")
    assert (answer.status, "half ?" in answer.text, "raw-?" in answer.text) == (200, True, True)
