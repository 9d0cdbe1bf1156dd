"""The load generator's figures as Prometheus metrics, added up from the frames of all senders.

loadtests_readings_due_total                     readings that became due: what the schedule asks for
loadtests_lag_seconds                            attempts by how late they were sent (its count: attempts sent, repeated ones too)
loadtests_acknowledged_seconds                   uploads by the time from the intended moment to the first acknowledgement
loadtests_served_total{site}                     acknowledgements by serving site, as the service said
loadtests_failed_total{error}                    attempts that failed or whose end nobody knows
loadtests_dialled_total{client, first_site}      attempts by client class, and whether they went to the site active at the start
loadtests_in_flight, _queued, _overdue           attempts under way; readings that wait at devices; readings past their deadline
loadtests_patients, _patients_seen               patients taking part; those with an acknowledged upload
loadtests_open_connections{sender}               connections open, kept ones included
loadtests_cpu_seconds_total{sender}              processor time of a sender
loadtests_peak_memory_bytes{sender}              most memory that it had
loadtests_last_acknowledgement_seconds           Unix time; not there before the first

Latencies are known to the millisecond below, so a bucket's bound holds for what is certainly below it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from loadtests.frame import Frame

LAG_BOUNDS_MS = (1, 2, 5, 10, 20, 50, 100, 500, 1000)
LATENCY_BOUNDS_MS = (25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000)
ERRORS = ("dns", "refused", "unreachable", "connect-timeout", "tls", "reset", "timeout", "eof", "protocol")
_KNOWN = re.compile(r"http-[1-5]\d\d|[a-z][a-z-]{0,30}")
_MOST_ERRORS = 40
_OTHER = "other"


class LoadMetrics(Collector):
    """Figures since the start. `sites`: names of sites that may serve; what a server says besides them is "other".

    No label ever names a patient, and none has more values than a plan has classes, a target sites, and HTTP errors.
    """

    def __init__(self, sites: Iterable[str]) -> None:
        self._latest: dict[str, Frame] = {}
        self._latency, self._lag = _Histogram(LATENCY_BOUNDS_MS), _Histogram(LAG_BOUNDS_MS)
        self._due = 0
        # a counter that is there from the start has no gap to be guessed
        self._served = Counter(dict.fromkeys(sites, 0))
        self._sites = frozenset(self._served)
        self._failed = Counter(dict.fromkeys(ERRORS, 0))
        self._dialled: dict[str, list[int]] = {}

    def registry(self) -> CollectorRegistry:
        """A registry with these metrics, and no others."""
        made = CollectorRegistry()
        made.register(self)
        return made

    def take(self, sender: str, frame: Frame) -> None:
        """A frame of one sender."""
        self._latest[sender] = frame
        self._due += frame.intended
        self._latency.add(frame.acknowledged_ms)
        self._lag.add(frame.lag_ms)
        for site, count in frame.served.items():
            self._served[site if site in self._sites else _OTHER] += count
        for error, count in frame.failed.items():
            self._failed[self._class_of(error)] += count
        for client, (attempts, first) in frame.dialled.items():
            counts = self._dialled.setdefault(client, [0, 0])
            counts[0] += attempts - first
            counts[1] += first

    def _class_of(self, error: str) -> str:
        fits = error in self._failed or (len(self._failed) < _MOST_ERRORS and _KNOWN.fullmatch(error))
        return error if fits else _OTHER

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        yield CounterMetricFamily("loadtests_readings_due", "Readings that became due", value=self._due)
        yield self._lag.metric("loadtests_lag_seconds", "How late attempts were sent")
        yield self._latency.metric("loadtests_acknowledged_seconds", "From the intended moment to the acknowledgement")
        yield _counter("loadtests_served", "Acknowledgements by site", "site", self._served)
        yield _counter("loadtests_failed", "Attempts without an acknowledgement", "error", self._failed)
        dialled = CounterMetricFamily("loadtests_dialled", "Attempts by client class", labels=("client", "first_site"))
        for client, (other, first) in sorted(self._dialled.items()):
            dialled.add_metric((client, "no"), other)
            dialled.add_metric((client, "yes"), first)
        yield dialled
        yield from self._gauges()
        yield from self._by_sender()

    def _gauges(self) -> Iterator[Metric]:
        # a sender that has ended has nothing under way, and nobody takes part by it any more
        latest = [frame for frame in self._latest.values() if not frame.final]
        for name, text, value in (
            ("in_flight", "Attempts under way", sum(frame.in_flight for frame in latest)),
            ("queued", "Readings that wait at devices", sum(frame.queued for frame in latest)),
            ("overdue", "Readings past their deadline", sum(frame.overdue for frame in latest)),
            ("patients", "Patients taking part", sum(frame.users for frame in latest)),
            ("patients_seen", "Patients with an acknowledged upload", sum(frame.patients_seen for frame in latest)),
        ):
            yield GaugeMetricFamily(f"loadtests_{name}", text, value=value)
        if last_ns := max((frame.last_ack_ns for frame in self._latest.values()), default=0):
            yield GaugeMetricFamily(
                "loadtests_last_acknowledgement_seconds", "When the last one came", value=last_ns / 1e9
            )

    def _by_sender(self) -> Iterator[Metric]:
        cpu = CounterMetricFamily("loadtests_cpu_seconds", "Processor time", labels=("sender",))
        memory = GaugeMetricFamily("loadtests_peak_memory_bytes", "Most memory", labels=("sender",))
        connections = GaugeMetricFamily("loadtests_open_connections", "Open connections", labels=("sender",))
        # numbered as they came, not named: Locust gives every worker of every start a name of its own
        for number, frame in enumerate(self._latest.values()):
            cpu.add_metric((str(number),), frame.cpu_s)
            memory.add_metric((str(number),), frame.rss_bytes)
            connections.add_metric((str(number),), 0 if frame.final else frame.connections)
        yield from (cpu, memory, connections)


class _Histogram:
    """Of values known to the whole millisecond below: such a value is certainly at most a bound only if it is less."""

    def __init__(self, bounds_ms: Sequence[int]) -> None:
        self._bounds = bounds_ms
        self._counts = [0] * (len(bounds_ms) + 1)
        self._sum_ms = 0

    def add(self, values_ms: Counter[int]) -> None:
        for value, count in values_ms.items():
            self._counts[bisect_left(self._bounds, value + 1)] += count
            self._sum_ms += value * count

    def metric(self, name: str, text: str) -> HistogramMetricFamily:
        buckets, seen = [], 0
        for bound, count in zip((*self._bounds, None), self._counts, strict=True):
            seen += count
            buckets.append(("+Inf" if bound is None else str(bound / 1000), seen))
        return HistogramMetricFamily(name, text, buckets=buckets, sum_value=self._sum_ms / 1000)


def _counter(name: str, text: str, label: str, counts: Counter[str]) -> CounterMetricFamily:
    made = CounterMetricFamily(name, text, labels=(label,))
    for value, count in sorted(counts.items()):
        made.add_metric((value,), count)
    return made
