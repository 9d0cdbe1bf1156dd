from __future__ import annotations

from pathlib import Path

import pytest

from chaos import undo
from results.clock import Clock

CLOCK = Clock(1_000, 0)


def owe(run: Path, site: str) -> undo.Inverse:
    return undo.owe(run, CLOCK, "restore-site", {"site": site}, "a test")


def test_an_inverse_is_owed_from_the_moment_it_is_on_disk_until_it_is_settled(tmp_path: Path) -> None:
    inverse = owe(tmp_path, "fra")
    assert undo.owed(tmp_path) == [inverse]
    undo.settle(tmp_path, CLOCK, inverse)
    assert undo.owed(tmp_path) == []


def test_replay_goes_from_the_newest_to_the_oldest_and_is_idempotent(tmp_path: Path) -> None:
    for site in ("a", "b", "c"):
        owe(tmp_path, site)
    order: list[str] = []
    undo.replay(tmp_path, CLOCK, lambda inverse: order.append(inverse.parameters["site"]))
    assert order == ["c", "b", "a"]
    assert undo.replay(tmp_path, CLOCK, lambda _: pytest.fail("nothing is owed any more")) == undo.Replay()


def test_an_inverse_that_fails_stays_owed_and_does_not_stop_the_others(tmp_path: Path) -> None:
    owe(tmp_path, "a")
    owe(tmp_path, "b")

    def carry_out(inverse: undo.Inverse) -> None:
        if inverse.parameters["site"] == "b":
            raise RuntimeError("no\nway")

    replay = undo.replay(tmp_path, CLOCK, carry_out)
    assert [(inverse.parameters["site"], why) for inverse, why in replay.failed] == [("b", "no way")]
    assert [inverse.parameters["site"] for inverse in undo.owed(tmp_path)] == ["b"]


def test_a_line_that_was_cut_off_was_never_owed_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    owe(tmp_path, "a")
    path = tmp_path / undo.NAME
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-5])
    assert len(undo.owed(tmp_path)) == 1
    path.write_bytes(b"{}\n" + whole)
    with pytest.raises(undo.DamagedUndoLog, match=r"undo.jsonl, line 1"):
        undo.owed(tmp_path)
