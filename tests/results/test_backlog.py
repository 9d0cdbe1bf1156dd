"""Phones without a network for ten seconds, in the story: forty of them, five readings each, which arrive one after the other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from results import run as runs
from results.finding import Finding, Verdict
from tests.results.story import Attempt, Story, Upload

Find = Callable[[Story, str], Finding]
PHONES, EACH = 40, 5


@pytest.fixture(name="back")
def _back(story: Story) -> Story:
    story.plan["load"]["classes"] = [
        {"name": "fresh", "share": 0.5, "resolver": "honest"},
        {"name": "offline", "share": 0.5, "resolver": "honest", "offline_s": 10},
    ]
    story.plan["objectives"] |= {"backlog_t95_s": 6}
    for phone in range(PHONES):
        for seq in range(1, EACH + 1):
            at = -10 + phone * 0.05 + seq * 0.5
            done = Attempt(at, at + 0.05)
            story.uploads.append(Upload(2_000_000 + phone, -20 + seq * 1.5, [done], seq, "offline"))
    return story


@pytest.fixture(name="stored")
def _stored(back: Story, folder: object) -> Callable[[], Story]:
    """What was acknowledged is in the final read."""

    def store() -> Story:
        tag = runs.tag(getattr(folder, "name", ""))
        back.stored["public-public"] = back.rows_of([u for u in back.uploads if u.acknowledged], tag)
        return back

    return store


def offline(story: Story) -> list[Upload]:
    return [upload for upload in story.uploads if upload.client == "offline"]


def test_a_backlog_that_arrives_in_order_while_others_are_quick_passes(
    stored: Callable[[], Story], finding: Find
) -> None:
    found = finding(stored(), "backlog")
    assert (found.verdict, found.why[:40]) == (Verdict.PASS, "200 readings that were kept arrived in o")
    assert (found.measured["kept"], found.measured["arrived"], found.measured["lost"]) == (200, 200, 0)
    assert found.measured["t95_s"] == pytest.approx(4.3, abs=0.3)


def test_a_reading_that_never_arrived_fails(stored: Callable[[], Story], back: Story, finding: Find) -> None:
    offline(back)[-1].attempts[0].outcome = "info"
    found = finding(stored(), "backlog")
    assert (found.verdict, found.why) == (Verdict.FAIL, "1 readings of the backlog never arrived")


def test_an_acknowledged_reading_that_is_not_in_the_final_read_fails(
    stored: Callable[[], Story], finding: Find
) -> None:
    story = stored()
    gone = offline(story)[7]
    story.stored["public-public"] = [
        row for row in story.stored["public-public"] if (row.patient, row.seq) != (f"p-{gone.patient:06d}", gone.seq)
    ]
    found = finding(story, "backlog")
    assert (found.verdict, found.measured["lost"]) == (Verdict.FAIL, 1)


def test_a_later_reading_that_arrived_first_fails(stored: Callable[[], Story], back: Story, finding: Find) -> None:
    first, second = offline(back)[:2]
    first.attempts[0].done = second.attempts[0].done + 0.3
    found = finding(stored(), "backlog")
    assert (found.verdict, found.measured["out_of_order"]) == (Verdict.FAIL, 1)


def test_a_backlog_that_takes_too_long_fails(stored: Callable[[], Story], back: Story, finding: Find) -> None:
    back.plan["objectives"]["backlog_t95_s"] = 3
    assert "95 % arrived after" in finding(stored(), "backlog").why


def test_others_who_have_to_wait_for_it_fail(stored: Callable[[], Story], back: Story, finding: Find) -> None:
    for upload in back.uploads:
        if upload.client == "fresh" and -10 <= upload.intended < -6:
            upload.attempts[0].done += 1
    found = finding(stored(), "backlog")
    assert found.verdict is Verdict.FAIL
    assert "others' p50 was" in found.why


def test_nobody_offline_and_too_few_kept_are_inconclusive(story: Story, back: Story, finding: Find) -> None:
    back.uploads = [u for u in back.uploads if u.client != "offline" or u.patient < 2_000_003]
    assert finding(back, "backlog").verdict is Verdict.INCONCLUSIVE
    back.plan["load"]["classes"] = [{"name": "fresh", "share": 1, "resolver": "honest"}]
    assert finding(back, "backlog").why == "no class of clients was without a network"
