from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drill.scale.simulation import Network, Outage, Worker
from tests.drill.scale.made import AT_ONCE, costs, only, plan


@given(
    seed=st.integers(0, 1000),
    patients=st.integers(10, 400),
    rate=st.floats(1, 60),
    outage=st.one_of(st.none(), st.builds(Outage, st.floats(0, 20), st.floats(0, 20))),
    queue_limit=st.integers(1, 5),
)
@settings(max_examples=40, deadline=None)
def test_every_reading_that_was_due_ends_acknowledged_or_waiting(
    seed: int, patients: int, rate: float, outage: Outage | None, queue_limit: int
) -> None:
    asked = plan(patients, rate, 30, seed, queue_limit=queue_limit)
    outcome = Worker(
        asked, costs(0.0005), Network(dict.fromkeys(("near", "middle", "far"), 0.02), 0.1), outage=outage
    ).run()
    assert outcome.intended == outcome.acknowledged + outcome.waiting
    assert len(outcome.begun_s) >= outcome.acknowledged
    assert (outcome.lag_s >= 0).all()


@given(seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_work_that_takes_no_time_is_never_late(seed: int) -> None:
    outcome = Worker(plan(600, 20, 20, seed), costs(0), AT_ONCE).run()
    assert outcome.lag_s.max() < 1e-6
    assert outcome.waiting == 0


def test_with_hardly_anything_to_do_lag_is_the_work_of_the_upload_itself() -> None:
    outcome = Worker(plan(3000, 10, 60, grid_ms=0), only("prepare", 0.0001), AT_ONCE).run()
    assert outcome.lag_ms(0.5) == pytest.approx(0.1, rel=1e-3)
    assert outcome.cpu_ms(0, 60) == pytest.approx(0.1, rel=1e-3)


@pytest.mark.parametrize(("rests", "times"), [(0.1, 5), (0.25, 2), (0.5, 1)])
def test_a_thread_that_rests_takes_longer_but_no_longer_than_at_the_least_share_that_was_measured(
    rests: float, times: float
) -> None:
    cold = replace(only("prepare", 0.0001), busy=0.5, chill=1.0, rests=rests)
    outcome = Worker(plan(3000, 10, 60, grid_ms=0), cold, AT_ONCE).run()
    assert outcome.lag_ms(0.5) == pytest.approx(0.1 * times, rel=1e-2)


def test_what_no_part_shows_is_added_to_each_lag_and_more_of_it_where_the_thread_rests() -> None:
    asked, busy = plan(3000, 10, 60, grid_ms=0), 0.5
    alone = costs(busy=busy, unseen_s=0.001)
    assert Worker(asked, alone, AT_ONCE).run().lag_ms(0.5) == pytest.approx(1, rel=1e-3)
    resting = costs(busy=busy, unseen_s=0.001, unseen_rest_s=0.002)
    assert Worker(asked, resting, AT_ONCE).run().lag_ms(0.5) == pytest.approx(1 + 0.5 * 2, rel=1e-3)
    never_less_than_none = costs(busy=busy, unseen_s=0.001, unseen_rest_s=-0.01)
    assert Worker(asked, never_less_than_none, AT_ONCE).run().lag_ms(0.5) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("utilisation", [0.3, 0.5, 0.7])
def test_a_queue_with_one_even_part_is_m_d_1(utilisation: float) -> None:
    """Mean wait of M/D/1: ρ s / (2 (1 - ρ)) (Pollaczek and Khinchine). Arrivals of one of many workers are nearly Poisson.

    12 % is three standard errors of the mean of 60,000 waits that are correlated over a busy period.
    """
    rate, part_s = 200.0, utilisation / 200.0
    asked = plan(6000, rate, 300, grid_ms=0, jitter=0.5)
    outcome = Worker(asked, only("prepare", part_s), AT_ONCE, fleet=50).run()
    wait = utilisation * part_s / (2 * (1 - utilisation))
    assert float(outcome.lag_s.mean()) - part_s == pytest.approx(wait, rel=0.12)


def test_connections_follow_from_rate_and_latency() -> None:
    """Little's law: L = λ W."""
    network = Network(dict.fromkeys(("near", "middle", "far"), 0.05), 0.1)
    outcome = Worker(plan(6000, 100, 60), costs(0.00001), network).run()
    assert outcome.connections[10:].mean() == pytest.approx(100 * (3 * 0.05 + 0.1), rel=0.03)
    assert outcome.in_flight[10:].mean() == pytest.approx(100 * (3 * 0.05 + 0.1), rel=0.03)


def test_kept_connections_are_counted_while_they_are_idle_and_dialled_once() -> None:
    classes = [{"name": "keep-alive", "share": 1, "resolver": "honest", "keep_alive": True}]
    outcome = Worker(plan(50, 10, 60, classes=classes), costs(0.00001), AT_ONCE).run()
    assert outcome.connections[20:].mean() == pytest.approx(50)
    assert outcome.dialled == 50


def test_an_outage_fills_connections_up_to_what_the_connect_timeout_allows_and_all_is_sent_afterwards() -> None:
    asked = plan(6000, 20, 200, connect_timeout_s=3)
    outcome = Worker(asked, costs(0.00001), AT_ONCE, outage=Outage(20, 30)).run()
    dark = slice(25, 50)
    # Little's law again: whatever begins stays open for three seconds
    assert outcome.in_flight[dark].mean() == pytest.approx(outcome.per_second[dark].mean() * 3, rel=0.1)
    assert outcome.per_second[40:50].mean() > 2 * outcome.per_second[5:20].mean(), "everybody tries again"
    assert outcome.per_second[150:].mean() == pytest.approx(20, rel=0.2)
    assert outcome.waiting <= 2


def test_a_slower_machine_is_later_and_the_same_seed_gives_the_same_outcome() -> None:
    asked = plan(6000, 200, 20)
    once, again, slow = (
        Worker(asked, costs(0.0003, interrupted=20, interruptions_s=(0.001, 0.01)), AT_ONCE, pace=pace).run()
        for pace in (1, 1, 1.4)
    )
    assert np.array_equal(once.lag_s, again.lag_s)
    assert slow.lag_ms(0.99) > once.lag_ms(0.99)
    assert slow.cpu_ms(0, 20) == pytest.approx(1.4 * once.cpu_ms(0, 20), rel=0.1)


def test_what_waits_for_the_disk_makes_the_uploads_of_that_moment_late() -> None:
    outcome = Worker(plan(6000, 100, 30), costs(0, second_waits_s=(0.1,)), AT_ONCE).run()
    late = outcome.lag_s > 0.02
    assert 0.02 < late.mean() < 0.12
    assert outcome.lag_s.max() <= 0.1 + 1e-6
