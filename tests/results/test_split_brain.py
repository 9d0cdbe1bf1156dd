"""Two writers at a time."""

from __future__ import annotations

from collections.abc import Callable

from results.finding import Finding, Verdict
from tests.results.story import Attempt, Story

Find = Callable[[Story, str], Finding]


def test_one_site_after_the_other_is_well(story: Story, finding: Find) -> None:
    found = finding(story, "split-brain")
    assert found.verdict is Verdict.PASS
    assert (found.measured["overlap_s"], found.measured["writers"], found.measured["promoted"]) == (
        0.0,
        ["gra"],
        ["gra"],
    )


def test_an_acknowledgement_by_the_lost_site_before_the_survivors_first_is_well(story: Story, finding: Find) -> None:
    # sent before the loss, and answered on the way out
    story.uploads[0].attempts = [Attempt(-0.04, 0.02)]
    found = finding(story, "split-brain")
    assert (found.verdict, found.measured["writers"]) == (Verdict.PASS, ["fra", "gra"])


def test_one_acknowledgement_by_the_lost_site_after_the_survivors_first_is_two_writers(
    story: Story, finding: Find
) -> None:
    story.uploads[-1].attempts = [Attempt(9, 9.05)]
    found = finding(story, "split-brain")
    assert (found.verdict, found.measured["acknowledged_late"]) == (Verdict.FAIL, 1)
    assert found.measured["overlap_s"] == 2.99, "the survivor began at 6.06 s"
    assert "fra acknowledged 1 uploads in 2.99 s after gra had begun to" in found.why


def test_two_promotions_are_two_writers_to_be(story: Story, finding: Find) -> None:
    story.event("takeover.step", "promote", 9, state="end", site="fra")
    found = finding(story, "split-brain")
    assert (found.verdict, found.why) == (Verdict.FAIL, "promoted at fra and at gra")


def test_two_promotions_are_two_writers_to_be_though_nobody_wrote_yet(story: Story, finding: Find) -> None:
    for upload in story.uploads:
        upload.attempts = [attempt for attempt in upload.attempts if attempt.done < 0]
    story.event("takeover.step", "promote", 9, state="end", site="fra")
    found = finding(story, "split-brain")
    assert (found.verdict, found.measured["promoted"]) == (Verdict.FAIL, ["fra", "gra"])


def test_the_promotion_of_the_tools_is_none_of_the_products(story: Story, finding: Find) -> None:
    story.event("takeover.step", "promote", 9, state="end", site="fra", cluster="tools")
    assert finding(story, "split-brain").verdict is Verdict.PASS


def test_nothing_acknowledged_after_the_fault_or_no_fault_proves_nothing(story: Story, finding: Find) -> None:
    for upload in story.uploads:
        upload.attempts = [attempt for attempt in upload.attempts if attempt.done < 0]
    assert finding(story, "split-brain").verdict is Verdict.INCONCLUSIVE
    story.without("fault.receipt")
    assert finding(story, "split-brain").verdict is Verdict.INCONCLUSIVE
