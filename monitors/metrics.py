"""What the monitors see, as Prometheus metrics: ``http://127.0.0.1:PORT/metrics`` on the loopback, or at the address that the
target has for the monitors of this site, then with certificates at both ends.

monitor_up{monitor, site}                     1: the last look that saw something was good, 0: it was not
monitor_blind{monitor, site}                  1: the source of the last look did not answer, 0: it did
monitor_alarm{monitor, site}                  1 while its alarm is on
monitor_last_good_seconds{monitor, site}      time of the last good look; not there before the first
monitor_looks_total{monitor, site, outcome}   looks by outcome: ok, failed, blind (also: failed, and no way out was seen)
monitor_figure{monitor, site, figure}         last value of each figure, with its unit in its name (latency_ms, days_left)
monitor_answer{monitor, site, server, answer} 1 for the site that a name server leads to now, 0 for those it led to before
monitor_heartbeat_seconds{site}               time of the last completed look of any monitor. What watches it needs no clock:
                                              the value changes from look to look, or nobody looks any more
monitor_check_ins_total{site, outcome}        check-ins to Sentry by outcome: sent, dropped, withheld (nobody looked meanwhile)
"""

from __future__ import annotations

import ssl
import time
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge

from monitors.look import OUTCOMES, Look
from monitors.page import serve

HEARTBEAT = "monitor_heartbeat_seconds"
_PLACE = ("monitor", "site")


class PortTaken(RuntimeError):
    """Metrics cannot be served there: one line."""


class Metrics:
    """Figures of one process. No label ever names a patient."""

    def __init__(self, site: str) -> None:
        self._site = site
        self.registry = CollectorRegistry()
        self._up = Gauge("monitor_up", "Whether the last look was good", _PLACE, registry=self.registry)
        self._alarm = Gauge("monitor_alarm", "Whether the alarm is on", _PLACE, registry=self.registry)
        self._blind = Gauge("monitor_blind", "Whether the last look saw nothing", _PLACE, registry=self.registry)
        self._last_good = Gauge("monitor_last_good_seconds", "Last good look", _PLACE, registry=self.registry)
        self._looks = Counter("monitor_looks", "Looks by outcome", (*_PLACE, "outcome"), registry=self.registry)
        self._figure = Gauge("monitor_figure", "Last value of a figure", (*_PLACE, "figure"), registry=self.registry)
        self._answer = Gauge(
            "monitor_answer", "Which site a server leads to", (*_PLACE, "server", "answer"), registry=self.registry
        )
        self._answered: dict[tuple[str, str], str] = {}
        self._heartbeat = Gauge(HEARTBEAT, "Time of the last look of any monitor", ("site",), registry=self.registry)
        self._check_ins = Counter(
            "monitor_check_ins", "Check-ins to Sentry by outcome", ("site", "outcome"), registry=self.registry
        )
        self.heartbeat = 0.0

    def serve(self, port: int) -> None:
        """Serve them from a thread of its own. Raises PortTaken."""
        try:
            serve(self.registry, "127.0.0.1", port)
        except (OSError, OverflowError) as error:
            raise PortTaken(f"port {port} of 127.0.0.1: {getattr(error, 'strerror', None) or error}") from error

    def show(self, address: str, port: int, pem: Path, ca: Path) -> None:
        """Serve them to callers with a certificate of the house; `pem` has key and certificate. Raises PortTaken."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_verify_locations(ca)
        tls.load_cert_chain(pem)
        tls.verify_mode = ssl.CERT_REQUIRED
        try:
            serve(self.registry, address, port, tls)
        except (OSError, OverflowError) as error:
            raise PortTaken(f"port {port} of {address}: {getattr(error, 'strerror', None) or error}") from error

    def looked(self, monitor: str, look: Look, *, proven: bool = True) -> None:
        """A failed look that is not `proven` counts as blind: the monitor's own way out may have failed."""
        self._blind.labels(monitor, self._site).set(look.blind)
        if not look.blind:
            self._up.labels(monitor, self._site).set(look.ok)
        if look.ok:
            self._last_good.labels(monitor, self._site).set(time.time())
        counted = look.outcome if proven else "blind"
        for outcome in OUTCOMES:
            # a counter that begins with its first failure has not risen by it: no rate would ever count that one
            self._looks.labels(monitor, self._site, outcome).inc(outcome == counted)
        for name, value in look.figures.items():
            self._figure.labels(monitor, self._site, name).set(value)
        for server, answer in look.answers.items():
            self._led(monitor, server, answer)
        self._alarm.labels(monitor, self._site)  # 0 from the first look on: an alarm that is off is no gap
        self.heartbeat = time.time()
        self._heartbeat.labels(self._site).set(self.heartbeat)

    def _led(self, monitor: str, server: str, answer: str) -> None:
        before = self._answered.get((monitor, server))
        if before is not None and before != answer:
            self._answer.labels(monitor, self._site, server, before).set(0)
        self._answered[monitor, server] = answer
        self._answer.labels(monitor, self._site, server, answer).set(1)

    def alert(self, monitor: str, state: str) -> None:
        self._alarm.labels(monitor, self._site).set(state == "raised")

    def checked_in(self, outcome: str) -> None:
        self._check_ins.labels(self._site, outcome).inc()
