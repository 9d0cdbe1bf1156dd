"""People in the story: the DNS entry waits for somebody, who approves it after two seconds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from results.finding import Finding, Verdict
from tests.results.histories import asked, step
from tests.results.story import Story

Find = Callable[[Story, str], Finding]


@pytest.fixture(name="asked")
def _asked(story: Story) -> Story:
    asked(story)
    return story


def test_what_was_approved_before_it_was_done_passes_and_its_share_is_told(asked: Story, finding: Find) -> None:
    found = finding(asked, "people")
    assert found.verdict is Verdict.PASS
    assert (found.measured["waited_s"], found.measured["human_s"]) == ({"dns": 2.0}, 2.0)
    assert found.measured["by"] == {"dns": "on-call"}
    assert found.measured["worked_s"]["dns"] == pytest.approx(0.4)  # type: ignore[index,call-overload]
    assert 0.2 < float(str(found.measured["human_share"])) < 0.6
    assert "dns by on-call after 2.0 s" in found.why


def test_a_step_that_was_taken_without_asking_fails(asked: Story, finding: Find) -> None:
    asked.events = [e for e in asked.events if e["data"].get("state") not in ("waits", "approved")]
    found = finding(asked, "people")
    assert (found.verdict, found.why) == (Verdict.FAIL, "dns was taken without anybody's approval")


def test_a_step_that_began_before_it_was_approved_fails(asked: Story, finding: Find) -> None:
    step(asked, "dns", "begin", 2.0)
    asked.events.sort(key=lambda event: event["t_ns"])
    assert finding(asked, "people").verdict is Verdict.FAIL


def test_somebody_who_never_answers_fails(asked: Story, finding: Find) -> None:
    asked.events = [
        e
        for e in asked.events
        if not (e["subject"] == "dns" and e["data"].get("state") in ("approved", "begin", "end"))
    ]
    found = finding(asked, "people")
    assert (found.verdict, found.why) == (Verdict.FAIL, "nobody ever approved dns")


def test_a_takeover_that_never_came_to_it_is_inconclusive(asked: Story, finding: Find) -> None:
    asked.without("takeover.step", "dns")
    found = finding(asked, "people")
    assert (found.verdict, found.why) == (Verdict.INCONCLUSIVE, "the takeover never came to dns")


def test_a_plan_that_asks_nobody_and_a_fault_without_effect_are_inconclusive(asked: Story, finding: Find) -> None:
    asked.without("fault.receipt")
    assert finding(asked, "people").verdict is Verdict.INCONCLUSIVE
    asked.plan["people"] = []
    assert finding(asked, "people").why == "the plan asks nobody"
