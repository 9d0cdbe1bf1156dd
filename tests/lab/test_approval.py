"""A step that waits for a person: the runbook reads who approved, and writes down that it waited."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lab.runbook import approval, journal
from lab.runbook.journal import Journal


def states(state: Path) -> list[tuple[str, str]]:
    return [(line["step"], line["state"]) for line in journal.read(state)]


def test_nobody_is_asked_where_nothing_was_ordered(tmp_path: Path) -> None:
    asyncio.run(approval.wait_for(tmp_path, "dns", Journal(tmp_path, "gra", "main")))
    assert states(tmp_path) == []


def test_a_step_waits_until_somebody_approves_it(tmp_path: Path) -> None:
    approval.ask_for(tmp_path, ["promote", "dns"])

    async def approved_while_it_waits() -> None:
        waiting = asyncio.create_task(approval.wait_for(tmp_path, "dns", Journal(tmp_path, "gra", "main")))
        done, _ = await asyncio.wait([waiting], timeout=0.5)
        assert not done
        approval.give(tmp_path, "dns", "on-call", "looked twice")
        await asyncio.wait_for(waiting, 10)

    asyncio.run(approved_while_it_waits())
    assert states(tmp_path) == [("dns", "waits"), ("dns", "approved")]
    last = journal.read(tmp_path)[-1]
    assert (last["by"], last["reason"]) == ("on-call", "looked twice")
    assert approval.read(tmp_path).missing("promote")
    assert not approval.read(tmp_path).missing("dns")


@pytest.mark.parametrize("steps", [[], ["promote"]])
def test_who_is_asked_anew_has_approved_nothing_yet(tmp_path: Path, steps: list[str]) -> None:
    approval.ask_for(tmp_path, ["dns"])
    approval.give(tmp_path, "dns", "on-call", "yes")
    approval.ask_for(tmp_path, steps)
    assert approval.read(tmp_path) == approval.Approvals(tuple(steps), {})
