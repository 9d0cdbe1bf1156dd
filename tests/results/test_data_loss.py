"""Definitions 5.5, each outcome in a story of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from results import run as runs
from results.finding import Finding, Verdict
from tests.results.histories import PUBLIC, lose, upload_at
from tests.results.story import Attempt, Row, Story, ns

Find = Callable[[Story, str], Finding]


def test_nothing_lost_is_said_with_what_it_proves(story: Story, finding: Find) -> None:
    found = finding(story, "data-loss")
    assert found.verdict is Verdict.PASS
    # at risk: acknowledged from 5 s before the fault to the fence at 3.1 s; one upload every 20 ms until 0.05 s before it
    assert found.measured["at_risk"] == 250
    assert found.measured["upper_bound"] == round(3 / 250, 6)
    assert (found.measured["lost"], found.measured["rpo_s"]) == (0, 0)


def test_acknowledged_then_absent_is_lost_with_its_rpo(story: Story, finding: Find) -> None:
    lose(story, {upload_at(story, -3).patient, upload_at(story, -1).patient})
    found = finding(story, "data-loss")
    assert found.verdict is Verdict.FAIL
    assert (found.measured["lost"], found.measured["rpo_patients"]) == (2, 2)
    assert found.measured["rpo_s"] == 2.95, "acknowledged 0.05 s after it was due, 3 s before the fault"
    assert (found.measured["stranded"], found.measured["destroyed"]) == (2, 0)
    assert "2 of 2000 acknowledged uploads missing (limit 0), first 3.0 s before the fault" in found.why


def test_what_is_on_no_site_is_destroyed(story: Story, finding: Find) -> None:
    lose(story, {upload_at(story, -3).patient}, volume=False)
    assert finding(story, "data-loss").measured["destroyed"] == 1


def test_acknowledged_after_the_fault_and_lost_fails_whatever_the_objective(story: Story, finding: Find) -> None:
    story.plan["objectives"]["lost"] = 10
    lose(story, {upload_at(story, 12).patient})
    found = finding(story, "data-loss")
    assert found.verdict is Verdict.FAIL
    assert (found.measured["lost_after_fault"], found.measured["rpo_s"]) == (1, 0)


def test_what_was_on_its_way_when_the_fault_came_is_lost_but_not_acknowledged_after_it(
    story: Story, finding: Find
) -> None:
    """Stored before the fault, and its answer still travelled to a far patient."""
    story.plan["objectives"]["lost"] = 1
    upload = upload_at(story, -1)
    upload.attempts = [Attempt(-0.03, 0.02)]
    lose(story, {upload.patient})
    found = finding(story, "data-loss")
    assert found.verdict is Verdict.PASS
    assert (found.measured["lost"], found.measured["lost_after_fault"], found.measured["rpo_s"]) == (1, 0, 0)
    upload.attempts = [Attempt(0.01, 0.06)]
    assert finding(story, "data-loss").measured["lost_after_fault"] == 1


def test_unknown_and_present_is_recovered_unknown_and_absent_is_nothing(story: Story, finding: Find) -> None:
    present, absent = upload_at(story, 3), upload_at(story, 3.5)
    for upload in (present, absent):
        upload.attempts = [Attempt(upload.intended, upload.intended + 1, "info", error="timeout")]
    lose(story, {absent.patient})
    found = finding(story, "data-loss")
    assert found.verdict is Verdict.PASS
    assert (found.measured["recovered"], found.measured["lost"]) == (1, 0)


def test_an_attempt_without_an_end_is_unknown_not_lost(story: Story, finding: Find) -> None:
    upload = upload_at(story, 3)
    upload.attempts = [Attempt(upload.intended, 0, "")]
    lose(story, {upload.patient})
    assert finding(story, "data-loss").verdict is Verdict.PASS


def test_refused_and_present_is_resurrected(story: Story, finding: Find) -> None:
    upload = upload_at(story, 3)
    upload.attempts = [Attempt(upload.intended, upload.intended + 1, "fail", error="refused")]
    found = finding(story, "data-loss")
    assert (found.verdict, found.measured["resurrected"]) == (Verdict.FAIL, 1)


def test_rows_that_nobody_sent_are_unexpected(story: Story, finding: Find) -> None:
    story.store(PUBLIC, [*story.stored[PUBLIC], Row("other-run-1", "p-000001", 1, 1, 9999)])
    found = finding(story, "data-loss")
    assert (found.verdict, found.measured["unexpected"]) == (Verdict.FAIL, 1)


def test_a_reading_that_never_left_its_device_and_is_stored_is_unexpected(story: Story, finding: Find) -> None:
    upload_at(story, 3).attempts = []
    assert finding(story, "data-loss").measured["unexpected"] == 1


def test_a_read_that_is_not_complete_proves_nothing(story: Story, finding: Find) -> None:
    for event in story.events:
        if event["kind"] == "readback" and event["data"]["path"] == "public":
            event["data"]["complete"] = False
    found = finding(story, "data-loss")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "not complete" in found.why


def test_a_read_that_was_cut_off_afterwards_is_noticed(story: Story, finding: Find) -> None:
    story.stored[PUBLIC] = story.stored[PUBLIC][:1000]
    found = finding(story, "data-loss")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "cut off: 1000 rows stored, 2000 were proved" in found.why


def test_a_read_invoked_before_the_last_acknowledgement_proves_nothing(story: Story, finding: Find) -> None:
    for event in story.events:
        if event["kind"] == "readback":
            event["data"]["t_invoked"] = ns(10)
    assert finding(story, "data-loss").verdict is Verdict.INCONCLUSIVE


def test_no_read_at_all_is_inconclusive(story: Story, finding: Find) -> None:
    story.without("readback")
    assert finding(story, "data-loss").verdict is Verdict.INCONCLUSIVE


def test_too_few_uploads_at_risk_prove_too_little(story: Story, finding: Find) -> None:
    story.plan["objectives"]["at_risk_writes"] = 251
    found = finding(story, "data-loss")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "250 acknowledged uploads were at risk (at least 251 needed)" in found.why


def test_too_many_unknown_ends_before_the_fault_prove_too_little(story: Story, finding: Find) -> None:
    for upload in [upload for upload in story.uploads if upload.intended < -10][:5]:
        upload.attempts.insert(0, Attempt(upload.intended, upload.intended + 0.01, "info", error="timeout"))
    found = finding(story, "data-loss")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "before the fault" in found.why


def test_without_a_fault_nothing_was_at_risk(story: Story, finding: Find) -> None:
    story.without("fault.receipt")
    assert finding(story, "data-loss").verdict is Verdict.INCONCLUSIVE


def test_the_tag_of_the_run_tells_its_own_keys_from_others(story: Story, folder: Path, finding: Find) -> None:
    assert story.stored[PUBLIC][0].key.startswith(runs.tag(folder.name))
    assert finding(story, "data-loss").measured["unexpected"] == 0
