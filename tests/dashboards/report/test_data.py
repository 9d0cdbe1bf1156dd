"""The data object of a report, by the story whose every second is known: fault at 0 s, service at the other site from 6 s on."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos import faults
from dashboards.report import audit
from dashboards.report.data import make_data
from dashboards.report.model import (
    Costs,
    Distances,
    Drain,
    Expense,
    Heat,
    Missing,
    Report,
    Saturation,
    Takeover,
    Timeline,
    Trend,
    Writers,
)
from results.evidence import Evidence
from results.finding import Verdict
from tests.dashboards.report.conftest import RUN
from tests.results.story import Attempt, green


def test_it_survives_its_own_file(data: Report) -> None:
    assert Report.model_validate_json(data.to_bytes()) == data


def test_the_three_numbers(data: Report) -> None:
    unserved, lost, affected = data.promises
    assert (unserved.value, unserved.objective, unserved.verdict) == (5.0, 10.0, Verdict.PASS)
    assert (lost.value, lost.of, lost.verdict) == (0, 2000, Verdict.PASS)
    # readings of -0.04 to 4.55 s were acknowledged after more than 2 s, one patient each, of those from -18 s to 20 s
    assert affected.value == pytest.approx(4.59 * 50, abs=1)
    assert affected.of == pytest.approx(38 * 50, abs=1)


def test_the_trend_has_the_earlier_ones_first_and_this_one_last(data: Report) -> None:
    assert isinstance(data.trend, Trend)
    assert [each.run[8:10] for each in data.trend.runs] == ["21", "22", "23"]
    assert data.trend.runs[-1].run == RUN
    assert [each.rta_s for each in data.trend.runs] == [5.0, 5.0, 5.0]


def test_the_first_drill_of_its_name_has_no_trend(tmp_path: Path) -> None:
    run = tmp_path / RUN
    green(run).write(run)
    (tmp_path / "2026-11-25T16-30-00Z_story_0003").mkdir()
    trend = make_data(run).trend
    assert isinstance(trend, Missing)
    assert trend.reason == "first"


def test_latency_before_and_after(data: Report) -> None:
    assert isinstance(data.distances, Distances)
    (near,) = data.distances.classes
    assert near.normal == {"p50": pytest.approx(50), "p95": pytest.approx(50)}
    assert near.one_site == {"p50": pytest.approx(60), "p95": pytest.approx(60)}


def test_resources_and_cost(data: Report) -> None:
    assert isinstance(data.expense, Expense)
    cpu = next(each for each in data.expense.resources if each.name == "cpu_s")
    # half a core at one site, one at the other, 50 acknowledgements a second: 30 core-seconds per 1,000
    assert cpu.phases["steady"] == pytest.approx(30, rel=0.02)
    assert isinstance(data.expense.cost, Costs)
    assert {each.phase for each in data.expense.cost.phases} == {"steady", "recovered"}


def test_cost_needs_prices(run: Path) -> None:
    expense = make_data(run).expense
    assert isinstance(expense, Expense)
    assert isinstance(expense.cost, Missing)
    assert expense.cost.reason == "no-prices"


def test_every_layer_is_on_the_timeline(data: Report) -> None:
    assert isinstance(data.timeline, Timeline)
    lanes = {each.lane for each in data.timeline.happenings}
    assert lanes == {"phases", "fault", "patients", "monitors", "alerts", "takeover", "dns", "classes", "rollback"}
    first = next(each for each in data.timeline.happenings if each.lane == "classes")
    assert (first.who, first.begin) == ("fresh", pytest.approx(6.05, abs=0.6))


def test_the_takeover_step_by_step(data: Report) -> None:
    assert isinstance(data.takeover_steps, Takeover)
    steps = {each.name: each for each in data.takeover_steps.steps}
    assert (steps["detect"].begin, steps["detect"].end) == (0, 3.0)
    assert steps["authoritative"].end == 4.0
    assert (steps["restored"].begin, steps["restored"].end) == (0.0, 5.0)
    assert data.takeover_steps.human_share == 0


def test_the_human_share_of_the_recovery(tmp_path: Path) -> None:
    run = tmp_path / RUN
    story = green(run)
    story.plan["people"] = [{"step": "dns"}]
    story.event("takeover.step", "dns", 3.5, state="waits", site="gra")
    story.event("takeover.step", "dns", 3.9, state="approved", site="gra", by="on-call")
    takeover = make_data(story.write(run)).takeover_steps
    assert isinstance(takeover, Takeover)
    (human,) = [each for each in takeover.steps if each.human]
    assert (human.name, human.who, human.begin, human.end) == ("dns", "on-call", 3.5, 3.9)
    assert (takeover.human_s, takeover.human_share) == (0.4, pytest.approx(0.4 / 5.0))


def test_clients_leave_the_lost_site(data: Report) -> None:
    assert isinstance(data.drain, Drain)
    (fresh,) = data.drain.clients
    # of 1000 readings after the fault 300 were tried at the lost site first, and each left it when it had been
    assert fresh.points[0] == (0.0, pytest.approx(0.3, abs=0.01))
    assert fresh.points[-1][1] == 0
    assert [share for _, share in fresh.points] == sorted((share for _, share in fresh.points), reverse=True)


def test_one_writer_after_the_other(data: Report) -> None:
    assert isinstance(data.writers, Writers)
    assert list(data.writers.sites) == ["fra", "gra"]
    assert sum(data.writers.sites["fra"]) + sum(data.writers.sites["gra"]) == 2000
    assert data.writers.overlaps == []


def test_two_writers_are_shown(tmp_path: Path) -> None:
    run = tmp_path / RUN
    story = green(run)
    late = next(upload for upload in story.uploads if upload.intended > 10)
    late.attempts = [Attempt(late.intended, late.intended + 0.05, site="fra")]
    writers = make_data(story.write(run)).writers
    assert isinstance(writers, Writers)
    ((begin, end),) = writers.overlaps
    assert begin == pytest.approx(6.06, abs=0.1)
    assert end == pytest.approx(10.07, abs=0.1)


def test_every_reading_is_in_the_heat_map(data: Report) -> None:
    assert isinstance(data.heat, Heat)
    assert sum(map(sum, data.heat.counts)) == 2000
    assert data.heat.never == 0
    assert data.heat.worst_ms == pytest.approx(6590, abs=1)
    quick = next(row for row, high in zip(data.heat.counts, data.heat.edges_ms[1:], strict=False) if high > 50)
    assert sum(quick) == pytest.approx(1700, abs=5)


def test_readings_that_never_were_acknowledged_have_a_row_of_their_own(tmp_path: Path) -> None:
    run = tmp_path / RUN
    story = green(run)
    for upload in story.uploads[-7:]:
        upload.attempts = [Attempt(upload.intended, upload.intended + 1, "fail", error="refused")]
    heat = make_data(story.write(run)).heat
    assert isinstance(heat, Heat)
    assert (heat.never, sum(heat.counts[-1])) == (7, 7)


def test_monitors_against_the_fault(data: Report) -> None:
    assert isinstance(data.monitors, list)
    assert [(each.name, each.lost) for each in data.monitors][-1] == ("http@fra", True)
    transaction = next(each for each in data.monitors if each.name == "transaction@gra")
    assert (transaction.looks, transaction.failed) == (41, 6)
    assert transaction.alarms == [(3.5, 6.5)]
    assert [ok for *_, ok in transaction.runs] == [True, False, True]


def test_the_budget_burns_as_the_looks_say(data: Report) -> None:
    assert isinstance(data.burns, list)
    (burn,) = data.burns
    (pair,) = burn.pairs
    assert pair.threshold == pytest.approx(14.4)
    # for three seconds on end nothing but failed looks of the one monitor that is left: the short window is all bad
    assert max(short for *_, short in pair.points) == pytest.approx(1000)
    assert burn.fired == [(3.2, 12.0)]


def test_saturation_says_what_nobody_recorded(data: Report) -> None:
    assert isinstance(data.saturation, Saturation)
    assert {load.name: load.peak for load in data.saturation.cores} == {"fra": 0.5, "gra": 1.0}
    assert "pool" in data.saturation.absent


def test_the_auditor_sees_when_the_plan_was_fixed_and_what_was_not_tested(data: Report) -> None:
    assert "before the fault" in data.audit.plan_record
    assert not data.audit.plan_contradicted
    assert len(data.audit.plan_sha256 or "") == 64
    assert data.audit.clock_error_ns == 128
    assert "failback" in data.audit.checks_not_asked
    assert "site-cut" in data.audit.faults_not_covered
    assert "site-loss" not in data.audit.faults_not_covered
    assert {each.norm for each in data.audit.norms} == {"iso22301", "iso27001", "bsi200-4", "digav"}
    returning = next(each for each in data.audit.norms if each.requirement == "iso27001.switch")
    assert (returning.verdict, list(returning.checks)) == (Verdict.PASS, ["split-brain"])


def test_clocks_of_several_hosts_count_where_they_are_worse_than_the_reading_of_the_wall_clock(tmp_path: Path) -> None:
    story = green(tmp_path / "run")
    story.environment["clock_error_ns"] = 128
    for state, at in (("before", -20), ("after", 21)):
        story.event(
            "worker.clock", "sender-0", at, state=state, offset_ns=-3_000_000, round_trip_ns=1_000_000, rounds=8
        )
    with Evidence(story.write(tmp_path / "run")) as evidence:
        found = audit.audit(tmp_path / "run", evidence, {})
    assert found.clock_error_ns == 3_500_000 + round(30e-6 * 41e9 / 2)


def test_the_catalogue_of_faults_is_whole() -> None:
    assert set(audit.FAULTS) == set(faults.FAULTS) - {faults.NONE}


def test_a_drill_without_a_takeover_leaves_out_by_name_what_it_did_not_ask(tmp_path: Path) -> None:
    run = tmp_path / RUN
    story = green(run)
    story.plan |= {"fault": {"name": "none", "takeover": "none"}, "checks": ["availability-slo"]}
    story.without("fault.receipt")
    story.without("fault.command")
    data = make_data(story.write(run))
    assert [part.reason for part in (data.takeover_steps, data.drain) if isinstance(part, Missing)] == [
        "no-takeover"
    ] * 2
    assert [promise.verdict is None for promise in data.promises] == [True, True, False]
    back = next(light for light in data.lights if light.name == "back")
    assert (back.verdict, back.not_asked) == (None, ["recovery-time"])
