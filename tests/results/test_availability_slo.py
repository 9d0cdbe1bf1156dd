"""Who was served in time, of all who wanted to be: green, red, inconclusive."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from results.finding import Finding, Verdict
from tests.results.histories import never_back
from tests.results.story import Attempt, Story, Upload

Find = Callable[[Story, str], Finding]


def test_a_service_that_never_comes_back_is_without_an_acknowledgement_to_the_end(story: Story, finding: Find) -> None:
    never_back(story)
    # the last one at -0.01 s, the load ends at 20 s
    assert finding(story, "availability-slo").measured["longest_without_s"] == 20.01


def test_a_service_that_comes_late_was_without_an_acknowledgement_from_the_start(story: Story, finding: Find) -> None:
    story.uploads = [upload for upload in story.uploads if upload.intended > 10]
    # the steady phase begins at -18 s, the first one comes at 10.08 s
    assert finding(story, "availability-slo").measured["longest_without_s"] == pytest.approx(28.08)


def test_a_ratio_that_is_good_enough_by_too_few_readings_proves_nothing(story: Story, finding: Find) -> None:
    ratio = finding(story, "availability-slo").measured["availability"]
    story.plan["objectives"]["availability"] = ratio
    found = finding(story, "availability-slo")
    assert found.verdict is Verdict.INCONCLUSIVE, "the interval reaches below the objective"
    story.plan["objectives"]["availability"] = float(ratio) + 0.0001  # type: ignore[arg-type] # a number
    assert finding(story, "availability-slo").verdict is Verdict.FAIL


def test_availability_counts_what_was_intended_not_what_was_sent(story: Story, finding: Find) -> None:
    found = finding(story, "availability-slo")
    # steady phase from -18 s, load to 20 s: 1900 readings; those intended from -0.04 to 4.54 s came later than 2 s
    assert (found.measured["intended"], found.measured["late"]) == (1900, 230)
    assert found.verdict is Verdict.PASS
    assert found.measured["lower_end"] < found.measured["availability"]


def test_readings_that_never_left_the_device_count_as_not_available(story: Story, finding: Find) -> None:
    for upload in story.uploads:
        if 0 <= upload.intended < 10:
            upload.attempts = []
    found = finding(story, "availability-slo")
    assert (found.verdict, found.measured["never"]) == (Verdict.FAIL, 500)


def test_a_patient_with_two_overdue_readings_is_down_once(story: Story, finding: Find) -> None:
    """Overdue from 3 to 7 s and from 5 to 9 s: six seconds of one patient, whichever reading they belong to."""
    story.uploads = [upload for upload in story.uploads if upload.intended < -1 or upload.intended > 15]
    late = [
        Upload(7, 1.0, [Attempt(1.0, 7.0, site="gra")], seq=90),
        Upload(7, 3.0, [Attempt(7.0, 9.0, site="gra")], seq=91),
    ]
    story.uploads += late
    found = finding(story, "availability-slo").measured
    patients = len({upload.patient for upload in story.uploads if upload.intended >= -18})
    assert found["worst_patient_s"] == 6.0
    assert found["patient_minutes"] == round(1 - 6 / (patients * 38), 6), "the load lasts from -18 s to 20 s"
    assert found["worst_patients_s"] == round(6 / math.ceil(patients * 0.05), 3)


def test_a_reading_that_is_never_acknowledged_keeps_its_patient_down_to_the_end(story: Story, finding: Find) -> None:
    story.uploads = [upload for upload in story.uploads if upload.intended < -1 or upload.intended > 15]
    story.uploads.append(Upload(7, 8.0, [Attempt(8.0, 9.0, "info", site="gra", error="reset")], seq=90))
    assert finding(story, "availability-slo").measured["worst_patient_s"] == 10.0


def test_a_sender_that_died_leaves_availability_open(story: Story, finding: Find) -> None:
    story.events = [e for e in story.events if not (e["kind"] == "generator" and e["data"]["state"] == "end")]
    found = finding(story, "availability-slo")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "sender-0 ended early" in found.why


@pytest.mark.parametrize(
    ("ended", "never", "undecided"),
    [("before its drain", 50, 50), ("in its drain", 75, 25), ("after its drain", 100, None), ("not at all", 100, None)],
)
def test_what_was_on_its_way_when_a_drill_was_ended_early_is_undecided(
    story: Story, finding: Find, ended: str, never: int, undecided: int | None
) -> None:
    """The deadline is 2 s, the load ends at 20 s: what was due from 17 to 18 s is overdue by then, what came later is not."""
    if ended == "before its drain":
        story.without("phase", "drain")
    else:
        if ended == "in its drain":
            story.without("phase", "drain")
            story.event("phase", "drain", 20, state="begin")
            story.event("phase", "drain", 21.5, state="end")
        if ended != "not at all":
            story.event("stop", "drill", 21.5 if ended == "in its drain" else 29, why="Ctrl-C")
    for upload in story.uploads:
        if 17 <= upload.intended < 18 or 19 <= upload.intended < 20:
            upload.attempts = []
    found = finding(story, "availability-slo").measured
    assert (found["never"], found.get("undecided")) == (never, undecided)
    assert found["intended"] == 1900 - (undecided or 0)


def test_a_drill_that_was_ended_at_once_decided_nothing(story: Story, finding: Find) -> None:
    story.events = [event for event in story.events if event["subject"] != "drain"]
    story.uploads = [upload for upload in story.uploads if upload.intended >= 18]
    for upload in story.uploads:
        upload.attempts = []
    found = finding(story, "availability-slo")
    assert (found.verdict, found.why) == (
        Verdict.INCONCLUSIVE,
        "none of 100 readings was decided when the drill was ended",
    )


def test_nothing_intended_is_no_availability(story: Story, finding: Find) -> None:
    story.uploads = [upload for upload in story.uploads if upload.intended < -18.5]
    assert finding(story, "availability-slo").verdict is Verdict.INCONCLUSIVE
