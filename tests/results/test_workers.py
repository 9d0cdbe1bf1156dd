"""A worker of the load generator is lost, or has a clock of its own: what the checks make of it, on small histories."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from results.checks import CHECKS
from results.evidence import Evidence, Unusable
from results.finding import Finding, Verdict
from results.identity import idempotency_key, operation
from results.judge import Judgement
from results.workers import OF_PATIENTS, ClockError, clock_error, lost_senders
from tests.results.histories import PUBLIC, objectives
from tests.results.story import Row, Story, ns

Find = Callable[[Story, str], Finding]
WORKERS = 4


def four(story: Story) -> None:
    """The load came from four workers on hosts of their own. (The story keeps all history in one file.)"""
    story.without("generator")
    for number in range(WORKERS):
        sender, place = f"sender-{number}", {"host": f"load-{number}", "worker": f"load-{number}_x"}
        story.event("worker", sender, -20, state="placed", workers=WORKERS, patients=500, shared=False, **place)
        story.event("generator", sender, -20, state="begin", start_ns=ns(-20), workers=WORKERS, patients=500)
        story.event("generator", sender, 21, state="end", schedule_digest="d", workers=WORKERS, patients=500)
        story.event("worker", sender, 21, state="collected", rows=None, files=[], **place)


def lose_sender(story: Story, *, shared: bool = False) -> None:
    """The third worker is killed 5 s before the end; `shared`: what it had written until then is there."""
    story.events = [
        e for e in story.events if e["subject"] != "sender-2" or e["data"]["state"] not in ("begin", "end", "collected")
    ]
    story.uploads = [u for u in story.uploads if u.patient % WORKERS != 2 or (shared and u.intended < 15)]
    if shared:
        sent = {u.op for u in story.uploads}
        story.store(PUBLIC, [r for r in story.stored[PUBLIC] if int(r.key.partition("-")[2], 16) in sent])
    told = {"due": 500, "intended": 430, "acknowledged": 420, "heard_ns": ns(15)}
    more = {"workers": WORKERS, "patients": 500, "host": "load-2", "shared": shared}
    story.event("worker", "sender-2", 21, state="lost", why="no heartbeat", **more, **told)


def test_four_workers_that_all_gave_what_they_wrote_are_as_good_as_one(
    story: Story, told: Callable[[Story], Judgement]
) -> None:
    four(story)
    assert told(story).verdict is Verdict.PASS


@pytest.mark.parametrize("shared", [False, True])
def test_a_lost_worker_is_named_with_its_patients_and_their_readings(
    story: Story, told: Callable[[Story], Judgement], shared: bool
) -> None:
    four(story)
    lose_sender(story, shared=shared)
    judged = told(story)
    assert judged.verdict is Verdict.INCONCLUSIVE, [f.why for f in judged.findings if f.verdict is Verdict.FAIL]
    who = "sender-2 on load-2 is lost (no heartbeat), patients with number % 4 = 2 (500), 500 readings"
    by_name = {finding.name: finding for finding in judged.findings}
    for name in {"generator-health", *OF_PATIENTS} & by_name.keys():
        assert (name, by_name[name].verdict) == (name, Verdict.INCONCLUSIVE)
    for name in ("generator-health", "data-loss", "recovery-time", "availability-slo", "latency-slo", "corruption"):
        assert who in by_name[name].why
    assert by_name["generator-health"].measured["workers"] == WORKERS - 1


def test_rows_of_a_lost_workers_patients_are_nobodys_surprise_and_those_of_others_are(
    story: Story, finding: Find
) -> None:
    four(story)
    lose_sender(story)
    assert finding(story, "data-loss").measured["unexpected"] == 0
    for foreign in ("other-run-1", story.stored[PUBLIC][0].key + "ff"):
        story.store(PUBLIC, [*story.stored[PUBLIC], Row(foreign, "p-000002", 1, 1, 9999)])
    found = finding(story, "data-loss")
    assert (found.verdict, found.measured["unexpected"]) == (Verdict.FAIL, 2)


def test_where_the_history_of_a_lost_worker_is_kept_a_row_it_did_not_send_is_unexpected(
    story: Story, finding: Find
) -> None:
    four(story)
    lose_sender(story, shared=True)
    assert finding(story, "data-loss").verdict is Verdict.INCONCLUSIVE
    tag = story.stored[PUBLIC][0].key.partition("-")[0]
    unsent = operation(1998, 1)  # of a patient of sender-2, due when that had died
    story.store(PUBLIC, [*story.stored[PUBLIC], Row(idempotency_key(tag, unsent), "p-001998", 1, 1, 9999)])
    assert finding(story, "data-loss").verdict is Verdict.FAIL


def test_what_is_red_without_the_lost_ones_stays_red(story: Story, finding: Find) -> None:
    four(story)
    lose_sender(story)
    objectives(rto_s=4.9)(story)
    assert finding(story, "recovery-time").verdict is Verdict.FAIL


def test_a_master_that_died_before_it_had_everything_leaves_it_open(story: Story, finding: Find) -> None:
    four(story)
    story.events = [
        e for e in story.events if e["subject"] != "sender-1" or e["data"]["state"] not in ("collected", "begin", "end")
    ]
    found = finding(story, "generator-health")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "sender-1 on load-1 ended early: its master did not see its end, patients with number % 4 = 1" in found.why


def test_a_worker_with_another_schedule_is_noticed(story: Story, finding: Find) -> None:
    four(story)
    story.event("generator", "sender-4", 21, state="end", schedule_digest="another")
    found = finding(story, "generator-health")
    assert (found.verdict, "by 2 different schedules" in found.why) == (Verdict.INCONCLUSIVE, True)


@pytest.mark.parametrize(
    ("rows", "verdict"), [(0, Verdict.PASS), (1, Verdict.INCONCLUSIVE), (-1, Verdict.INCONCLUSIVE)]
)
def test_rows_are_as_many_as_the_sender_wrote(story: Story, finding: Find, rows: int, verdict: Verdict) -> None:
    written = sum(max(1, len(upload.attempts)) for upload in story.uploads)
    story.without("generator")
    story.event("generator", "sender-0", -20, state="begin")
    story.event("generator", "sender-0", 21, state="end", rows=written + rows)
    found = finding(story, "generator-health")
    assert found.verdict is verdict
    assert rows == 0 or f"sender-0 wrote {written + rows} rows of history, {written} are there" in found.why


# clocks


def compare(story: Story, sender: str, offset_ms: float, round_trip_ms: float, *states: str) -> None:
    for state in states or ("before", "after"):
        at = {"before": -20, "after": 21}[state]
        figures = {"offset_ns": round(offset_ms * 1e6), "round_trip_ns": round(round_trip_ms * 1e6), "rounds": 8}
        story.event("worker.clock", sender, at, state=state, host="h", **figures)


def error_of(story: Story, run: Path) -> ClockError:
    with Evidence(story.write(run)) as evidence:
        return clock_error(evidence)


DRIFT_MS = 30e-6 * 41_000 / 2  # the comparisons lie 41 s apart


def test_one_clock_has_no_error(story: Story, folder: Path) -> None:
    assert error_of(story, folder) == ClockError(0, "")


def test_the_bound_of_a_figure_is_the_sum_of_the_two_worst_clocks(story: Story, folder: Path) -> None:
    four(story)
    # |-7| + 2 / 2 = 8 ms, |3| + 4 / 2 = 5 ms, 0 + 0.2 / 2 = 0.1 ms; and each its drift
    for sender, offset, round_trip in (("sender-0", 3, 4), ("sender-1", -7, 2), ("sender-2", 0, 0.2)):
        compare(story, sender, offset, round_trip)
    error = error_of(story, folder)
    assert error.worst == "sender-1"
    assert error.ns == pytest.approx((8 + 5 + 2 * DRIFT_MS) * 1e6, abs=2)


def test_the_bound_is_printed_and_times_are_left_alone(story: Story, finding: Find) -> None:
    before = finding(story, "recovery-time")
    four(story)
    compare(story, "sender-0", 3, 4)
    after = finding(story, "recovery-time")
    assert after.why == before.why.replace(" s after", f" s ± {5 + DRIFT_MS:.2f} ms after")
    assert after.measured == before.measured
    generator = finding(story, "generator-health")
    assert generator.verdict is Verdict.PASS
    assert generator.measured["clock_error_ms"] == round(5 + DRIFT_MS, 3)
    assert "true to ± 5.62 ms (sender-0)" in generator.why


@pytest.mark.parametrize(
    ("rto_s", "offset_ms", "verdict"),
    [  # restored after 5 s
        (5.5, 100, Verdict.PASS),
        (5.5, 600, Verdict.INCONCLUSIVE),
        (4.9, 200, Verdict.INCONCLUSIVE),
        (4.9, 50, Verdict.FAIL),
    ],
)
def test_nearer_to_the_objective_than_the_clocks_agree_is_neither_pass_nor_fail(
    story: Story, finding: Find, rto_s: float, offset_ms: float, verdict: Verdict
) -> None:
    objectives(rto_s=rto_s)(story)
    compare(story, "sender-0", offset_ms, 1)
    found = finding(story, "recovery-time")
    assert found.verdict is verdict
    assert ("the clocks cannot tell" in found.why) is (verdict is Verdict.INCONCLUSIVE)


def test_a_clock_that_was_compared_only_once_says_nothing(story: Story, folder: Path, finding: Find) -> None:
    compare(story, "sender-0", 3, 4, "before")
    with pytest.raises(Unusable, match="the clock of sender-0 was not compared before and after the load"):
        error_of(story, folder)
    assert finding(story, "generator-health").verdict is Verdict.INCONCLUSIVE


def test_of_a_lost_sender_no_clock_is_needed(story: Story, folder: Path) -> None:
    four(story)
    lose_sender(story)
    compare(story, "sender-2", 3, 4, "before")
    assert error_of(story, folder) == ClockError()
    with Evidence(folder) as evidence:
        assert [each.sender for each in lost_senders(evidence)] == ["sender-2"]


def test_checks_on_patients_are_checks_there_are() -> None:
    assert CHECKS.keys() >= OF_PATIENTS
