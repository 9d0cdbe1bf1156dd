"""Was the generator itself what was measured? Only where attempts were late, or at another rate; not where they failed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from results.checks.generator_health import check, late
from results.evidence import Evidence
from results.finding import Finding, Value, Verdict
from results.marks import find_marks
from tests.results.story import Story, green, ns

Find = Callable[[Story, str], Finding]
ASKED: dict[str, Value] = {"lag_p99_ms": 20, "rate": 400, "steady_fail_ratio": 0.001}


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ({"lag_p99_ms": 7.5, "rate": 398.0, "steady_fail_ratio": 0.0}, False),
        ({"lag_p99_ms": 20.0, "rate": 440.0}, False),
        ({"lag_p99_ms": 20.1, "rate": 400.0}, True),
        ({"lag_p99_ms": 7.5, "rate": 359.0}, True),
        ({"lag_p99_ms": 7.5, "rate": 441.0}, True),
        ({"lag_p99_ms": 7.5, "rate": 398.0, "steady_fail_ratio": 0.9}, False),
    ],
)
def test_late_or_at_another_rate(measured: dict[str, Value], expected: bool) -> None:
    assert late(measured, ASKED) is expected


def test_a_check_that_found_nothing_says_nothing_of_it() -> None:
    assert not late({}, {})


@pytest.mark.parametrize(("busy", "told"), [(0.5, False), (0.994, True), (None, False)])
def test_a_machine_without_any_time_left_is_told_of_and_decides_nothing(
    tmp_path: Path, busy: float | None, told: bool
) -> None:
    story = green(tmp_path / "run")
    if busy is not None:
        story.samples += [(ns(second), "loadtests", "sender-0", "machine_busy", busy) for second in range(-20, 20)]
    with Evidence(story.write(tmp_path / "run")) as evidence:
        found = check(evidence, find_marks(evidence))
    assert found.verdict is Verdict.PASS
    assert found.why.endswith("; its machine was 99% busy") is told
    assert found.measured.get("machine_busy") == busy


def test_a_generator_that_keeps_its_schedule_is_healthy(story: Story, finding: Find) -> None:
    found = finding(story, "generator-health")
    assert (found.verdict, found.measured["lag_p99_ms"], found.measured["rate"]) == (Verdict.PASS, 2.0, 50.0)


def test_a_generator_that_lags_makes_the_run_inconclusive(story: Story, finding: Find) -> None:
    for upload in story.uploads[::20]:
        upload.attempts[0].late = 0.3
    found = finding(story, "generator-health")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "lag p99 300.0 ms (limit 20 ms)" in found.why


def test_a_generator_that_sends_less_than_the_plan_is_noticed(story: Story, finding: Find) -> None:
    story.uploads = story.uploads[::2]
    assert "25 uploads/s intended" in finding(story, "generator-health").why


def test_a_sender_that_died_is_noticed(story: Story, finding: Find) -> None:
    story.event("generator", "sender-1", -20, state="begin")
    assert "sender-1 ended early" in finding(story, "generator-health").why
