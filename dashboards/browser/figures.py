"""Which figures are shown of a run, and which check holds their objective. The objective is shown as the run itself had it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """
    key         in the headline of ``verdict.json``
    unit        of the figure; "share": shown as per cent
    check, objective   which check's objective is the figure's own, and its name there; "" where a figure has none
    about       what is meant, in a few words
    """

    key: str
    title: str
    unit: str
    about: str
    check: str = ""
    objective: str = ""

    def shown(self, value: float | None) -> str:
        """With its unit; ``–`` where nobody knows."""
        if value is None or not math.isfinite(value):
            return "–"
        if self.unit == "share":
            return f"{value:.2%}"
        text = f"{value:,}" if isinstance(value, int) else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
        return f"{text} {self.unit}".rstrip()

    def objective_of(self, checks: Mapping[str, Mapping[str, Any]]) -> float | None:  # objectives are JSON values
        """The objective that the run had; None where there was none. `checks`: objectives by check."""
        found = checks.get(self.check, {}).get(self.objective)
        return found if isinstance(found, int | float) and not isinstance(found, bool) else None


RECOVERY = Figure(
    "rta_s", "Recovery time", "s", "from the first missed reading to good service", "recovery-time", "rto_s"
)
LOST = Figure("uploads_lost", "Data loss", "", "acknowledged readings that are lost", "data-loss", "lost")
DETECTION = Figure("ttd_s", "Detection", "s", "from the fault to the runbook's notice")
LATENCY = Figure(
    "latency_p99_ms", "Latency p99", "ms", "whole drill, outage included; its objective is for calm phases only"
)
AVAILABILITY = Figure(
    "availability", "Availability", "share", "readings within their deadline", "availability-slo", "availability"
)
TRENDS = (RECOVERY, LOST, DETECTION, LATENCY, AVAILABILITY)
FIGURES = (
    *(RECOVERY, LOST, Figure("rpo_s", "Data loss in time", "s", "RPO as measured", "data-loss", "rpo_s")),
    *(DETECTION, AVAILABILITY, LATENCY),
    Figure("uploads_duplicated", "Stored twice", "", "readings", "duplicates", "duplicated"),
    Figure(
        "dns_t95_s", "Honest DNS moved", "s", "95 % of the answers, after the change", "dns-convergence", "dns_t95_s"
    ),
    Figure(
        "generator_lag_p99_ms", "Generator lag p99", "ms", "sent later than scheduled", "generator-health", "lag_p99_ms"
    ),
    Figure("uploads_acknowledged", "Acknowledged", "", "uploads"),
    Figure("patients_seen", "Patients seen", "", "at least one reading acknowledged"),
)
