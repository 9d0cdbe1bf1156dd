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


def test_what_a_late_generator_measured_is_no_verdict_on_the_service(story: Story, finding: Find) -> None:
    for upload in story.uploads:
        if upload.intended > 6:
            upload.attempts[0].late = 0.3
            upload.attempts[0].done += 0.5
    found = finding(story, "latency-slo")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "recovered p50 560 ms (objective 100 ms), " in found.why
    assert found.why.endswith(", but its generator began late itself (lag p99 300.0 ms)")
    assert "lag_p99_ms" in str(found.measured["recovered"])
    assert "lag_p99_ms" not in str(found.measured["steady"])


def test_it_was_late_in_one_phase_and_the_service_slow_in_the_other(story: Story, finding: Find) -> None:
    for upload in story.uploads:
        upload.attempts[0].late = 0.3 if upload.intended < -5 else 0.002
        upload.attempts[0].done += 0.5
    assert finding(story, "latency-slo").verdict is Verdict.FAIL


def test_a_late_generator_that_keeps_the_objectives_all_the_same_passes(story: Story, finding: Find) -> None:
    for upload in story.uploads:
        upload.attempts[0].late = 0.03
    assert finding(story, "latency-slo").verdict is Verdict.PASS


def test_a_late_generator_is_no_reason_for_what_was_never_acknowledged(story: Story, finding: Find) -> None:
    for upload in story.uploads:
        if upload.intended > 10:
            upload.attempts[0].late = 0.3
    for upload in story.uploads[::10]:
        if upload.intended > 10:
            upload.attempts = [Attempt(upload.intended, upload.intended + 1, "fail", error="refused")]
    assert finding(story, "latency-slo").verdict is Verdict.FAIL


def test_readings_never_acknowledged_are_infinitely_late(story: Story, finding: Find) -> None:
    for upload in story.uploads[::10]:
        if upload.intended > 10:
            upload.attempts = [Attempt(upload.intended, upload.intended + 1, "fail", error="refused")]
    assert "recovered p95 never" in finding(story, "latency-slo").why


def test_a_handful_of_readings_is_no_quantile(story: Story, finding: Find) -> None:
    story.uploads = story.uploads[::40]
    assert finding(story, "latency-slo").verdict is Verdict.INCONCLUSIVE
