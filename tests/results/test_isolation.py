"""A fault that is none of the patients': unnoticed, noticed by late readings, noticed by latency, not to be said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from results.finding import Finding, Verdict
from tests.results.histories import calm
from tests.results.story import Story

Find = Callable[[Story, str], Finding]
NAME = "isolation"


@pytest.fixture(name="calm")
def _calm(story: Story) -> Story:
    calm(story)
    return story


def test_nobody_noticed(calm: Story, finding: Find) -> None:
    found = finding(calm, NAME)
    assert found.verdict is Verdict.PASS
    during = found.measured["during"]
    assert isinstance(during, dict)
    assert (during["readings"], during["bad"]) == (1105, 0), "from two seconds before the fault to the end of the load"


def test_readings_that_are_late_during_the_fault_fail(calm: Story, finding: Find) -> None:
    for upload in calm.uploads[1200:1210]:
        upload.attempts[0].done += 5
    found = finding(calm, NAME)
    assert found.verdict is Verdict.FAIL
    assert "10 of 1105 readings were not on time" in found.why


def test_latency_that_grew_fails_and_noise_does_not(calm: Story, finding: Find) -> None:
    for upload in calm.uploads[1000:]:
        upload.attempts[0].done += 0.01
    assert finding(calm, NAME).verdict is Verdict.PASS, "65 ms are within 1.25 times 55 ms"
    for upload in calm.uploads[1000:]:
        upload.attempts[0].done += 0.02
    found = finding(calm, NAME)
    assert found.verdict is Verdict.FAIL
    assert "p50 grew from" in found.why


def test_only_the_time_of_the_fault_counts_where_it_was_lifted(calm: Story, finding: Find) -> None:
    calm.without("fault.lifted")
    calm.event("fault.lifted", "sentry", 10)
    for upload in calm.uploads[1600:]:
        upload.attempts[0].done += 5
    assert finding(calm, NAME).verdict is Verdict.PASS


def test_too_few_readings_or_no_fault_prove_nothing(calm: Story, finding: Find) -> None:
    whole = calm.uploads
    calm.uploads = whole[:950]
    assert finding(calm, NAME).verdict is Verdict.INCONCLUSIVE
    calm.uploads = whole
    calm.without("fault.receipt")
    assert finding(calm, NAME).verdict is Verdict.INCONCLUSIVE
