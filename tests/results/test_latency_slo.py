"""How long readings took from their intended time: green, red, inconclusive."""

from __future__ import annotations

from collections.abc import Callable

from results.finding import Finding, Verdict
from tests.results.story import Attempt, Story

Find = Callable[[Story, str], Finding]


def test_slow_before_the_fault_fails(story: Story, finding: Find) -> None:
    for upload in story.uploads:
        if upload.intended < -5:
            upload.attempts[0].done += 0.5
    assert "steady p50" in finding(story, "latency-slo").why


def test_slow_at_the_survivor_fails(story: Story, finding: Find) -> None:
    for upload in story.uploads:
        if upload.intended > 6:
            upload.attempts[0].done += 0.5
    found = finding(story, "latency-slo")
    assert found.verdict is Verdict.FAIL
    assert "recovered p50 560 ms (objective 100 ms)" in found.why


def test_readings_never_acknowledged_are_infinitely_late(story: Story, finding: Find) -> None:
    for upload in story.uploads[::10]:
        if upload.intended > 10:
            upload.attempts = [Attempt(upload.intended, upload.intended + 1, "fail", error="refused")]
    assert "recovered p95 never" in finding(story, "latency-slo").why


def test_a_handful_of_readings_is_no_quantile(story: Story, finding: Find) -> None:
    story.uploads = story.uploads[::40]
    assert finding(story, "latency-slo").verdict is Verdict.INCONCLUSIVE
