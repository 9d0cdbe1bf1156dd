"""What the service counts for Prometheus. Served on the private link only, to callers with a certificate of the house.

vitals_uploads_total{outcome}        acknowledged, refused (the caller's fault: 4xx), failed (5xx)
vitals_upload_seconds                from the request's head to the answer; classic buckets round the objectives (250 ms, 1 s)
vitals_errors_total{kind}            what went wrong inside, by exception type
vitals_build_info{version}           1; which release this is
vitals_certificate_ends_seconds      Unix time until which the certificate is valid that patients are shown
vitals_active                        1: the site's database took writes when it last said; 0: it did not
vitals_clock_seconds                 Unix time by the site's clock, when asked
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from cryptography import x509
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from lab.vitals.settings import Settings

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Figures of one process. No label ever names a patient."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._uploads = Counter("vitals_uploads", "Uploads by outcome", ("outcome",), registry=self.registry)
        self._seconds = Histogram(
            "vitals_upload_seconds", "Time to answer an upload", buckets=_BUCKETS, registry=self.registry
        )
        self._errors = Counter("vitals_errors", "Failures inside by type", ("kind",), registry=self.registry)
        for outcome in ("acknowledged", "refused", "failed"):
            self._uploads.labels(outcome)  # a counter that is there from the start has no gap to be guessed

    def deployed(self, settings: Settings) -> None:
        """What runs here, so that two sites can be compared. Raises OSError, ValueError for a certificate that is none."""
        build = Gauge("vitals_build_info", "Which release this is", ("version",), registry=self.registry)
        build.labels(settings.release).set(1)
        certificate = x509.load_pem_x509_certificate(settings.certificate.read_bytes())
        ends = Gauge("vitals_certificate_ends_seconds", "Until when its certificate is valid", registry=self.registry)
        ends.set(certificate.not_valid_after_utc.timestamp())
        clock = Gauge("vitals_clock_seconds", "Time by the site's clock", registry=self.registry)
        clock.set_function(lambda: time.time() + settings.clock_s)

    def serves(self, active: Callable[[], bool]) -> None:
        """`active`: whether this site is the one that takes uploads, asked at each scrape."""
        gauge = Gauge("vitals_active", "Whether this site takes uploads", registry=self.registry)
        gauge.set_function(lambda: float(active()))

    def serve(self, settings: Settings) -> None:
        serve_privately(self.registry, settings)

    def upload(self, status: int, seconds: float) -> None:
        """One upload was answered with `status`."""
        outcome = "acknowledged" if status < 300 else "refused" if status < 500 else "failed"
        self._uploads.labels(outcome).inc()
        self._seconds.observe(seconds)

    def error(self, kind: str) -> None:
        self._errors.labels(kind).inc()


class Shown(Protocol):
    """Where metrics are served, with which key and certificate (one file), and whose callers are let in."""

    @property
    def metrics_address(self) -> str: ...
    @property
    def metrics_port(self) -> int: ...
    @property
    def private_pem(self) -> Path: ...
    @property
    def ca(self) -> Path: ...


def serve_privately(registry: CollectorRegistry, at: Shown) -> None:
    """From a thread of its own, with certificates at both ends."""
    start_http_server(
        at.metrics_port,
        at.metrics_address,
        registry,
        certfile=str(at.private_pem),
        keyfile=str(at.private_pem),
        client_cafile=str(at.ca),
        client_auth_required=True,
    )
