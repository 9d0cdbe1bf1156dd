"""How DNS answers moved, and how requests did: green, red, inconclusive."""

from __future__ import annotations

from collections.abc import Callable

from results.finding import Finding, Verdict
from tests.results.story import FRA, GRA, Attempt, Story

Find = Callable[[Story, str], Finding]


def test_resolvers_that_follow_in_time_pass(story: Story, finding: Find) -> None:
    found = finding(story, "dns-convergence")
    assert (found.verdict, found.measured["t95_s"]) == (Verdict.PASS, {"honest": 2.0})


def test_an_authoritative_server_that_never_changes_fails(story: Story, finding: Find) -> None:
    story.without("dns.authoritative", "ns2")
    story.event("dns.authoritative", "ns2", -20, answer=FRA, ttl=5)
    assert finding(story, "dns-convergence").verdict is Verdict.FAIL


def test_a_server_that_changes_only_when_everything_is_rolled_back_fails(story: Story, finding: Find) -> None:
    story.without("dns.authoritative", "ns2")
    story.event("dns.authoritative", "ns2", 22, answer=GRA, ttl=5)  # the load ended at 20 s
    found = finding(story, "dns-convergence")
    assert (found.verdict, found.measured["t_auth_s"]) == (Verdict.FAIL, None)


def test_an_honest_resolver_that_keeps_the_old_answer_fails(story: Story, finding: Find) -> None:
    story.lookups = [(*row[:7], FRA, *row[8:]) for row in story.lookups]
    found = finding(story, "dns-convergence")
    assert (found.verdict, found.measured["t95_s"]) == (Verdict.FAIL, {"honest": None})
    assert "> 16 s" in found.why


def test_nobody_asked_is_inconclusive(story: Story, finding: Find) -> None:
    story.lookups = story.lookups[:100]
    assert finding(story, "dns-convergence").verdict is Verdict.INCONCLUSIVE


def test_requests_that_stay_on_the_lost_site_fail(story: Story, finding: Find) -> None:
    for upload in story.uploads[::5]:
        if upload.intended > 6:
            upload.attempts = [Attempt(upload.intended, upload.intended + 1, "fail", error="connect-timeout")]
    found = finding(story, "traffic-drain")
    assert found.verdict is Verdict.FAIL
    assert "fresh > 16 s" in found.why


def test_a_class_without_requests_is_inconclusive(story: Story, finding: Find) -> None:
    story.plan["load"]["classes"] = [
        {"name": "fresh", "share": 0.9, "resolver": "honest"},
        {"name": "pinned", "share": 0.1, "resolver": "honest"},
    ]
    assert finding(story, "traffic-drain").verdict is Verdict.INCONCLUSIVE


def test_traffic_that_moves_in_time_passes(story: Story, finding: Find) -> None:
    found = finding(story, "traffic-drain")
    assert (found.verdict, found.measured["since"]) == (Verdict.PASS, "t_auth")
