"""What the service counts for Prometheus. Served on the private link only, to callers with a certificate of the house.

analysis_findings_total{outcome}     irregular, regular, unassessed; refused (the caller's fault: 4xx), failed (5xx)
analysis_seconds                     from an Observation that is here to its finding; without the way of either
analysis_streams                     live streams that are open now
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_OUTCOMES = ("irregular", "regular", "unassessed", "refused", "failed")


class Metrics:
    """Figures of one process. No label ever names a patient."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._findings = Counter("analysis_findings", "Findings by outcome", ("outcome",), registry=self.registry)
        self._seconds = Histogram("analysis_seconds", "Time to a finding", buckets=_BUCKETS, registry=self.registry)
        self.streams = Gauge("analysis_streams", "Live streams that are open", registry=self.registry)
        for outcome in _OUTCOMES:
            self._findings.labels(outcome)  # a counter that is there from the start has no gap to be guessed

    def answered(self, outcome: str) -> None:
        self._findings.labels(outcome).inc()

    def examined(self, outcome: str, seconds: float) -> None:
        """One Observation was looked at."""
        self.answered(outcome)
        self._seconds.observe(seconds)
