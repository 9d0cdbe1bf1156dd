"""Where data went: allowed, not allowed, undeclared, and what a blind recorder is worth."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from results.finding import Finding, Verdict
from tests.results.histories import contact
from tests.results.story import GRA, Story

Find = Callable[[Story, str], Finding]


def test_contacts_within_the_allowed_regions_pass(story: Story, finding: Find) -> None:
    found = finding(story, "residency")
    assert found.verdict is Verdict.PASS
    assert found.measured["regions"] == {"DE": 1000, "FR": 500}
    assert (found.measured["destinations"], found.measured["outside"], found.measured["undeclared"]) == (3, 0, 0)


def test_one_contact_outside_fails_with_who_where_and_when(story: Story, finding: Find) -> None:
    contact(story, "192.0.2.240", 7.5, count=3)
    found = finding(story, "residency")
    assert (found.verdict, found.measured["outside"], found.measured["undeclared"]) == (Verdict.FAIL, 1, 0)
    assert "192.0.2.240 port 443/tcp (telemetry abroad, US) by site gra (203.0.113.10), 3 times" in found.why
    assert "first at +7.5 s" in found.why


def test_an_address_in_no_declared_network_fails(story: Story, finding: Find) -> None:
    contact(story, "8.8.8.8", -3)
    found = finding(story, "residency")
    assert (found.verdict, found.measured["undeclared"]) == (Verdict.FAIL, 1)
    assert found.measured["regions"] == {"DE": 1000, "FR": 500, "undeclared": 1}
    assert "8.8.8.8 port 443/tcp (no declared region)" in found.why


def test_of_several_wrong_contacts_the_first_is_named(story: Story, finding: Find) -> None:
    contact(story, "8.8.8.8", 9)
    contact(story, "192.0.2.240", 8)
    assert "first 192.0.2.240" in finding(story, "residency").why


def test_a_wrong_contact_fails_even_where_the_recorder_lost_some(story: Story, finding: Find) -> None:
    contact(story, "8.8.8.8", 9)
    story.without("collected")
    assert finding(story, "residency").verdict is Verdict.FAIL


def test_allowed_regions_are_the_targets_choice(story: Story, finding: Find) -> None:
    story.environment["target"]["residency"]["allowed"] = ["DE"]
    assert f"first {GRA} port 443/tcp (site gra, FR)" in finding(story, "residency").why


def test_a_recorder_that_does_not_show_the_uploads_was_blind(story: Story, finding: Find) -> None:
    story.contacts = [row for row in story.contacts if row[4] != GRA]
    found = finding(story, "residency")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert f"the recorder was blind: uploads went to {GRA}" in found.why


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (None, "nobody recorded contacts"),
        ({"complete": False, "why": "no lab answers"}, "not collected: no lab answers"),
        ({"complete": True, "items": 3, "lost": 5}, "5 first packets came faster than they could be recorded"),
    ],
)
def test_what_was_not_recorded_whole_is_inconclusive(
    story: Story, finding: Find, event: dict[str, object] | None, why: str
) -> None:
    story.without("collected", "contacts")
    if event:
        story.event("collected", "contacts", 22.5, **event)
    found = finding(story, "residency")
    assert (found.verdict, why in found.why) == (Verdict.INCONCLUSIVE, True), found.why


def test_without_an_upload_nothing_shows_that_the_recorder_saw_anything(story: Story, finding: Find) -> None:
    for upload in story.uploads:
        upload.attempts = []
    found = finding(story, "residency")
    assert (found.verdict, "no upload was sent" in found.why) == (Verdict.INCONCLUSIVE, True), found.why


def test_a_target_that_does_not_say_where_data_may_go_is_inconclusive(story: Story, finding: Find) -> None:
    story.environment["target"]["residency"] = None
    assert finding(story, "residency").verdict is Verdict.INCONCLUSIVE


def test_networks_that_are_none_are_inconclusive(story: Story, finding: Find) -> None:
    story.environment["target"]["residency"]["networks"][0]["network"] = "198.51.100.10/24"
    found = finding(story, "residency")
    assert (found.verdict, "has host bits set" in found.why) == (Verdict.INCONCLUSIVE, True)
