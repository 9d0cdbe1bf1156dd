"""Traffic lights: a requirement that a manager knows by name, and the checks that answer it."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.report.model import Light
from results.finding import Verdict, merge

REQUIREMENTS: dict[str, tuple[str, ...]] = {
    "back": ("recovery-time",),
    "kept": ("data-loss", "duplicates", "corruption"),
    "one-writer": ("split-brain", "authenticity"),
    "noticed": ("availability-slo", "isolation", "reconnection", "backlog"),
    "quick": ("latency-slo",),
    "moved": ("dns-convergence", "traffic-drain"),
    "watched": ("monitor-detection", "monitor-truth", "alert-delivery", "tools-takeover"),
    "people": ("people",),
    "home": ("failback",),
    "private": ("privacy", "residency"),
    "sound": ("evidence", "injection-receipt", "journal", "generator-health", "cleanliness"),
}


def lights(verdicts: dict[str, Verdict]) -> list[Light]:
    """One for each requirement, also for those that this drill did not ask for."""
    found = []
    for name, checks in REQUIREMENTS.items():
        not_asked = [check for check in checks if check not in verdicts]
        found.append(Light.model_validate({"name": name, "not_asked": not_asked, **answered(checks, verdicts)}))
    return found


def answered(checks: Iterable[str], verdicts: dict[str, Verdict]) -> dict[str, object]:
    """The verdicts of those that were asked, and the worst of them; None where none was."""
    found = {name: verdicts[name] for name in checks if name in verdicts}
    return {"verdict": merge(found.values()) if found else None, "checks": found}
