from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests import schedule as module
from loadtests.population import make_patients
from loadtests.schedule import make_schedule, make_share, pack
from results.plan import Plan


def plan(patients: int = 1000, rate: float = 20, **load: object) -> Plan:
    return Plan.model_validate({"drill": "t", "population": {"patients": patients}, "load": {"rate": rate, **load}})


ALL_ALIKE = [{"name": "fresh", "share": 1, "resolver": "honest"}]


@given(seed=st.integers(0, 2**32), workers=st.integers(1, 7))
@settings(max_examples=20, deadline=None)
def test_the_schedule_does_not_depend_on_the_number_of_workers(seed: int, workers: int) -> None:
    patients = make_patients(plan().model_copy(update={"seed": seed}))
    whole = make_schedule(patients, plan().load, seed, 60)
    parts = [whole.of_worker(worker, workers) for worker in range(workers)]
    assert sum(map(len, parts)) == len(whole)
    together = sorted((d, p, s) for part in parts for d, p, s in zip(part.due_ns, part.patient, part.seq, strict=True))
    assert together == list(zip(whole.due_ns, whole.patient, whole.seq, strict=True))
    assert whole.digest() == make_schedule(patients, plan().load, seed, 60).digest()


def test_another_seed_is_another_schedule_and_a_longer_horizon_only_adds() -> None:
    patients = make_patients(plan())
    short, long = (make_schedule(patients, plan().load, 1, horizon) for horizon in (60, 120))
    kept = long.due_ns < short.due_ns[-1]
    assert list(short.due_ns[:-1][short.due_ns[:-1] < short.due_ns[-1]]) == list(long.due_ns[kept])
    assert make_schedule(patients, plan().load, 2, 60).digest() != short.digest()


