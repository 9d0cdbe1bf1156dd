from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drill.scale import costs as data
from drill.scale.agreement import overall
from drill.scale.needs import HEADROOM, BadScale, Capacity, capacity, default_rate, needs, one_worker
from results.plan import Plan
from tests.drill.scale.made import costs

MEASURED = data.read()
PERIOD_S = 300
ONE = Capacity(rate=150, lag_p99_ms=9, utilisation=0.4, cpu_ms=2, connections=100, in_flight=60, attempts=1.3)


@pytest.fixture(scope="module")
def steady() -> Capacity:
    """What one worker carries: simulated once, because it takes seconds."""
    return capacity(MEASURED, PERIOD_S, 0)


@given(
    patients=st.integers(1000, 1_500_000),
    more=st.floats(1, 19),
    outage=st.sampled_from([0.0, 30.0]),
)
@settings(max_examples=100, deadline=None)
def test_more_patients_never_need_less(patients: int, more: float, outage: float) -> None:
    many = int(patients * more)
    few, lots = (needs(n, default_rate(n), outage, ONE, MEASURED) for n in (patients, many))
    for need in ("workers", "connections", "source_addresses", "memory_gb", "history_gb", "attempts", "judge_s"):
        assert getattr(lots, need) >= getattr(few, need), need
    assert lots.cores >= few.cores * (1 - 1e-9)


def test_needs_of_all_workers_are_those_of_one_times_their_number() -> None:
    found = needs(4_500_000, 15_000, 0, ONE, MEASURED)
    assert (found.workers, found.worker_rate) == (100, 150)
    assert found.connections == 100 * 100
    assert found.cores == pytest.approx(100 * 0.4)
    assert found.source_addresses == 3


def test_what_stands_in_the_way_is_named() -> None:
    found = needs(30_000_000, 100_000, 0, ONE, MEASURED)
    assert found.workers == 667
    assert found.limits == (
        "load.workers: 667 (the plan takes at most 64)",
        "source addresses: 2 for each class of distance (a target has one for each)",
    )
    assert needs(120_000, 400, 0, ONE, MEASURED).limits == ()


def test_capacity_keeps_the_lag_under_its_limit_and_an_outage_leaves_less(steady: Capacity) -> None:
    limit = Plan(drill="t").objectives.lag_p99_ms * HEADROOM
    outage = capacity(MEASURED, PERIOD_S, 10)
    assert 0 < steady.lag_p99_ms <= limit
    assert 0 < outage.lag_p99_ms <= limit
    assert outage.rate < steady.rate
    above = one_worker(overall(MEASURED), steady.rate * 1.25, PERIOD_S, 0)
    assert above.lag_p99_ms > limit


def test_a_thread_that_is_always_late_has_no_capacity() -> None:
    with pytest.raises(BadScale, match=r"no rate keeps lag p99 under 12 ms: \d+\.\d ms at"):
        capacity(MEASURED, PERIOD_S, 0, costs=costs(0.001, late_s=(0.05,)))


def test_a_rate_that_kept_connections_use_up_is_refused() -> None:
    with pytest.raises(BadScale, match="--rate 10: the classes with a period of their own need 30/s"):
        needs(120_000, 10, 0, ONE, MEASURED)


def test_twelve_million_are_so_many_more_of_the_worker_that_was_simulated(steady: Capacity) -> None:
    assert needs(12_000_000, default_rate(12_000_000), 0, steady, MEASURED).workers == pytest.approx(
        1000 * needs(12_000, default_rate(12_000), 0, steady, MEASURED).rate / steady.rate, abs=1
    )
