"""When was the service back, and was that soon enough: green, red, inconclusive."""

from __future__ import annotations

from collections.abc import Callable

from results.finding import Finding, Verdict
from tests.results.histories import never_back
from tests.results.story import Attempt, Story

Find = Callable[[Story, str], Finding]


def test_recovery_counts_from_the_first_impact_to_the_first_window_that_holds(story: Story, finding: Find) -> None:
    found = finding(story, "recovery-time")
    assert (found.verdict, found.measured["rta_s"]) == (Verdict.PASS, 5.0)
    assert found.measured["declaration_gap_s"] == 0.9, "declared 0.9 s before the service was good again"


def test_a_relapse_within_the_hold_does_not_count_as_restored(story: Story, finding: Find) -> None:
    for upload in story.uploads:
        if 7.5 <= upload.intended < 8:
            upload.attempts = [Attempt(upload.intended, upload.intended + 1, "fail", error="refused")]
    found = finding(story, "recovery-time")
    assert (found.verdict, found.measured["rta_s"]) == (Verdict.PASS, 8.0)


def test_restored_later_than_the_objective_fails(story: Story, finding: Find) -> None:
    story.plan["objectives"]["rto_s"] = 4.9
    assert finding(story, "recovery-time").verdict is Verdict.FAIL


def test_never_restored_although_watched_long_enough_fails(story: Story, finding: Find) -> None:
    never_back(story)
    found = finding(story, "recovery-time")
    assert (found.verdict, found.measured["rta_s"]) == (Verdict.FAIL, None)


def test_watched_too_briefly_is_inconclusive(story: Story, finding: Find) -> None:
    never_back(story)
    story.plan["objectives"]["rto_s"] = 60
    assert finding(story, "recovery-time").verdict is Verdict.INCONCLUSIVE


def test_without_a_fault_there_is_no_recovery(story: Story, finding: Find) -> None:
    story.without("fault.receipt")
    assert finding(story, "recovery-time").verdict is Verdict.INCONCLUSIVE


def test_a_fault_that_nobody_felt_has_no_recovery_time(story: Story, finding: Find) -> None:
    for upload in story.uploads:
        upload.attempts = [Attempt(upload.intended, upload.intended + 0.05, site="gra")]
    found = finding(story, "recovery-time")
    assert (found.verdict, found.measured["rta_s"]) == (Verdict.PASS, 0.0)


def test_a_fault_after_which_nobody_wanted_to_upload_proves_no_recovery(story: Story, finding: Find) -> None:
    story.uploads = [upload for upload in story.uploads if upload.intended < -3]
    found = finding(story, "recovery-time")
    assert (found.verdict, found.why) == (Verdict.INCONCLUSIVE, "no reading was intended after the fault")
