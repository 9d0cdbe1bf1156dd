"""Recovery time, availability, latency, DNS and traffic, generator, receipt, journal, cleanliness: green, red, inconclusive."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from results.finding import Finding, Verdict
from tests.results.histories import never_back
from tests.results.story import FRA, GRA, Attempt, Story, Upload

Find = Callable[[Story, str], Finding]


# recovery-time


def test_recovery_counts_from_the_first_impact_to_the_first_window_that_holds(story: Story, finding: Find) -> None:
    found = finding(story, "recovery-time")
    assert (found.verdict, found.measured["rta_s"]) == (Verdict.PASS, 5.0)
    assert found.measured["declaration_gap_s"] == 0.9, "declared 0.9 s before the service was good again"


def test_a_relapse_within_the_hold_does_not_count_as_restored(story: Story, finding: Find) -> None:
    for upload in story.uploads:
        if 7.5 <= upload.intended < 8:
            upload.attempts = [Attempt(upload.intended, upload.intended + 1, "fail", error="refused")]
    found = finding(story, "recovery-time")
    assert (found.verdict, found.measured["rta_s"]) == (Verdict.PASS, 8.0)


def test_restored_later_than_the_objective_fails(story: Story, finding: Find) -> None:
    story.plan["objectives"]["rto_s"] = 4.9
    assert finding(story, "recovery-time").verdict is Verdict.FAIL


def test_never_restored_although_watched_long_enough_fails(story: Story, finding: Find) -> None:
    never_back(story)
    found = finding(story, "recovery-time")
    assert (found.verdict, found.measured["rta_s"]) == (Verdict.FAIL, None)


def test_watched_too_briefly_is_inconclusive(story: Story, finding: Find) -> None:
    never_back(story)
    story.plan["objectives"]["rto_s"] = 60
    assert finding(story, "recovery-time").verdict is Verdict.INCONCLUSIVE


def test_without_a_fault_there_is_no_recovery(story: Story, finding: Find) -> None:
    story.without("fault.receipt")
    assert finding(story, "recovery-time").verdict is Verdict.INCONCLUSIVE


def test_a_fault_that_nobody_felt_has_no_recovery_time(story: Story, finding: Find) -> None:
    for upload in story.uploads:
        upload.attempts = [Attempt(upload.intended, upload.intended + 0.05, site="gra")]
    found = finding(story, "recovery-time")
    assert (found.verdict, found.measured["rta_s"]) == (Verdict.PASS, 0.0)


def test_a_fault_after_which_nobody_wanted_to_upload_proves_no_recovery(story: Story, finding: Find) -> None:
    story.uploads = [upload for upload in story.uploads if upload.intended < -3]
    found = finding(story, "recovery-time")
    assert (found.verdict, found.why) == (Verdict.INCONCLUSIVE, "no reading was intended after the fault")


# availability-slo


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


# latency-slo


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


# dns-convergence, traffic-drain


def test_resolvers_that_follow_in_time_pass(story: Story, finding: Find) -> None:
    found = finding(story, "dns-convergence")
    assert (found.verdict, found.measured["t95_s"]) == (Verdict.PASS, {"honest": 2.0})


def test_an_authoritative_server_that_never_changes_fails(story: Story, finding: Find) -> None:
    story.without("dns.authoritative", "ns2")
    story.event("dns.authoritative", "ns2", -20, answer=FRA, ttl=5)
    assert finding(story, "dns-convergence").verdict is Verdict.FAIL


def test_a_server_that_changes_only_when_everything_is_rolled_back_fails(story: Story, finding: Find) -> None:
    story.without("dns.authoritative", "ns2")
    story.event("dns.authoritative", "ns2", 22, answer=GRA, ttl=5)  # the load ended at 20 s
    found = finding(story, "dns-convergence")
    assert (found.verdict, found.measured["t_auth_s"]) == (Verdict.FAIL, None)


def test_an_honest_resolver_that_keeps_the_old_answer_fails(story: Story, finding: Find) -> None:
    story.lookups = [(*row[:7], FRA, *row[8:]) for row in story.lookups]
    found = finding(story, "dns-convergence")
    assert (found.verdict, found.measured["t95_s"]) == (Verdict.FAIL, {"honest": None})
    assert "> 16 s" in found.why


def test_nobody_asked_is_inconclusive(story: Story, finding: Find) -> None:
    story.lookups = story.lookups[:100]
    assert finding(story, "dns-convergence").verdict is Verdict.INCONCLUSIVE


def test_requests_that_stay_on_the_lost_site_fail(story: Story, finding: Find) -> None:
    for upload in story.uploads[::5]:
        if upload.intended > 6:
            upload.attempts = [Attempt(upload.intended, upload.intended + 1, "fail", error="connect-timeout")]
    found = finding(story, "traffic-drain")
    assert found.verdict is Verdict.FAIL
    assert "fresh > 16 s" in found.why


def test_a_class_without_requests_is_inconclusive(story: Story, finding: Find) -> None:
    story.plan["load"]["classes"] = [
        {"name": "fresh", "share": 0.9, "resolver": "honest"},
        {"name": "pinned", "share": 0.1, "resolver": "honest"},
    ]
    assert finding(story, "traffic-drain").verdict is Verdict.INCONCLUSIVE


def test_traffic_that_moves_in_time_passes(story: Story, finding: Find) -> None:
    found = finding(story, "traffic-drain")
    assert (found.verdict, found.measured["since"]) == (Verdict.PASS, "t_auth")


# generator-health


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


# injection-receipt, journal, cleanliness


def test_an_order_without_effect_is_inconclusive(story: Story, finding: Find) -> None:
    story.without("fault.receipt")
    story.event("fault.receipt", "fra", 5, effective=False, proof="the witness still reaches it")
    found = finding(story, "injection-receipt")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "the witness still reaches it" in found.why


def test_no_order_is_inconclusive(story: Story, finding: Find) -> None:
    story.without("fault.command")
    story.without("fault.receipt")
    assert "never ordered" in finding(story, "injection-receipt").why


def test_a_steady_state_that_did_not_hold_is_inconclusive_though_completed(story: Story, finding: Find) -> None:
    """Chaos Toolkit ends with `completed` and exit code 0 here (V1)."""
    assert story.journal is not None
    story.journal |= {"steady_states": {"before": {"steady_state_met": False}}, "run": [], "rollbacks": []}
    assert finding(story, "journal").verdict is Verdict.INCONCLUSIVE


def test_an_action_that_raised_is_inconclusive_though_completed(story: Story, finding: Find) -> None:
    """V2, V3: the journal says completed, the exit code is 0."""
    assert story.journal is not None
    story.journal["run"][0]["status"] = "failed"
    assert "lose-site failed" in finding(story, "journal").why


def test_a_rollback_that_failed_is_red_though_completed(story: Story, finding: Find) -> None:
    """V4."""
    assert story.journal is not None
    story.journal["rollbacks"][0]["status"] = "failed"
    assert finding(story, "journal").verdict is Verdict.FAIL


def test_an_activity_that_never_ran_is_inconclusive(story: Story, finding: Find) -> None:
    assert story.journal is not None
    story.journal["experiment"]["method"].append({})
    assert "2 of 3 activities succeeded" in finding(story, "journal").why


@pytest.mark.parametrize("gone", ["journal", "undo"])
def test_no_journal_no_verdict(story: Story, finding: Find, gone: str) -> None:
    setattr(story, gone, None if gone == "journal" else [])
    name = "journal" if gone == "journal" else "cleanliness"
    expected = Verdict.INCONCLUSIVE if gone == "journal" else Verdict.PASS
    assert finding(story, name).verdict is expected


def test_an_inverse_that_is_still_owed_is_red(story: Story, finding: Find) -> None:
    story.undo.pop()
    assert "zweitherz undo" in finding(story, "cleanliness").why


def test_something_left_behind_is_red(story: Story, finding: Find) -> None:
    story.event("tidy", "run", 26, left_behind=["process 42: haproxy"])
    assert finding(story, "cleanliness").verdict is Verdict.FAIL


def test_nobody_looked_is_inconclusive(story: Story, finding: Find) -> None:
    story.without("tidy")
    assert finding(story, "cleanliness").verdict is Verdict.INCONCLUSIVE
