from __future__ import annotations

import os
from collections import Counter
from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loadtests.frame import Frame, percentile
from loadtests.live import LiveFigures

with mock.patch.dict(os.environ, LOCUST_SKIP_MONKEY_PATCH="1"):  # the other tests of this process are not for gevent
    from locust.stats import RequestStats

    from loadtests import locust_stats

S = 1_000_000_000


def test_a_frame_survives_its_way_through_a_pipe() -> None:
    frame = Frame(t_ns=5, acknowledged_ms=Counter({12: 3}), failed=Counter({"reset": 1}), lag_ms=Counter({0: 4}))
    frame.dial("fresh", first_site=True)
    frame.dial("fresh", first_site=False)
    again = Frame.from_json(frame.to_json())
    assert again == frame
    assert again.dialled == {"fresh": [2, 1]}


@given(values=st.lists(st.integers(0, 20_000), min_size=1, max_size=300), q=st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_percentiles_are_those_of_the_nearest_rank(values: list[int], q: float) -> None:
    assert percentile(Counter(values), q) == int(np.percentile(values, q * 100, method="inverted_cdf"))


@given(values=st.lists(st.integers(1, 60_000), min_size=1, max_size=400))
def test_locusts_percentiles_agree_with_ours_within_one_percent(values: list[int]) -> None:
    locust_stats.use_fine_buckets()
    statistics = RequestStats()
    locust_stats.add(statistics, Frame(acknowledged_ms=Counter(values)))
    for q in (0.5, 0.95, 0.99):
        shown = statistics.total.get_response_time_percentile(q)
        # Locust's own rank may be one off ours: its value must lie within 1 % of one of the two neighbours
        ordered = sorted(values)
        rank = max(0, int(np.ceil(q * len(ordered))) - 1)
        near = ordered[max(0, rank - 1) : rank + 2]
        assert any(abs(shown - value) <= 0.01 * value + 0.5 for value in near)


def test_failed_attempts_are_failures_without_a_latency() -> None:
    statistics = RequestStats()
    locust_stats.add(statistics, Frame(acknowledged_ms=Counter({100: 9}), failed=Counter({"timeout": 1})))
    assert (statistics.total.num_requests, statistics.total.num_failures) == (10, 1)
    assert statistics.total.get_response_time_percentile(1.0) == 100
    assert next(iter(statistics.errors.values())).error == "timeout"


def test_figures_of_several_senders_add_up_and_the_window_moves_on() -> None:
    figures = LiveFigures()
    for number, name in enumerate(("a", "b")):
        frame = Frame(t_ns=S, acknowledged_ms=Counter({10: 50}), intended=60, ended=50, patients_seen=50, users=100)
        frame.dialled = {"fresh": [50, 50 * number]}
        figures.take(name, frame)
    now = figures.now(2 * S)
    assert (now["acknowledged"], now["patients_seen"], now["users"], now["intended"]) == (100, 100, 200, 120)
    assert now["by_client"] == {"fresh": 0.5}
    assert figures.now(60 * S)["p99_ms"] is None, "nothing in the last 10 s"


def test_overdue_readings_lower_the_good_ratio() -> None:
    figures = LiveFigures()
    figures.take("a", Frame(t_ns=S, acknowledged_ms=Counter({10: 90}), overdue=10))
    assert figures.now(S)["good_ratio_10s"] == 0.9
    assert LiveFigures().now(S)["good_ratio_10s"] is None
