"""The way home, in the story: the lost site returns at 10 s, and is handed the service back at 12 s."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from results.finding import Finding, Verdict
from tests.results.histories import circle
from tests.results.story import FRA, Attempt, Story

Find = Callable[[Story, str], Finding]


@pytest.fixture(name="circle")
def _circle(story: Story) -> Story:
    circle(story)
    return story


def test_home_again_without_anybody_noticing(circle: Story, finding: Find) -> None:
    found = finding(circle, "failback")
    assert (found.verdict, found.measured["late"], found.measured["elsewhere"]) == (Verdict.PASS, 0, 0)
    assert (found.measured["rejoin_s"], found.measured["hand_over_s"], found.measured["t_auth_s"]) == (1.4, 1.5, 1.0)
    assert found.measured["unserved_s"] == pytest.approx(0.6, abs=0.1)


@pytest.mark.parametrize("check", ["split-brain", "data-loss", "recovery-time", "dns-convergence", "traffic-drain"])
def test_what_is_judged_of_the_loss_is_not_disturbed_by_the_way_home(circle: Story, finding: Find, check: str) -> None:
    assert finding(circle, check).verdict is Verdict.PASS


def test_a_site_that_never_became_a_mirror_fails(circle: Story, finding: Find) -> None:
    circle.without("mirror")
    assert finding(circle, "failback").verdict is Verdict.FAIL


def test_too_long_without_an_acknowledgement_fails(circle: Story, finding: Find) -> None:
    circle.plan["objectives"]["hand_over_s"] = 0.1
    found = finding(circle, "failback")
    assert found.verdict is Verdict.FAIL
    assert "seconds without an acknowledgement" in found.why


def test_late_readings_fail(circle: Story, finding: Find) -> None:
    for upload in [each for each in circle.uploads if each.intended >= 13][:3]:
        upload.attempts = [Attempt(upload.intended, upload.intended + 2.5)]
    found = finding(circle, "failback")
    assert (found.verdict, found.measured["late"]) == (Verdict.FAIL, 3)


def test_a_survivor_that_goes_on_acknowledging_fails_twice(circle: Story, finding: Find) -> None:
    circle.uploads[-60].attempts = [
        Attempt(circle.uploads[-60].intended, circle.uploads[-60].intended + 0.05, site="gra")
    ]
    assert "1 uploads acknowledged by gra after the declaration" in finding(circle, "failback").why
    found = finding(circle, "split-brain")
    assert found.verdict is Verdict.FAIL
    assert "gra acknowledged 1 uploads" in found.why


def test_a_step_that_failed_is_named(circle: Story, finding: Find) -> None:
    circle.event("hand-over.step", "mirror", 13.4, state="failed", site="fra", why="ServiceFailed: no")
    found = finding(circle, "failback")
    assert (found.verdict, found.why) == (Verdict.FAIL, "hand-over failed at mirror: ServiceFailed: no")


def test_an_entry_that_never_went_back_fails(circle: Story, finding: Find) -> None:
    circle.events = [e for e in circle.events if not (e["kind"] == "dns.authoritative" and e["data"]["answer"] == FRA)]
    assert "did not all answer the old address again" in finding(circle, "failback").why


@pytest.mark.parametrize("missing", ["hand-over.command", "hand-over.step"])
def test_never_handed_back_or_not_seen_to_end_proves_nothing(circle: Story, finding: Find, missing: str) -> None:
    circle.without(missing)
    assert finding(circle, "failback").verdict is Verdict.INCONCLUSIVE


def test_a_drill_without_a_return_proves_nothing(story: Story, finding: Find) -> None:
    story.plan["checks"] = ["failback"]
    assert finding(story, "failback").verdict is Verdict.INCONCLUSIVE


def test_too_few_readings_prove_nothing(circle: Story, finding: Find) -> None:
    circle.uploads = [each for each in circle.uploads if each.intended < 12 or each.intended > 17.5]
    assert "only" in finding(circle, "failback").why
