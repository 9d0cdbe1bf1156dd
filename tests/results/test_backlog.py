"""Phones without a network for ten seconds, in the story: what they kept arrives afterwards, one reading after the other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from results.finding import Finding, Verdict
from tests.results.histories import EACH, PHONES, backlog, stored_as_acknowledged
from tests.results.story import Story, Upload

Find = Callable[[Story, str], Finding]


@pytest.fixture(name="back")
def _back(story: Story) -> Story:
    backlog(story)
    return story


def offline(story: Story) -> list[Upload]:
    return [upload for upload in story.uploads if upload.client == "offline"]


def test_a_backlog_that_arrives_in_order_while_others_are_quick_passes(back: Story, finding: Find) -> None:
    found = finding(back, "backlog")
    assert found.verdict is Verdict.PASS
    assert found.why.startswith(f"{PHONES * EACH} readings that were kept arrived in order")
    assert (found.measured["kept"], found.measured["arrived"], found.measured["lost"]) == (
        PHONES * EACH,
        PHONES * EACH,
        0,
    )
    assert found.measured["t95_s"] == pytest.approx(4.3, abs=0.3)


def test_a_reading_that_never_arrived_fails(back: Story, finding: Find) -> None:
    offline(back)[-1].attempts[0].outcome = "info"
    stored_as_acknowledged(back)
    found = finding(back, "backlog")
    assert (found.verdict, found.why) == (Verdict.FAIL, "1 readings of the backlog never arrived")


def test_an_acknowledged_reading_that_is_not_in_the_final_read_fails(back: Story, finding: Find) -> None:
    gone = offline(back)[7]
    back.stored["public-public"] = [
        row for row in back.stored["public-public"] if (row.patient, row.seq) != (f"p-{gone.patient:06d}", gone.seq)
    ]
    found = finding(back, "backlog")
    assert (found.verdict, found.measured["lost"]) == (Verdict.FAIL, 1)


def test_a_later_reading_that_arrived_first_fails(back: Story, finding: Find) -> None:
    first, second = offline(back)[:2]
    first.attempts[0].done = second.attempts[0].done + 0.3
    found = finding(back, "backlog")
    assert (found.verdict, found.measured["out_of_order"]) == (Verdict.FAIL, 1)


def test_a_backlog_that_takes_too_long_fails(back: Story, finding: Find) -> None:
    back.plan["objectives"]["backlog_t95_s"] = 3
    assert "95 % arrived after" in finding(back, "backlog").why


def test_others_who_have_to_wait_for_it_fail(back: Story, finding: Find) -> None:
    for upload in back.uploads:
        if upload.client == "fresh" and -10 <= upload.intended < -6:
            upload.attempts[0].done += 1
    found = finding(back, "backlog")
    assert found.verdict is Verdict.FAIL
    assert "others' p50 was" in found.why


def test_nobody_offline_and_too_few_kept_are_inconclusive(story: Story, back: Story, finding: Find) -> None:
    back.uploads = [u for u in back.uploads if u.client != "offline" or u.patient < 2_000_003]
    assert finding(back, "backlog").verdict is Verdict.INCONCLUSIVE
    back.plan["load"]["classes"] = [{"name": "fresh", "share": 1, "resolver": "honest"}]
    assert finding(back, "backlog").why == "no class of clients was without a network"