def test_everybody_uploads_once_within_a_period_and_the_rate_is_even() -> None:
    asked = plan(patients=6000, rate=100, classes=ALL_ALIKE, jitter=0)
    patients = make_patients(asked)
    schedule = make_schedule(patients, asked.load, 1, 60)
    assert sorted(schedule.patient) == list(range(6000))
    per_second = np.bincount((schedule.due_ns // 1_000_000_000).astype(int), minlength=60)[:60]
    assert per_second.min() >= 95
    assert per_second.max() <= 105


def test_jitter_leaves_the_rate_even_over_several_periods() -> None:
    asked = plan(patients=6000, rate=100, classes=ALL_ALIKE, jitter=0.1)
    schedule = make_schedule(make_patients(asked), asked.load, 1, 240)
    per_ten_seconds = np.bincount((schedule.due_ns // 10_000_000_000).astype(int), minlength=24)[:24]
    # 1,000 are due in ten seconds; four standard deviations of independent jitter at both edges are far below 10 %
    assert per_ten_seconds.min() >= 900
    assert per_ten_seconds.max() <= 1100
    assert len(set(schedule.patient)) == 6000


def test_the_rate_rises_evenly_over_the_ramp_and_whoever_is_left_out_comes_with_the_next_period() -> None:
    asked = plan(patients=6000, rate=100, classes=ALL_ALIKE, jitter=0.1, ramp_s=40)
    patients = make_patients(asked)
    schedule = make_schedule(patients, asked.load, 1, 140)
    per_ten_seconds = np.bincount((schedule.due_ns // 10_000_000_000).astype(int), minlength=14)[:14]
    # the mean of a ramp's quarters; five standard deviations of a binomial are below 100
    assert np.abs(per_ten_seconds[:4] - [125, 375, 625, 875]).max() < 100
    assert per_ten_seconds[4:].min() >= 900
    assert len(set(schedule.patient)) == 6000, "40 s and a period with its jitter: 112 s"
    at_once = make_schedule(patients, asked.load.model_copy(update={"ramp_s": 0}), 1, 140)
    after = 41_000_000_000
    assert list(schedule.due_ns[schedule.due_ns > after]) == list(at_once.due_ns[at_once.due_ns > after])


@pytest.mark.parametrize("ramp_s", [0, 60])
def test_a_patients_readings_are_numbered_in_their_order(ramp_s: float) -> None:
    patients = make_patients(plan(jitter=0.4))
    schedule = make_schedule(patients, plan(jitter=0.4, ramp_s=ramp_s).load, 1, 300)
    for patient in range(0, 1000, 97):
        mine = schedule.patient == patient
        assert list(schedule.seq[mine]) == list(range(1, int(mine.sum()) + 1))


def test_arrivals_lie_on_the_grid_never_before_they_are_due() -> None:
    asked = plan(grid_ms=20)
    patients = make_patients(asked)
    on_grid = make_schedule(patients, asked.load, 1, 60)
    free = make_schedule(patients, asked.load.model_copy(update={"grid_ms": 0}), 1, 60)
    assert not (on_grid.due_ns % 20_000_000).any()
    at = {(p, s): d for d, p, s in zip(free.due_ns, free.patient, free.seq, strict=True)}
    moved = [d - at[p, s] for d, p, s in zip(on_grid.due_ns, on_grid.patient, on_grid.seq, strict=True)]
    assert min(moved) >= 0
    assert max(moved) < 20_000_000


def test_a_class_keeps_its_own_period_and_the_others_make_up_the_rate() -> None:
    classes = [
        {"name": "keep-alive", "share": 0.1, "resolver": "honest", "keep_alive": True, "period_s": 10},
        {"name": "fresh", "share": 0.9, "resolver": "honest"},
    ]
    asked = plan(patients=1000, rate=40, classes=classes)
    patients = make_patients(asked)
    assert float((1 / patients.period_s).sum()) == pytest.approx(40, rel=1e-3)
    assert set(patients.period_s[patients.client == 0]) == {10.0}


def test_a_rate_that_such_classes_use_up_is_refused() -> None:
    classes = [
        {"name": "keep-alive", "share": 0.5, "resolver": "honest", "period_s": 1},
        {"name": "fresh", "share": 0.5, "resolver": "honest"},
    ]
    with pytest.raises(ValueError, match=r"load.rate 40: the classes with a period of their own need it all"):
        make_patients(plan(patients=1000, rate=40, classes=classes))


def test_shares_are_met_to_the_patient() -> None:
    patients = make_patients(plan(patients=2000))
    for column, names, shares in (
        (patients.distance, patients.distances, plan().load.distances),
        (patients.condition, patients.conditions, plan().population.conditions),
        (patients.region, patients.regions, plan().population.regions),
    ):
        counted = np.bincount(column, minlength=len(names))
        assert [count / 2000 for count in counted] == [pytest.approx(shares[name], abs=1e-3) for name in names]


def test_a_hundred_and_twenty_thousand_patients_are_a_few_bytes_each() -> None:
    patients = make_patients(plan(patients=120_000, rate=440))
    columns = (
        patients.client,
        patients.distance,
        patients.region,
        patients.condition,
        patients.period_s,
        patients.phase_s,
    )
    assert sum(column.nbytes for column in columns) / 120_000 <= 90


@given(
    seed=st.integers(0, 2**32),
    patients=st.integers(2, 300),
    horizon=st.floats(1, 300),
    grid_ms=st.sampled_from([0, 7, 20, 1000]),
    ramp_s=st.sampled_from([0, 25]),
    jitter=st.sampled_from([0, 0.1, 0.5]),
    workers=st.integers(1, 5),
)
@settings(max_examples=60, deadline=None)
def test_a_packed_share_is_the_workers_part_of_the_whole_with_the_digest_of_the_whole(
    seed: int, patients: int, horizon: float, grid_ms: int, ramp_s: float, jitter: float, workers: int
) -> None:
    asked = plan(patients, patients / 40, classes=ALL_ALIKE, grid_ms=grid_ms, ramp_s=ramp_s, jitter=jitter)
    population = make_patients(asked)
    whole = make_schedule(population, asked.load, seed, horizon)
    assert pack(population, asked.load, seed, horizon) is not None
    for worker in range(workers):
        share, digest = make_share(population, asked.load, seed, horizon, worker, workers)
        assert (share.digest(), digest) == (whole.of_worker(worker, workers).digest(), whole.digest())


def test_blocks_of_any_size_give_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = plan(patients=1000, rate=50, ramp_s=20)
    population = make_patients(asked)
    at_once = make_share(population, asked.load, 1, 90, 1, 3)
    monkeypatch.setattr(module, "_BLOCK", 37)
    in_blocks = make_share(population, asked.load, 1, 90, 1, 3)
    assert (in_blocks[0].digest(), in_blocks[1]) == (at_once[0].digest(), at_once[1])


def test_rows_that_do_not_fit_into_one_number_are_sorted_as_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = plan(patients=1000, rate=50)
    population = make_patients(asked)
    packed = make_share(population, asked.load, 1, 90, 1, 3)
    monkeypatch.setattr(module, "_BITS", 20)
    assert pack(population, asked.load, 1, 90) is None
    as_columns = make_share(population, asked.load, 1, 90, 1, 3)
    assert (as_columns[0].digest(), as_columns[1]) == (packed[0].digest(), packed[1])


def test_a_known_schedule_has_the_digest_that_it_always_had() -> None:
    """Runs of different versions of the harness are compared by it (`results.comparison.figures`)."""
    asked = plan(patients=120_000, rate=400)
    _, digest = make_share(make_patients(asked), asked.load, 1, 600, 0, 1)
    assert digest.startswith("db8a0bdf5384")
