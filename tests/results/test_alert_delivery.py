"""Alerts on their way from the rule to people: in time, late, silent, lost, stuck, uncalled for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from results.finding import Finding, Verdict
from tests.results.histories import move_page
from tests.results.story import PAGE, Story, ns

Find = Callable[[Story, str], Finding]
NAME = "alert-delivery"


def test_the_page_fired_in_its_computed_time_and_reached_both_channels(story: Story, finding: Find) -> None:
    found = finding(story, NAME)
    assert found.verdict is Verdict.PASS
    # a single failed look wakes nobody: the second one is over at 2 s; a scrape, two evaluations
    assert found.measured[PAGE] == {"fired_s": 3.2, "computed_s": 5.0, "delivered_s": 3.6, "cleared_s": 12.3}
    assert found.measured["windows_scale"] == 100


@pytest.mark.parametrize(
    ("kind", "state", "times", "said"),
    [
        ("rule", "firing", {}, "never fired though looks of transaction were bad for 5 s"),
        ("rule", "firing", {"at": 9.0}, "fired 4.0 s after its computed time"),
        ("delivery", "firing", {}, "was delivered to nobody"),
        ("delivery", "firing", {"at": 11.0}, "was delivered 7.8 s after it fired"),
        ("delivery", "resolved", {}, "was not cleared"),
    ],
)
def test_what_goes_wrong_on_the_way_fails(
    story: Story, finding: Find, kind: str, state: str, times: dict[str, Any], said: str
) -> None:
    move_page(story, kind, state, **times)
    story.plan["phases"] = {"recovered_s": 15}
    found = finding(story, NAME)
    if state == "resolved":
        # 3 s of the short window after the last failed look at 5 s, and what it takes on the way: due at 20 s, watched till 20 s
        story.event("phase", "recovered", 40, state="end")
        found = finding(story, NAME)
    assert found.verdict is Verdict.FAIL
    assert said in found.why


def test_an_alert_whose_clearing_could_not_be_watched_is_not_stuck(story: Story, finding: Find) -> None:
    move_page(story, "delivery", "resolved")
    story.samples += [(ns(15), "monitors", "transaction@gra", "ok", 0.0)]
    assert finding(story, NAME).verdict is Verdict.PASS


def test_a_page_that_nobody_expected_fails(story: Story, finding: Find) -> None:
    story.event("delivery", "SomethingElse", -5, channel="pager", state="firing", severity="page")
    found = finding(story, NAME)
    assert (found.verdict, found.measured["unexpected"]) == (Verdict.FAIL, ["SomethingElse"])


def test_one_channel_is_enough_and_none_is_not(story: Story, finding: Find) -> None:
    story.events = [e for e in story.events if not (e["kind"] == "delivery" and e["data"]["channel"] == "oncall")]
    assert finding(story, NAME).verdict is Verdict.PASS
    story.without("delivery", "Heartbeat")
    found = finding(story, NAME)
    assert found.verdict is Verdict.FAIL
    assert "heartbeats: 38 s without one on the best channel" in found.why


def test_without_prometheus_rules_or_looks_nothing_is_proved(story: Story, finding: Find) -> None:
    story.without("prometheus")
    assert finding(story, NAME).verdict is Verdict.INCONCLUSIVE


def test_an_objective_that_nobody_described_is_inconclusive(story: Story, finding: Find) -> None:
    story.alerts = []
    assert finding(story, NAME).verdict is Verdict.INCONCLUSIVE


def test_no_failed_look_means_there_was_nothing_to_fire_about(story: Story, finding: Find) -> None:
    story.samples = [(*sample[:4], 1.0) if sample[3] == "ok" else sample for sample in story.samples]
    found = finding(story, NAME)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "none of the looks of transaction was bad" in found.why


def test_without_a_fault_no_alert_had_to_fire(story: Story, finding: Find) -> None:
    story.without("fault.receipt")
    assert finding(story, NAME).verdict is Verdict.INCONCLUSIVE


def test_a_drill_that_expects_no_page_wants_heartbeats_all_the_same(story: Story, finding: Find) -> None:
    story.plan["alerting"] = {"expected": []}
    story.events = [e for e in story.events if e["subject"] != PAGE]
    assert finding(story, NAME).verdict is Verdict.PASS
    story.without("delivery")
    assert finding(story, NAME).verdict is Verdict.FAIL
