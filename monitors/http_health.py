"""Asks the service's readiness by its public name, as a balancer or an uptime monitor would. Believes what it is told."""

from __future__ import annotations

from monitors.exchange import Unanswered, exchange, of_the_service
from monitors.look import Look
from monitors.place import Place


class HttpHealth:
    """Fails on anything but 200."""

    name, period_s = "http", 1.0

    def __init__(self, place: Place) -> None:
        self._place = place
        self._service = of_the_service(place)

    def look(self) -> Look:
        try:
            answer = exchange(self._place, self._service, "GET", "/health/ready")
        except Unanswered as error:
            return Look(ok=False, why=str(error))
        figures = {"latency_ms": answer.seconds * 1000}
        if answer.status != 200:
            return Look(ok=False, why=f"status {answer.status}", figures=figures)
        return Look(ok=True, figures=figures)
