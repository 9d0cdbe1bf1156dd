"""What `zweitherz list` shows."""

from __future__ import annotations

from pathlib import Path

from drill.catalogue import catalogue

HOME = Path(__file__).resolve().parent.parent.parent
ROWS = {row["drill"]: row for row in catalogue(sorted((HOME / "chaos/experiments").glob("*.yaml")))}


def test_a_drill_is_shown_with_its_fault_its_needs_and_its_length() -> None:
    row = ROWS["site-loss"]
    assert (row["title"], row["fault"]) == ("Loss of a data centre", "site-loss")
    assert row["needs"] == ["a second site that takes over"]
    # warm-up, steady, at most so long until it is taken over, recovered, drain: as its file has them
    assert row["seconds"] == 10 + 90 + 90 + 260 + 40
    assert row["quick_seconds"] == 4 + 14 + 20 + 36 + 10


def test_a_fault_that_is_lifted_counts_and_a_takeover_that_there_is_not_does_not() -> None:
    assert ROWS["server-killed"]["seconds"] == 10 + 60 + 60 + 60 + 40
    assert ROWS["server-killed"]["needs"] == []


def test_nothing_is_broken_when_nothing_is() -> None:
    row = ROWS["quiet"]
    assert (row["fault"], row["does"], row["proof"]) == ("none", "nothing is broken", "")


def test_every_drill_says_what_it_does() -> None:
    assert all(row["title"] and row["does"] for row in ROWS.values())
    assert ROWS["alert-channel-broken"]["does"].count(";") == 1, "its condition, and its fault"
    assert "the cluster that watches" in ROWS["matomo-down"]["needs"]
