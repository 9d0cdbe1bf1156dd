"""Checks about the monitors: noticed, missed, too late, false, stuck, blind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from results.finding import Finding, Verdict
from tests.results.story import Story, ns

Find = Callable[[Story, str], Finding]


def test_each_monitor_of_the_service_noticed_in_its_time(story: Story, finding: Find) -> None:
    found = finding(story, "monitor-detection")
    assert found.verdict is Verdict.PASS
    assert found.measured["ttd_s"] == {"http@gra": 2.5, "transaction@gra": 3.5}, (
        "the lost site's own monitor is not asked"
    )
    assert (found.measured["fastest_s"], found.measured["misses"]) == (2.5, 0)


def test_a_monitor_that_stays_silent_while_patients_fail_is_a_failed_check(story: Story, finding: Find) -> None:
    story.without("alert", "transaction@gra")
    found = finding(story, "monitor-detection")
    assert (found.verdict, found.measured["misses"]) == (Verdict.FAIL, 1)
    assert "transaction@gra stayed silent" in found.why


def test_an_alarm_before_the_fault_does_not_count_as_noticing(story: Story, finding: Find) -> None:
    story.without("alert", "transaction@gra")
    story.event("alert", "transaction@gra", -3, state="raised", why="x")
    story.event("alert", "transaction@gra", -2, state="cleared", why="")
    assert finding(story, "monitor-detection").verdict is Verdict.FAIL


def test_an_alarm_that_was_on_before_the_fault_is_neither_noticed_nor_missed(story: Story, finding: Find) -> None:
    story.without("alert", "transaction@gra")
    story.event("alert", "transaction@gra", -3, state="raised", why="x")
    found = finding(story, "monitor-detection")
    assert (found.verdict, found.measured["on_before"]) == (Verdict.PASS, ["transaction@gra"])
    story.without("alert", "http@gra")
    story.event("alert", "http@gra", -3, state="raised", why="x")
    assert finding(story, "monitor-detection").verdict is Verdict.INCONCLUSIVE


def test_noticing_too_late_fails(story: Story, finding: Find) -> None:
    story.plan["objectives"]["monitor_ttd_s"] = 2
    assert finding(story, "monitor-detection").verdict is Verdict.FAIL


@pytest.mark.parametrize("check", ["monitor-detection", "monitor-truth"])
def test_monitors_without_data_are_inconclusive(story: Story, finding: Find, check: str) -> None:
    story.samples = [sample for sample in story.samples if sample[1] != "monitors"]
    found = finding(story, check)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "no monitor has looked" in found.why


@pytest.mark.parametrize("check", ["monitor-detection", "monitor-truth"])
def test_without_a_fault_there_is_nothing_to_notice(story: Story, finding: Find, check: str) -> None:
    story.without("fault.receipt")
    assert finding(story, check).verdict is Verdict.INCONCLUSIVE


def test_only_monitors_of_the_lost_site_prove_nothing(story: Story, finding: Find) -> None:
    story.samples = [sample for sample in story.samples if sample[2] not in ("http@gra", "transaction@gra")]
    assert finding(story, "monitor-detection").verdict is Verdict.INCONCLUSIVE
    assert finding(story, "monitor-truth").verdict is Verdict.INCONCLUSIVE


def test_true_alarms_are_told_from_false_ones(story: Story, finding: Find) -> None:
    found = finding(story, "monitor-truth")
    assert (found.verdict, found.measured["true_alarms"], found.measured["precision"]) == (Verdict.PASS, 2, 1.0)
    story.event("alert", "http@gra", -9, state="raised", why="cried wolf")
    story.event("alert", "http@gra", -8, state="cleared", why="")
    found = finding(story, "monitor-truth")
    assert (found.verdict, found.measured["false_alarms"]) == (Verdict.FAIL, 1)
    assert "http@gra at -9.0 s: cried wolf" in found.why


def test_an_alarm_that_stays_on_though_the_service_is_back_fails(story: Story, finding: Find) -> None:
    story.events = [e for e in story.events if not (e["kind"] == "alert" and e["data"]["state"] == "cleared")]
    assert "never cleared" in finding(story, "monitor-truth").why


def drained_until(story: Story, at: float) -> None:
    story.without("phase", "drain")
    story.event("phase", "drain", 20, state="begin")
    story.event("phase", "drain", at, state="end")


@pytest.mark.parametrize(("at", "verdict"), [(25, Verdict.FAIL), (31, Verdict.PASS)])
def test_what_is_raised_while_the_drill_brings_things_back_is_not_judged(
    story: Story, finding: Find, at: float, verdict: Verdict
) -> None:
    drained_until(story, 30)
    story.event("alert", "sentry-issues@gra", at, state="raised", why="180 errors a minute")
    assert finding(story, "monitor-truth").verdict is verdict


@pytest.mark.parametrize("monitor", ["peer", "sentry-checkins", "replication"])
def test_the_lost_site_is_rightly_missed_until_the_end_and_not_before_the_fault(
    story: Story, finding: Find, monitor: str
) -> None:
    drained_until(story, 40)
    story.event("alert", f"{monitor}@gra", 30, state="raised", why="no mirror replicates")
    assert finding(story, "monitor-truth").verdict is Verdict.PASS
    story.event("alert", f"{monitor}@gra", -3, state="raised", why="no mirror replicates")
    story.event("alert", f"{monitor}@gra", -2, state="cleared", why="")
    assert finding(story, "monitor-truth").verdict is Verdict.FAIL


@pytest.mark.parametrize("raised", [3, 30])
def test_a_tool_that_is_still_missed_at_the_end_is_a_failed_check(story: Story, finding: Find, raised: float) -> None:
    drained_until(story, 40)
    story.event("alert", "sentry@gra", raised, state="raised", why="connect: refused")
    assert finding(story, "monitor-truth").verdict is Verdict.FAIL


def test_a_look_whose_source_was_silent_saw_nothing(story: Story, finding: Find) -> None:
    story.samples += [
        (ns(second), "monitors", "replication@gra", "blind" if 0 <= second < 18 else "ok", 1.0)
        for second in range(-20, 21)
    ]
    found = finding(story, "monitor-truth")
    assert (found.verdict, "replication@gra saw nothing" in found.why) == (Verdict.INCONCLUSIVE, True)


def test_what_only_the_service_can_show_need_not_be_seen_while_nobody_serves(story: Story, finding: Find) -> None:
    story.samples += [
        (ns(second), "monitors", "certificate@gra", "blind" if 0 <= second < 18 else "ok", 1.0)
        for second in range(-20, 21)
    ]
    assert finding(story, "monitor-truth").verdict is Verdict.PASS
    story.samples = [(*s[:3], "blind", 1.0) if s[2] == "certificate@gra" else s for s in story.samples]
    found = finding(story, "monitor-truth")
    assert found.verdict is Verdict.INCONCLUSIVE, "it never saw anything"


def test_a_monitor_that_did_not_look_for_long_is_inconclusive(story: Story, finding: Find) -> None:
    story.samples = [s for s in story.samples if not (s[2] == "http@gra" and ns(7) < s[0] < ns(19))]
    found = finding(story, "monitor-truth")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "http@gra" in found.why


@pytest.mark.parametrize("alive", [(-20.0, 7.0), (-5.0, 20.0)])
def test_a_monitor_that_died_or_came_late_was_blind(story: Story, finding: Find, alive: tuple[float, float]) -> None:
    """There is no pause between two looks then."""
    story.samples = [s for s in story.samples if s[2] != "http@gra" or ns(alive[0]) <= s[0] <= ns(alive[1])]
    found = finding(story, "monitor-truth")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "http@gra saw nothing for" in found.why


def test_a_monitor_that_looks_seldom_by_design_is_not_blind(story: Story, finding: Find) -> None:
    story.samples += [(ns(second), "monitors", "certificate@gra", "ok", 1.0) for second in (-19, -7, 5, 17)]
    assert finding(story, "monitor-truth").verdict is Verdict.PASS


def _looked(at: list[float], period_s: float | None = None) -> list[tuple[object, ...]]:
    said = [] if period_s is None else [(ns(at[0]), "monitors", "deployment@gra", "period_s", period_s)]
    return [*said, *((ns(second), "monitors", "deployment@gra", "ok", 1.0) for second in at)]


@pytest.mark.parametrize("period_s", [None, 10.0])
def test_one_look_within_a_short_drill_is_no_blindness(story: Story, finding: Find, period_s: float | None) -> None:
    """What is judged lasts 10.5 s here; looks come every ten seconds, their neighbours just outside of it."""
    story.events = [event for event in story.events if event["kind"] != "phase" or event["subject"] != "steady"]
    story.event("phase", "steady", 9.5, state="begin")
    story.event("phase", "steady", 12, state="end")
    story.samples += _looked([-0.7, 9.4, 19.6, 29.7], period_s)
    found = finding(story, "monitor-truth")
    assert found.measured["blind_s"]["deployment@gra"] < 1


def test_one_long_pause_is_not_usual_because_it_is_the_only_one(story: Story, finding: Find) -> None:
    story.samples += _looked([-17, 19], 10.0)
    found = finding(story, "monitor-truth")
    assert (found.verdict, "deployment@gra saw nothing for 26 s" in found.why) == (Verdict.INCONCLUSIVE, True)


def test_who_must_see_a_fault_stands_in_the_plan(story: Story, finding: Find) -> None:
    story.plan["fault"] = {"seen_by": ["peer"]}
    found = finding(story, "monitor-detection")
    assert (found.verdict, found.why) == (Verdict.INCONCLUSIVE, "no look of peer outside fra")
    story.samples += [(ns(second), "monitors", "peer@gra", "ok", float(second < 0)) for second in range(-20, 21)]
    assert "peer@gra stayed silent about site-loss" in finding(story, "monitor-detection").why
    story.event("alert", "peer@gra", 3, state="raised", why="no answer")
    assert finding(story, "monitor-detection").verdict is Verdict.PASS
    truth = finding(story, "monitor-truth")
    assert truth.verdict is Verdict.PASS, f"its peer stays lost, so its alarm stays on: {truth.why}"


def test_an_alarm_of_a_monitor_that_the_fault_does_not_concern_is_false(story: Story, finding: Find) -> None:
    story.plan["fault"] = {"seen_by": ["http"], "may_see": []}
    found = finding(story, "monitor-truth")
    assert (found.verdict, found.measured["false_alarms"]) == (Verdict.FAIL, 1)
    assert "transaction@gra" in found.why


def test_in_a_fault_that_loses_no_place_everybody_is_asked(story: Story, finding: Find) -> None:
    story.plan["fault"] = {"name": "uploads-refused", "seen_by": ["http"]}
    assert "http@fra stayed silent" in finding(story, "monitor-detection").why


def test_a_takeover_that_the_plan_does_not_want_is_false(story: Story, finding: Find) -> None:
    story.plan["fault"] = {"takeover": "none"}
    found = finding(story, "monitor-truth")
    assert (found.verdict, found.measured["false_takeovers"]) == (Verdict.FAIL, 1)
    assert "the main cluster was taken over without need" in found.why


def test_where_nothing_is_broken_every_alarm_is_false(story: Story, finding: Find) -> None:
    story.plan["fault"] = {"name": "none", "takeover": "none"}
    story.without("fault.receipt")
    story.without("takeover.step")
    assert finding(story, "monitor-truth").measured["false_alarms"] == 2
    story.without("alert")
    assert finding(story, "monitor-truth").verdict is Verdict.PASS


def test_who_reads_the_tools_may_be_blind_while_they_are_away(story: Story, finding: Find) -> None:
    story.samples += [
        (ns(second), "monitors", "sentry-issues@gra", "ok", 1.0) for second in range(-20, 21) if not 0 <= second < 14
    ]
    assert finding(story, "monitor-truth").verdict is Verdict.INCONCLUSIVE, "the tools are not lost with the product"
    story.plan["fault"] = {"name": "site-loss", "takeover": "tools"}
    story.without("takeover.step")
    assert finding(story, "monitor-truth").verdict is Verdict.PASS
