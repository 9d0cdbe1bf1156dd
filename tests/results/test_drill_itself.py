"""Receipt, journal and cleanliness, which say whether there was a drill: green, red, inconclusive."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from results.finding import Finding, Verdict
from tests.results.story import Story

Find = Callable[[Story, str], Finding]


def test_an_order_without_effect_is_inconclusive(story: Story, finding: Find) -> None:
    story.without("fault.receipt")
    story.event("fault.receipt", "fra", 5, effective=False, proof="the witness still reaches it")
    found = finding(story, "injection-receipt")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "the witness still reaches it" in found.why


def test_no_order_is_inconclusive(story: Story, finding: Find) -> None:
    story.without("fault.command")
    story.without("fault.receipt")
    assert "never ordered" in finding(story, "injection-receipt").why


def test_a_steady_state_that_did_not_hold_is_inconclusive_though_completed(story: Story, finding: Find) -> None:
    """Chaos Toolkit ends with `completed` and exit code 0 here (V1)."""
    assert story.journal is not None
    story.journal |= {"steady_states": {"before": {"steady_state_met": False}}, "run": [], "rollbacks": []}
    assert finding(story, "journal").verdict is Verdict.INCONCLUSIVE


def test_an_action_that_raised_is_inconclusive_though_completed(story: Story, finding: Find) -> None:
    """V2, V3: the journal says completed, the exit code is 0."""
    assert story.journal is not None
    story.journal["run"][0]["status"] = "failed"
    assert "lose-site failed" in finding(story, "journal").why


def test_a_rollback_that_failed_is_red_though_completed(story: Story, finding: Find) -> None:
    """V4."""
    assert story.journal is not None
    story.journal["rollbacks"][0]["status"] = "failed"
    assert finding(story, "journal").verdict is Verdict.FAIL


def test_an_activity_that_never_ran_is_inconclusive(story: Story, finding: Find) -> None:
    assert story.journal is not None
    story.journal["experiment"]["method"].append({})
    assert "2 of 3 activities succeeded" in finding(story, "journal").why


@pytest.mark.parametrize("gone", ["journal", "undo"])
def test_no_journal_no_verdict(story: Story, finding: Find, gone: str) -> None:
    setattr(story, gone, None if gone == "journal" else [])
    name = "journal" if gone == "journal" else "cleanliness"
    expected = Verdict.INCONCLUSIVE if gone == "journal" else Verdict.PASS
    assert finding(story, name).verdict is expected


def test_an_inverse_that_is_still_owed_is_red(story: Story, finding: Find) -> None:
    story.undo.pop()
    assert "zweitherz undo" in finding(story, "cleanliness").why


def test_something_left_behind_is_red(story: Story, finding: Find) -> None:
    story.event("tidy", "run", 26, left_behind=["process 42: haproxy"])
    assert finding(story, "cleanliness").verdict is Verdict.FAIL


def test_nobody_looked_is_inconclusive(story: Story, finding: Find) -> None:
    story.without("tidy")
    assert finding(story, "cleanliness").verdict is Verdict.INCONCLUSIVE
