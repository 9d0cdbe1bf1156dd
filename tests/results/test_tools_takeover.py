"""The site that watches is lost: telemetry taken again in time, late, never; lost, kept back, stored twice; not to be said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from results.finding import Finding, Verdict
from tests.results.histories import action, bulk, tools_lost
from tests.results.story import Story, ns

Find = Callable[[Story, str], Finding]
NAME = "tools-takeover"


@pytest.fixture
def lost(story: Story) -> Story:
    tools_lost(story)
    return story


def test_telemetry_is_taken_again_and_every_report_is_accounted_for(lost: Story, finding: Find) -> None:
    found = finding(lost, NAME)
    assert found.verdict is Verdict.PASS, found.why
    measured = dict(found.measured)
    assert (measured["matomo_back_s"], measured["sentry_back_s"]) == (8.0, 9.0)
    assert (measured["acknowledged"], measured["lost"], measured["duplicated"]) == (120, 0, 0)
    assert (measured["recovered"], measured["check_in_gap_s"]) == (10, 9.0)


def test_what_was_stored_before_its_answer_was_lost_is_there_twice_and_said(lost: Story, finding: Find) -> None:
    lost.telemetry["matomo", "fra"] += [{**action(n, 0.5), "id": 1000 + n} for n in range(100, 110)]
    found = finding(lost, NAME)
    assert (found.verdict, found.measured["duplicated"]) == (Verdict.PASS, 10)


def test_acknowledged_reports_that_are_missing_fail_above_the_objective(lost: Story, finding: Find) -> None:
    whole = lost.telemetry["matomo", "fra"]
    lost.telemetry["matomo", "fra"] = [each for each in whole if not 95 <= each["id"] < 100]
    found = finding(lost, NAME)
    assert (found.verdict, found.measured["lost"], found.measured["lost_ratio"]) == (Verdict.PASS, 5, 0.041667)
    lost.telemetry["matomo", "fra"] = [each for each in whole if not 90 <= each["id"] < 100]
    assert finding(lost, NAME).verdict is Verdict.FAIL


def test_monitoring_that_comes_back_late_or_never_fails(lost: Story, finding: Find) -> None:
    lost.plan["objectives"]["tools_rto_s"] = 8.5
    found = finding(lost, NAME)
    assert (found.verdict, "Sentry after 9 s" in found.why) == (Verdict.FAIL, True)
    lost.usage = [row for row in lost.usage if row[8] != "fra"]
    found = finding(lost, NAME)
    assert found.verdict is Verdict.FAIL
    assert "Matomo took no telemetry again at fra" in found.why


@pytest.mark.parametrize("sink", ["sentry", "matomo"])
def test_what_nobody_read_proves_nothing(lost: Story, finding: Find, sink: str) -> None:
    del lost.telemetry[sink, "fra"]
    found = finding(lost, NAME)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "nobody read" in found.why


def test_without_a_report_before_the_fault_or_without_a_fault_nothing_is_proved(lost: Story, finding: Find) -> None:
    lost.usage = [row for row in lost.usage if row[4] > ns(0)]
    assert finding(lost, NAME).verdict is Verdict.INCONCLUSIVE
    lost.without("fault.receipt")
    assert finding(lost, NAME).verdict is Verdict.INCONCLUSIVE


def test_a_tool_that_was_away_by_itself_is_back_when_the_fault_is_lifted(lost: Story, finding: Find) -> None:
    lost.plan["fault"] = {"name": "service-down", "site": "gra", "service": "matomo", "takeover": "none"}
    lost.telemetry = {(sink, "gra"): rows for (sink, _), rows in lost.telemetry.items()}
    lost.usage = [bulk(number, number / 10 - 11) for number in range(0, 100, 10)]
    lost.usage += [bulk(100, 5, "info", None), bulk(100, 11), bulk(110, 11.5)]
    lost.without("fault.lifted")
    lost.event("fault.lifted", "matomo", 10)
    found = finding(lost, NAME)
    assert found.verdict is Verdict.PASS, found.why
    assert (found.measured["matomo_back_s"], found.measured["recovered"], found.measured["lost"]) == (1.0, 10, 0)
    lost.usage = lost.usage[:-2]
    assert "Matomo took no telemetry again at gra" in finding(lost, NAME).why
