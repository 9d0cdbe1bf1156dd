"""Intervals hold what they promise: generated data of which the truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.comparison import intervals

SECOND = 1_000_000_000
TRIES = 300
# of 300 intervals that each hold the truth with 95 %, at least 274 do in 999 of 1,000 cases (binomial)
LEAST_COVERED = 274


def interval_of(values: np.ndarray, q: float, block: np.ndarray, rng: np.random.Generator) -> intervals.Interval | None:
    ordered = np.sort(values)
    at = ordered[intervals.rank(q, len(values)) - 1]
    effective = intervals.effective_number(values > at, block, np.zeros(len(values), np.int64))
    if effective < intervals.needed(q):
        return None
    return intervals.of_draws(intervals.quantile_draws(ordered, q, effective, rng))


@pytest.mark.parametrize(("q", "z"), [(0.5, 0.0), (0.99, 2.326348)])
def test_a_quantiles_interval_holds_the_truth_of_independent_readings(q: float, z: float) -> None:
    rng = np.random.default_rng(1)
    truth = math.exp(5 + 0.5 * z)
    block = np.arange(4000) * 30 // 4000
    covered = 0
    for _ in range(TRIES):
        found = interval_of(rng.lognormal(5, 0.5, 4000), q, block, rng)
        assert found is not None
        covered += found.low <= truth <= found.high
    assert covered >= LEAST_COVERED


def test_readings_that_share_their_moments_luck_get_a_wider_interval_that_still_holds_the_truth() -> None:
    """4,000 readings in 30 blocks; each block is 15 % slower or quicker as a whole: independent ones would be fooled."""
    rng = np.random.default_rng(2)
    block = np.arange(4000) * 30 // 4000
    covered = naive = 0
    for _ in range(TRIES):
        values = np.exp(5 + 0.3 * rng.standard_normal(4000) + 0.15 * rng.standard_normal(30)[block])
        found = interval_of(values, 0.5, block, rng)
        assert found is not None
        covered += found.low <= math.exp(5) <= found.high
        fooled = intervals.of_draws(intervals.quantile_draws(np.sort(values), 0.5, 4000, rng))
        naive += fooled.low <= math.exp(5) <= fooled.high
    assert covered >= LEAST_COVERED
    assert naive < 0.6 * TRIES


def test_a_mix_that_the_schedule_fixes_is_no_luck() -> None:
    """Half near (50 ms), half far (150 ms): the median lies at the edge of the gap, and stays there with each class's share."""
    rng = np.random.default_rng(3)
    classes = (np.arange(4000) % 1000 >= 505).astype(np.int64)
    block = np.arange(4000) * 30 // 4000
    values = np.where(classes == 0, 50.0, 150.0) + rng.standard_normal(4000)
    at = np.sort(values)[intervals.rank(0.5, 4000) - 1]
    assert at < 60
    known = intervals.effective_number(values > at, block, classes)
    luck = intervals.effective_number(values > at, np.sort(rng.integers(0, 30, 4000)), np.zeros(4000, np.int64))
    ordered = np.sort(values)
    assert intervals.of_draws(intervals.quantile_draws(ordered, 0.5, known, rng)).high < 60
    assert intervals.of_draws(intervals.quantile_draws(ordered, 0.5, min(luck, 4000), rng)).high > 140


def test_draws_of_an_order_statistic_are_those_of_resampling() -> None:
    rng = np.random.default_rng(4)
    values = np.sort(rng.lognormal(5, 0.5, 500))
    drawn = intervals.quantile_draws(values, 0.9, 500, rng)
    resampled = np.sort(rng.choice(values, (4000, 500)), axis=1)[:, intervals.rank(0.9, 500) - 1]
    for share in (0.025, 0.25, 0.5, 0.75, 0.975):
        assert np.quantile(drawn, share) == pytest.approx(np.quantile(resampled, share), rel=0.02)


@given(st.lists(st.floats(0, 1e6), min_size=100, max_size=400), st.sampled_from([0.5, 0.9, 0.99]))
def test_draws_are_readings_that_there_were(values: list[float], q: float) -> None:
    ordered = np.sort(np.array(values))
    drawn = intervals.quantile_draws(ordered, q, len(values), np.random.default_rng(5))
    assert np.isin(drawn, ordered).all()


def test_too_few_blocks_know_nothing_of_their_spread() -> None:
    late = np.arange(200) % 3 == 0
    assert intervals.effective_number(late, np.zeros(200, np.int64), np.zeros(200, np.int64)) == 0
    assert intervals.needed(0.99) == 381  # 1.96² × 99
    assert intervals.needed(0.5) == 4


def test_blocks_are_at_least_a_second_long_and_at_most_thirty() -> None:
    assert set(intervals.blocks(np.arange(0, 12 * SECOND, SECOND // 10), 0, 12 * SECOND)) == set(range(12))
    assert set(intervals.blocks(np.arange(0, 90 * SECOND, SECOND // 10), 0, 90 * SECOND)) == set(range(30))


@pytest.mark.parametrize(
    ("good", "total", "low", "high"),
    # (Wilson 1927 as in Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29)
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(good: int, total: int, low: float, high: float) -> None:
    found = intervals.wilson(good, total)
    assert (found.low, found.high) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    # Newcombe 1998 (differences), table II, method 10: 56/70 - 48/80, 9/10 - 3/10
    [((56, 70, 48, 80), 0.0524, 0.3339), ((9, 10, 3, 10), 0.1705, 0.8090)],
)
def test_newcombe_as_published(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    found = intervals.newcombe(*counts)
    assert (found.low, found.high) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


def test_a_ratio_of_sums_holds_the_truth() -> None:
    """30 slices, uploads and processor time rise and fall together; truth: 2 ms an upload."""
    rng = np.random.default_rng(6)
    covered = 0
    for _ in range(TRIES):
        uploads = rng.integers(300, 500, 30).astype(float)
        cpu = uploads * rng.normal(0.002, 0.0003, 30)
        found = intervals.of_draws(intervals.ratio_draws(cpu, uploads, rng))
        covered += found.low <= 0.002 <= found.high
    assert covered >= LEAST_COVERED


def test_a_reading_that_never_was_acknowledged_stays_infinite() -> None:
    values = np.sort(np.where(np.arange(1000) < 30, np.inf, 50.0))
    drawn = intervals.quantile_draws(values, 0.99, 1000, np.random.default_rng(7))
    assert intervals.of_draws(drawn).high == math.inf
    assert not np.isnan(intervals.difference(drawn, drawn)).any()
