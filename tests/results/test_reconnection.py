"""Everybody loses the connection at 0 s, in the story: some keep theirs, and there is a new one every 20 ms besides."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from results.finding import Finding, Verdict
from tests.results.histories import KEEPERS, herd
from tests.results.story import Story

Find = Callable[[Story, str], Finding]


@pytest.fixture(name="herd")
def _herd(story: Story) -> Story:
    herd(story)
    return story


def test_those_who_come_back_soon_and_one_after_the_other_pass(herd: Story, finding: Find) -> None:
    found = finding(herd, "reconnection")
    assert (found.verdict, found.measured["keepers"], found.measured["back"]) == (Verdict.PASS, KEEPERS, KEEPERS)
    assert found.measured["t95_s"] == pytest.approx(0.95 * 4, abs=0.1)
    assert (found.measured["usual_per_s"], found.measured["factor"]) == (50, pytest.approx(4, abs=0.3))


def test_a_herd_that_comes_back_at_once_fails(herd: Story, finding: Find) -> None:
    for upload in herd.uploads:
        if upload.client == "keeper" and upload.intended >= 0:
            (attempt,) = upload.attempts
            attempt.at = upload.intended = 0.5
            attempt.done, attempt.connected = 0.6, 0.501
    found = finding(herd, "reconnection")
    assert found.verdict is Verdict.FAIL
    assert "times the usual (limit 6)" in found.why


def test_those_who_do_not_come_back_in_time_fail(herd: Story, finding: Find) -> None:
    for upload in herd.uploads:
        if upload.client == "keeper" and upload.intended >= 2:
            (attempt,) = upload.attempts
            attempt.done = attempt.at = upload.intended = upload.intended + 8
            attempt.connected = attempt.at
    found = finding(herd, "reconnection")
    assert found.verdict is Verdict.FAIL
    assert f"95 % of {KEEPERS} had a connection again after" in found.why


def test_one_in_ten_who_never_comes_back_fails(herd: Story, finding: Find) -> None:
    herd.uploads = [u for u in herd.uploads if not (u.client == "keeper" and u.seq == 2 and u.patient % 10 == 0)]
    found = finding(herd, "reconnection")
    assert (found.verdict, found.measured["t95_s"]) == (Verdict.FAIL, None)


def test_too_few_who_keep_a_connection_prove_nothing(story: Story, finding: Find) -> None:
    assert finding(story, "reconnection").verdict is Verdict.INCONCLUSIVE


def test_without_a_fault_nobody_had_to_come_back(herd: Story, finding: Find) -> None:
    herd.without("fault.receipt")
    assert finding(herd, "reconnection").verdict is Verdict.INCONCLUSIVE
