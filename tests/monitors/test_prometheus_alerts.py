"""Alerts of a real Prometheus: those that page, those that do not, and those that only may."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import pki
from monitors.place import Place
from monitors.prometheus_alerts import PrometheusAlerts
from tests.lab.running import eventually
from tests.monitors.conftest import tools
from tests.monitors.prometheus import prometheus

PENDING = {"alert": "SoonToo", "expr": "vector(1)", "for": "1h", "labels": {"severity": "page"}}
TICKET = {"alert": "Ticket", "expr": "vector(1)", "labels": {"sloth_severity": "ticket", "severity": "warning"}}


def test_the_labs_prometheus_pages_nobody(gate: Place) -> None:
    look = PrometheusAlerts(gate, tools(gate), tools(gate).prometheus).look()
    assert (look.ok, look.blind, look.figures) == (True, False, {"firing": 0})


@pytest.mark.parametrize("labels", [{"sloth_severity": "page"}, {"severity": "page"}, {"severity": "critical"}])
def test_an_alert_that_pages_is_named_and_no_other(
    place: Place, keys: pki.Keys, tmp_path: Path, labels: dict[str, str]
) -> None:
    two = [
        {"alert": "Burning", "expr": f"vector({number})", "labels": {**labels, "n": str(number)}} for number in (1, 2)
    ]
    with prometheus(tmp_path, keys, [PENDING, TICKET, *two]) as url:
        at = tools(place).prometheus.model_copy(update={"url": url})
        monitor = PrometheusAlerts(place, tools(place), at)
        look = eventually(lambda: seen if (seen := monitor.look()).figures.get("firing") == 3 else None)
    assert (look.ok, look.blind, look.why) == (False, False, "firing: Burning")


def test_what_is_pending_or_a_ticket_does_not_page(place: Place, keys: pki.Keys, tmp_path: Path) -> None:
    with prometheus(tmp_path, keys, [PENDING, TICKET]) as url:
        at = tools(place).prometheus.model_copy(update={"url": url})
        monitor = PrometheusAlerts(place, tools(place), at)
        look = eventually(lambda: seen if (seen := monitor.look()).figures.get("firing") == 1 else None)
    assert look.ok
