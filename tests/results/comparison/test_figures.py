"""Generated samples of which the truth is known: equal ones are never called worse, a planted fifth is found, few say nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results.comparison.compare import compare_figures
from results.comparison.figures import Figure, quantile
from results.comparison.metrics import Metric
from results.comparison.model import Change
from results.plan_file import plan_of, read_experiment

P50 = Metric("latency_p50_ms/steady", "ms", share=0.1, floor=10)
P99 = Metric("latency_p99_ms/steady", "ms", share=0.25, floor=10)


def drawn(q: float, n: int, seed: int, factor: float = 1.0, *, bursts: float = 0.0) -> Figure:
    """n readings of 30 blocks of time: median 150 ms; `bursts`: how much blocks differ as wholes."""
    rng = np.random.default_rng(seed)
    block = np.arange(n) * 30 // n
    values = factor * 150 * np.exp(0.4 * rng.standard_normal(n) + bursts * rng.standard_normal(30)[block])
    return quantile(values, q, block, np.zeros(n, np.int64), rng)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([(P50, 0.5), (P99, 0.99)]), st.sampled_from([0.0, 0.1]))
def test_two_runs_of_one_system_are_never_worse(seed: int, of: tuple[Metric, float], bursts: float) -> None:
    metric, q = of
    change = compare_figures(
        metric, drawn(q, 3000, seed, bursts=bursts), drawn(q, 3000, seed + 1, bursts=bursts)
    ).change
    assert change is not Change.WORSE


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_a_planted_fifth_is_found(seed: int) -> None:
    """Of 40,000 readings the median is known within 1.5 %: 20 % more is beyond 10 % in every case."""
    assert compare_figures(P50, drawn(0.5, 40_000, seed), drawn(0.5, 40_000, seed + 1, 1.2)).change is Change.WORSE
    assert compare_figures(P50, drawn(0.5, 40_000, seed), drawn(0.5, 40_000, seed + 1, 0.8)).change is Change.BETTER


@pytest.mark.parametrize("n", [0, 99, 300, 380])
def test_too_few_readings_have_no_quantile(n: int) -> None:
    figure = drawn(0.99, n, 1)
    assert figure.value is None
    assert "too few readings" in figure.why
    assert compare_figures(P99, figure, drawn(0.99, 3000, 2)).change is Change.UNKNOWN


@pytest.mark.parametrize("quick", [True, False])
def test_a_drill_has_the_readings_that_its_plan_compares_by(quick: bool) -> None:
    """Else no comparison of such drills could ever be decided. The last 2 s of the steady phase are not counted."""
    path = Path(__file__).resolve().parents[3] / "chaos/experiments/site-loss.yaml"
    plan = plan_of(read_experiment(path), "site-loss", quick=quick)
    length = plan.phases.steady_s - 2
    blocks = min(30, int(length))
    for place, share in plan.load.distances.items():
        n = int(plan.load.rate * length * share)
        for name in plan.comparison.by_distance:
            rng = np.random.default_rng(1)
            values = 150 * np.exp(0.3 * rng.standard_normal(n))
            q = float(name.removeprefix("p")) / 100
            figure = quantile(values, q, np.arange(n) * blocks // n, np.zeros(n, np.int64), rng)
            assert figure.value is not None, f"{name} {place}: {figure.why}"


def test_many_readings_of_few_moments_are_few() -> None:
    """All that is slow falls into two of thirty blocks: 3,000 readings know the p99 as badly as a handful of independent ones."""
    rng = np.random.default_rng(1)
    block = np.arange(3000) * 30 // 3000
    values = np.where(np.isin(block, [4, 17]), 1500.0, 150.0) + rng.standard_normal(3000)
    figure = quantile(values, 0.99, block, np.zeros(3000, np.int64), rng)
    assert figure.value is None
    assert "worth" in figure.why


def test_readings_of_less_than_five_seconds_are_too_short() -> None:
    figure = quantile(np.full(500, 50.0), 0.5, np.arange(500) % 4, np.zeros(500, np.int64), np.random.default_rng(1))
    assert "too short" in figure.why


def test_an_interval_that_reaches_beyond_its_tolerance_says_nothing() -> None:
    old, new = drawn(0.5, 3000, 1), drawn(0.5, 3000, 2, 1.1)
    compared = compare_figures(P50, old, new)
    assert compared.change is Change.UNKNOWN
    assert compared.low is not None
    assert compared.high is not None
    assert compared.margin is not None
    assert compared.low < compared.margin < compared.high


@pytest.mark.parametrize(
    ("old", "new", "change"),
    # 20 % of the baseline, at least 3 s
    [(5, 8, "same"), (5, 8.1, "worse"), (5, 1.9, "better"), (60, 71, "same"), (60, 73, "worse"), (0, 3.5, "worse")],
)
def test_single_events_are_compared_with_their_tolerance(old: float, new: float, change: str) -> None:
    metric = Metric("rta_s", "s", share=0.2, floor=3)
    assert compare_figures(metric, Figure(old, 1), Figure(new, 1)).change.value == change


def test_more_is_better_where_it_is() -> None:
    metric = Metric("availability", "", floor=0.02, lower_is_better=False)

    def ratio(good: int) -> Figure:
        return Figure(good / 10_000, 10_000, counts=(good, 10_000))

    assert compare_figures(metric, ratio(9900), ratio(9000)).change is Change.WORSE
    assert compare_figures(metric, ratio(9000), ratio(9900)).change is Change.BETTER
    assert compare_figures(metric, ratio(9900), ratio(9890)).change is Change.SAME
    assert compare_figures(metric, ratio(9900), ratio(9700)).change is Change.UNKNOWN
