"""Who thanked for the uploads, in the story: the target's sites alone, or a stranger to whom the entry was misdirected."""

from __future__ import annotations

from collections.abc import Callable

from results.finding import Finding, Verdict
from tests.results.histories import STRANGER
from tests.results.story import Story

Find = Callable[[Story, str], Finding]


def misdirect(story: Story, count: int, outcome: str) -> None:
    """The first attempt of so many uploads after the fault goes to the stranger."""
    story.plan["fault"] = {"name": "dns-wrong", "takeover": "none"}
    late = [upload for upload in story.uploads if upload.intended > 0][:count]
    for upload in late:
        upload.attempts[0].address, upload.attempts[0].outcome = STRANGER, outcome
        upload.attempts[0].error = "" if outcome == "ok" else "tls"


def test_acknowledgements_of_the_sites_alone_pass(story: Story, finding: Find) -> None:
    found = finding(story, "authenticity")
    assert (found.verdict, found.measured["elsewhere"], found.measured["misdirected"]) == (Verdict.PASS, 0, 0)


def test_misdirected_attempts_of_which_none_was_acknowledged_pass(story: Story, finding: Find) -> None:
    misdirect(story, 40, "fail")
    found = finding(story, "authenticity")
    assert (found.verdict, found.measured["misdirected"], found.measured["elsewhere"]) == (Verdict.PASS, 40, 0)


def test_one_acknowledgement_of_a_stranger_fails(story: Story, finding: Find) -> None:
    misdirect(story, 40, "fail")
    story.uploads[-1].attempts[-1].address = STRANGER
    found = finding(story, "authenticity")
    assert (found.verdict, found.measured["elsewhere"]) == (Verdict.FAIL, 1)
    assert found.why == f"1 uploads were acknowledged by {STRANGER}, an address of no site (limit 0)"


def test_a_stranger_who_thanks_everybody_fails_whatever_the_fault(story: Story, finding: Find) -> None:
    for upload in story.uploads[-50:]:
        upload.attempts[-1].address = STRANGER
    assert finding(story, "authenticity").verdict is Verdict.FAIL


def test_a_misdirection_that_nobody_followed_proves_nothing(story: Story, finding: Find) -> None:
    misdirect(story, 3, "fail")
    found = finding(story, "authenticity")
    assert (found.verdict, found.why) == (
        Verdict.INCONCLUSIVE,
        "only 3 attempts followed the misdirected entry (at least 20)",
    )


def test_without_any_acknowledgement_nothing_is_known(story: Story, finding: Find) -> None:
    for upload in story.uploads:
        for attempt in upload.attempts:
            attempt.outcome, attempt.error = "fail", "refused"
    assert finding(story, "authenticity").verdict is Verdict.INCONCLUSIVE
