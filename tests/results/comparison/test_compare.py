"""Hand-made runs, told twice: what a comparison says of them, and what it refuses to say."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from results.comparison.compare import compare
from results.comparison.figures import RunFigures, measure
from results.comparison.model import Answer, Change, Comparison
from results.finding import Verdict
from results.judge import judge
from tests.results.comparison.runs import NEW, OLD, PRICES, change_of, measured, shift, story
from tests.results.story import T0, Attempt, Story


@pytest.fixture
def new(tmp_path: Path) -> Story:
    """The story again, to be changed; `tell` measures it."""
    return story(tmp_path / NEW)


def tell(tmp_path: Path, told: Story) -> RunFigures:
    return measured(tmp_path / NEW, told, 1)


def test_the_same_story_twice_is_the_same(old: RunFigures, same: RunFigures) -> None:
    comparison = compare(old, same)
    assert {each.metric: each.change for each in comparison.metrics if each.change is not Change.SAME} == {}
    assert comparison.verdict is Verdict.PASS
    assert {
        *(
            "rta_s",
            "uploads_lost",
            "rpo_s",
            "uploads_duplicated",
            "dns_t95_s",
            "ttd_s",
            "monitor_ttd_s",
            "availability",
        ),
        *("latency_p50_ms/steady", "latency_p99_ms/steady/near", "latency_p99_ms/recovered", "availability/recovered"),
        *("services_cpu_s/steady", "services_memory_gb_s/recovered", "generator_cpu_s/steady", "generator_lag_p99_ms"),
    } <= {each.metric for each in comparison.metrics}
    assert comparison.left_out == [
        *("services_out_gb/steady: not recorded", "generator_out_gb/steady: not recorded"),
        *("services_out_gb/recovered: not recorded", "generator_out_gb/recovered: not recorded"),
    ]


def test_figures_are_what_the_story_says(old: RunFigures, same: RunFigures) -> None:
    by_name = {each.metric: each for each in compare(old, same).metrics}
    assert by_name["latency_p50_ms/steady"].now.value == pytest.approx(50)
    assert by_name["latency_p50_ms/steady"].now.n == 795  # from -18 s to 2 s before -0.1 s, 50 a second
    assert by_name["rta_s"].now.value == pytest.approx(5)
    # 0.1 core and 1 GB, 50 uploads a second: 2 s of processor and 20 GB s for 1,000 uploads; what is of no site is not counted
    assert by_name["services_cpu_s/steady"].now.value == pytest.approx(2, rel=0.01)
    assert by_name["services_memory_gb_s/steady"].now.value == pytest.approx(20, rel=0.01)
    assert by_name["generator_cpu_s/steady"].now.value == pytest.approx(4, rel=0.01)
    assert by_name["generator_memory_gb_s/steady"].now.value == pytest.approx(4, rel=0.01)


def test_a_comparison_is_the_same_byte_for_byte_and_survives_its_file(old: RunFigures, same: RunFigures) -> None:
    first, second = (compare(old, same, prices=PRICES) for _ in range(2))
    assert first.to_bytes() == second.to_bytes()
    assert Comparison.model_validate_json(first.to_bytes()) == first
    assert json.loads(first.to_bytes())["schema"] == "zweitherz/comparison/1"


def late(told: Story) -> Story:
    """The load generator begins each attempt a fifth of a second after its time."""
    for upload in told.uploads:
        for attempt in upload.attempts:
            attempt.late = 0.2
    return told


def test_a_generator_that_was_late_measured_itself_and_nothing_is_compared(
    tmp_path: Path, old: RunFigures, new: Story
) -> None:
    itself = tell(tmp_path, late(new))
    for comparison, side in ((compare(old, itself), "now"), (compare(itself, old), "baseline")):
        assert comparison.verdict is Verdict.INCONCLUSIVE
        assert comparison.why.startswith(f"{side} {NEW}: not a measurement of the service: the generator: lag p99 200")
        assert {each.change for each in comparison.metrics} == {Change.UNKNOWN}


def test_a_quarter_slower_is_worse_and_the_other_way_round_better(tmp_path: Path, old: RunFigures, new: Story) -> None:
    slower = tell(tmp_path, shift(new, 1.25))
    worse, better = compare(old, slower), compare(slower, old)
    assert change_of(worse, "latency_p50_ms/steady") is Change.WORSE
    assert change_of(worse, "rta_s") is Change.SAME
    assert (worse.verdict, worse.claims[0].answer) == (Verdict.FAIL, Answer.NO)
    assert "worse first: latency_p50_ms/steady" in worse.why
    assert change_of(better, "latency_p50_ms/steady/near") is Change.BETTER
    assert (better.verdict, better.claims[0].answer) == (Verdict.PASS, Answer.YES)


def test_a_lost_upload_is_worse_than_none(tmp_path: Path, old: RunFigures, new: Story) -> None:
    new.stored["public-public"].pop()
    for event in new.events:
        if event["kind"] == "readback" and event["data"]["path"] == "public":
            event["data"]["rows"] -= 1
    assert change_of(compare(old, tell(tmp_path, new)), "uploads_lost") is Change.WORSE


def test_a_longer_outage_is_worse_beyond_its_tolerance(tmp_path: Path, old: RunFigures, new: Story) -> None:
    for upload in new.uploads:
        if 6 <= upload.intended < 9.5:
            upload.attempts = [Attempt(upload.intended, upload.intended + 3.5, site="gra")]
    comparison = compare(old, tell(tmp_path, new))
    assert change_of(comparison, "rta_s") is Change.WORSE  # 5 s, and more than the 3 s that are tolerated
    assert change_of(comparison, "availability") is Change.WORSE


def test_readings_that_never_arrive_any_more_are_worse_and_are_no_number(
    tmp_path: Path, old: RunFigures, new: Story
) -> None:
    for number, upload in enumerate(new.uploads):
        if upload.intended < -3 and number % 20 == 0:
            upload.attempts[0].outcome, upload.attempts[0].error = "info", "timeout"
    broken = tell(tmp_path, new)
    comparison = compare(old, broken)
    p99 = next(each for each in comparison.metrics if each.metric == "latency_p99_ms/steady")
    assert (p99.change, p99.now.value, p99.delta) == (Change.WORSE, None, None)
    assert "never were acknowledged" in p99.why
    assert change_of(comparison, "availability/steady") is Change.WORSE
    other = compare(broken, old)
    assert change_of(other, "latency_p99_ms/steady") is Change.UNKNOWN
    assert other.verdict is Verdict.INCONCLUSIVE


def test_too_few_readings_cannot_be_compared(tmp_path: Path, old: RunFigures, new: Story) -> None:
    new.plan["load"]["distances"] = {"near": 0.9, "far": 0.1}  # nobody of the story is far away
    told = tell(tmp_path, shift(new, 0.5))
    comparison = compare(replace(old, plan=told.plan), told)
    far = next(each for each in comparison.metrics if each.metric == "latency_p50_ms/steady/far")
    assert (far.change, far.now.n) == (Change.UNKNOWN, 0)
    assert "too few readings: 0 (at least 100)" in far.why
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert comparison.claims[0].answer is Answer.UNKNOWN


def test_use_that_was_not_sampled_cannot_be_compared(tmp_path: Path, old: RunFigures, new: Story) -> None:
    new.samples = [
        sample
        for sample in new.samples
        if not (sample[3] == "rss_bytes" and sample[1] == "lab")
        and not (sample[3] == "cpu_s" and -16e9 < sample[0] - T0 < -4e9)
    ]
    by_name = {each.metric: each for each in compare(old, tell(tmp_path, new)).metrics}
    for name, why in (
        ("services_memory_gb_s/steady", "now: not recorded"),
        ("services_cpu_s/steady", "now: no sample of its use for 12 s"),
    ):
        assert (by_name[name].change, by_name[name].why) == (Change.UNKNOWN, why)


@pytest.mark.parametrize(
    ("part", "key", "value", "said"),
    [
        ("population", "patients", 2001, "population.patients: 2000 and 2001"),
        ("load", "engine", "rust", "load.engine: native and rust"),
        ("load", "rate", 51, "load.rate: 50.0 and 51.0"),
        ("phases", "steady_s", 70, "phases.steady_s: 80.0 and 70.0"),
        ("objectives", "deadline_s", 3, "objectives.deadline_s: 2.0 and 3.0"),
        ("lab", "distances_ms", {"near": 1}, "lab.distances_ms.far: 45.0 and None"),
        ("fault", "site", "gra", "fault.site: fra and gra"),
    ],
)
def test_unequal_work_is_never_compared(
    old: RunFigures, same: RunFigures, part: str, key: str, value: object, said: str
) -> None:
    comparison = compare(old, asked(same, part, key, value))
    assert said in comparison.unequal
    assert {each.change for each in comparison.metrics} == {Change.UNKNOWN}
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert comparison.claims == []


def asked(run: RunFigures, part: str, key: str, value: object) -> RunFigures:
    """The same run with another plan."""
    assert run.plan is not None
    whole = run.plan.model_dump(mode="json", by_alias=True)
    (whole[part] if part else whole)[key] = value
    return replace(run, plan=run.plan.model_validate(whole))


def test_work_is_what_was_intended_too(old: RunFigures, same: RunFigures) -> None:
    fewer = replace(same, intended_steady=764)
    assert compare(old, fewer).unequal == ["readings intended in the steady phase: 795 and 764 (tolerance 2%)"]
    unknown = replace(same, intended_steady=None)
    assert compare(old, unknown).unequal == ["readings intended in the steady phase: not known"]


def test_the_number_of_workers_is_not_the_work_and_a_schedule_counts_more_than_its_seed(
    old: RunFigures, same: RunFigures
) -> None:
    assert compare(old, asked(same, "load", "workers", 2)).unequal == []
    other = asked(same, "", "seed", 2)
    assert compare(old, other).unequal == ["seed: 1 and 2"]
    of = {digest: frozenset({digest * 64}) for digest in "ab"}
    assert compare(replace(old, schedules=of["a"]), replace(other, schedules=of["a"])).unequal == []
    assert compare(replace(old, schedules=of["a"]), replace(same, schedules=of["b"])).unequal == [
        "schedule of the uploads: aaaaaaaaaaaa and bbbbbbbbbbbb"
    ]


def test_another_machine_is_refused_unless_told(old: RunFigures, same: RunFigures) -> None:
    machine = {**same.environment["machine"], "cpu": "Example 4000"}
    elsewhere = replace(same, environment={**same.environment, "machine": machine})
    refused = compare(old, elsewhere)
    assert refused.verdict is Verdict.INCONCLUSIVE
    assert refused.environments == ["processor: Example 3000 and Example 4000"]
    assert "--across-environments" in refused.why
    told = compare(old, elsewhere, across=True)
    assert (told.verdict, told.across, told.environments) == (Verdict.PASS, True, refused.environments)


@pytest.mark.parametrize("name", ["plan.yaml", "environment.json", "timeline.jsonl", "samples.parquet"])
def test_damaged_evidence_is_never_compared(
    tmp_path: Path, stored: Path, old: RunFigures, same: RunFigures, name: str
) -> None:
    folder = tmp_path / OLD
    shutil.copytree(stored / OLD, folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:-40])
    comparison = compare(measure(folder, judge(folder), 0), same, across=True)
    assert comparison.verdict is Verdict.INCONCLUSIVE
    assert {each.change for each in comparison.metrics} == {Change.UNKNOWN}


def test_a_fifth_less_must_hold_for_every_resource_and_for_the_cost(
    tmp_path: Path, old: RunFigures, same: RunFigures
) -> None:
    lean = measured(tmp_path / NEW, story(tmp_path / NEW, cpu_per_s=0.05, memory=0.7e9), 1)
    comparison = compare(old, lean, prices=PRICES)
    assert [claim.answer for claim in comparison.claims] == [Answer.NO, Answer.YES, Answer.YES]
    assert comparison.cost is not None
    assert {each.change for each in comparison.cost.compared} == {Change.BETTER}
    name = "services_memory_gb_s/steady"
    mixed = replace(lean, figures={**lean.figures, name: same.figures[name]})
    assert compare(old, mixed).claims[1].answer is Answer.NO


def test_less_is_not_claimed_of_a_service_that_misses_its_objectives_or_does_less(
    tmp_path: Path, old: RunFigures
) -> None:
    lean = measured(tmp_path / NEW, story(tmp_path / NEW, cpu_per_s=0.05, memory=0.5e9), 1)
    failed = replace(lean, checks={**lean.checks, "latency-slo": Verdict.FAIL})
    claim = compare(old, failed).claims[1]
    assert claim.answer is Answer.UNKNOWN
    assert "kept their objectives" in claim.why
    less = replace(lean, used={"steady": replace(lean.used["steady"], uploads=lean.used["steady"].uploads * 0.9)})
    claim = compare(old, less).claims[1]
    assert claim.answer is Answer.UNKNOWN
    assert "unequal work" in claim.why


def test_cost_is_the_sum_of_its_parts_and_says_what_is_not_in_it(old: RunFigures, same: RunFigures) -> None:
    cost = compare(old, same, prices=PRICES).cost
    assert cost is not None
    steady = cost.now[0]
    # 2 s × 0.001 EUR + 20 GB s × 0.0001 EUR
    assert steady.value == pytest.approx(0.004, rel=0.01)
    assert steady.parts == {"cpu": pytest.approx(0.002, rel=0.01), "memory": pytest.approx(0.002, rel=0.01)}
    assert steady.without == ["stored for a month", "sent"]
    assert steady.low is not None
    assert steady.high is not None
    assert steady.low <= steady.value <= steady.high  # type: ignore[operator] # it is a number
    assert {each.change for each in cost.compared} == {Change.SAME}


def test_costs_of_unequal_parts_are_not_compared(tmp_path: Path, old: RunFigures, new: Story) -> None:
    cpu = [sample for sample in new.samples if sample[3] == "cpu_s"]
    new.samples += [(*sample[:3], "sent_bytes", sample[4] * 1e9) for sample in cpu]
    new.samples += [(*sample[:3], "stored_bytes", sample[4] * 1e6) for sample in cpu]
    cost = compare(old, tell(tmp_path, new), prices=PRICES).cost
    assert cost is not None
    assert {each.change for each in cost.compared} == {Change.UNKNOWN}
    # 0.1 GB/s and 0.0001 GB/s for 50 uploads/s
    assert cost.now[0].parts["sent"] == pytest.approx(2 * 0.01, rel=0.01)
    assert cost.now[0].parts["stored for a month"] == pytest.approx(0.002 * 0.1, rel=0.01)
    assert cost.now[0].without == []
