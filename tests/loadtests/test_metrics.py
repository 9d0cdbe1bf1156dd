"""Frames of several senders as Prometheus metrics: bounded labels, honest buckets."""

from __future__ import annotations

from collections import Counter

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from loadtests.frame import Frame
from loadtests.metrics import ERRORS, LoadMetrics

Key = tuple[str, tuple[tuple[str, str], ...]]


def values(metrics: LoadMetrics) -> dict[Key, float]:
    text = generate_latest(metrics.registry()).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def one(metrics: LoadMetrics, name: str, **labels: str) -> float:
    return values(metrics)[name, tuple(sorted(labels.items()))]


@pytest.fixture
def metrics() -> LoadMetrics:
    return LoadMetrics(["fra", "gra"])


def test_counters_of_senders_add_up_and_gauges_are_of_their_last_frames(metrics: LoadMetrics) -> None:
    metrics.take("a", Frame(intended=5, users=100, in_flight=3, served=Counter(fra=2), cpu_s=1.5, connections=7))
    metrics.take("a", Frame(intended=5, users=100, in_flight=1, served=Counter(fra=3), cpu_s=2.0, connections=4))
    metrics.take("b", Frame(intended=1, users=50, in_flight=2, served=Counter(gra=1), last_ack_ns=2_500_000_000))
    assert one(metrics, "loadtests_readings_due_total") == 11
    assert one(metrics, "loadtests_served_total", site="fra") == 5
    assert one(metrics, "loadtests_served_total", site="gra") == 1
    assert one(metrics, "loadtests_patients") == 150
    assert one(metrics, "loadtests_in_flight") == 3
    assert one(metrics, "loadtests_cpu_seconds_total", sender="0") == 2.0
    assert one(metrics, "loadtests_open_connections", sender="0") == 4
    assert one(metrics, "loadtests_open_connections", sender="1") == 0
    assert one(metrics, "loadtests_last_acknowledgement_seconds") == 2.5


def test_a_value_that_may_be_above_a_bound_is_not_counted_below_it(metrics: LoadMetrics) -> None:
    """19 is 19.0 to 19.99 ms, certainly at most 20; 20 is 20.0 to 20.99 ms, and may be more."""
    metrics.take("a", Frame(lag_ms=Counter({0: 1, 19: 2, 20: 4, 2000: 8})))
    assert one(metrics, "loadtests_lag_seconds_bucket", le="0.001") == 1
    assert one(metrics, "loadtests_lag_seconds_bucket", le="0.02") == 3
    assert one(metrics, "loadtests_lag_seconds_bucket", le="0.05") == 7
    assert one(metrics, "loadtests_lag_seconds_bucket", le="1.0") == 7
    assert one(metrics, "loadtests_lag_seconds_bucket", le="+Inf") == 15
    assert one(metrics, "loadtests_lag_seconds_count") == 15
    assert one(metrics, "loadtests_lag_seconds_sum") == pytest.approx(16.118)


def test_attempts_by_class_tell_the_first_site_from_the_others(metrics: LoadMetrics) -> None:
    metrics.take("a", Frame(dialled={"pinned": [4, 3]}))
    metrics.take("b", Frame(dialled={"pinned": [2, 0]}))
    assert one(metrics, "loadtests_dialled_total", client="pinned", first_site="yes") == 3
    assert one(metrics, "loadtests_dialled_total", client="pinned", first_site="no") == 3


def test_whatever_a_server_says_labels_stay_few(metrics: LoadMetrics) -> None:
    """A server that names a patient, or ten thousand sites, makes neither a label nor a series."""
    said = {f"site-of-p-{number:06}": 1 for number in range(10_000)}
    metrics.take("a", Frame(served=Counter(said), failed=Counter(dict.fromkeys(said, 1))))
    metrics.take("a", Frame(failed=Counter({f"http-{status}": 1 for status in range(100, 600)})))
    found = values(metrics)
    assert not [labels for _, labels in found if "p-0" in str(labels)]
    assert one(metrics, "loadtests_served_total", site="other") == 10_000
    assert len([name for name, _ in found if name == "loadtests_failed_total"]) <= 41
    failed = sum(value for (name, _), value in found.items() if name == "loadtests_failed_total")
    assert failed == 10_500, "none is dropped"


def test_every_known_cause_is_counted_from_zero_on(metrics: LoadMetrics) -> None:
    assert all(one(metrics, "loadtests_failed_total", error=error) == 0 for error in ERRORS)
    metrics.take("a", Frame(failed=Counter({"http-503": 2})))
    assert one(metrics, "loadtests_failed_total", error="http-503") == 2


def test_a_sender_that_has_ended_leaves_its_counts_and_no_gauges(metrics: LoadMetrics) -> None:
    metrics.take("z", Frame(users=100, in_flight=3, queued=2, connections=7, cpu_s=1.5, intended=5, last_ack_ns=10**9))
    metrics.take("a", Frame(users=50, cpu_s=0.5))
    metrics.take("z", Frame(users=100, queued=2, connections=7, cpu_s=2.5, last_ack_ns=10**9, final=True))
    assert one(metrics, "loadtests_patients") == 50
    assert one(metrics, "loadtests_queued") == 0
    assert one(metrics, "loadtests_readings_due_total") == 5
    assert one(metrics, "loadtests_last_acknowledgement_seconds") == 1
    assert one(metrics, "loadtests_open_connections", sender="0") == 0
    assert one(metrics, "loadtests_cpu_seconds_total", sender="0") == 2.5, "the first one stays the first one"


def test_before_the_first_acknowledgement_there_is_no_time_of_the_last(metrics: LoadMetrics) -> None:
    metrics.take("a", Frame())
    assert not [name for name, _ in values(metrics) if "last_acknowledgement" in name]
