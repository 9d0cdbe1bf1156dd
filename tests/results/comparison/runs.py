"""Two hand-made runs to compare: the story that passes, with samples of what was used, told twice."""

from __future__ import annotations

from pathlib import Path

from results.comparison.figures import RunFigures, measure
from results.comparison.model import Change, Comparison
from results.comparison.prices import Prices
from results.judge import judge
from tests.results.story import Story, green, ns

MACHINE = {"system": "Linux-6.1", "cores": 2, "cpu": "Example 3000", "memory_bytes": 8 << 30, "python": "3.11.7"}
OLD, NEW = "2026-11-23T16-30-00Z_story_0a0a", "2026-11-24T16-30-00Z_story_0b0b"


def story(folder: Path, *, cpu_per_s: float = 0.1, memory: float = 1e9) -> Story:
    """The green story as a drill records it: who used what, on which machine. One place, so that few readings are enough."""
    told = green(folder)
    told.plan["load"]["distances"] = {"near": 1}
    told.plan["comparison"] = {"availability": 0.03, "availability_calm": 0.01}  # 2,000 readings are few
    told.environment |= {
        "machine": dict(MACHINE),
        "packages": {"zweitherz": "0.1.0"},
        "lab": {"links": {"kind": "wire"}},
    }
    for second in range(-20, 21):
        for subject in ("fra/vitals0", "gra/vitals0"):
            told.samples.append((ns(second), "lab", subject, "cpu_s", (second + 20) * cpu_per_s / 2))
            told.samples.append((ns(second), "lab", subject, "rss_bytes", memory / 2))
        told.samples.append((ns(second), "lab", "dns/knot", "cpu_s", second + 20.0))  # of no site
        told.samples.append((ns(second), "loadtests", "sender-0", "cpu_s", (second + 20) * 0.2))
        told.samples.append((ns(second), "loadtests", "sender-0", "rss_bytes", 2e8))
    return told


def shift(told: Story, factor: float, after: float = -100) -> Story:
    """Every acknowledgement that came at the first attempt, `factor` times as late."""
    for upload in told.uploads:
        if len(upload.attempts) == 1 and upload.intended > after:
            attempt = upload.attempts[0]
            attempt.done = attempt.at + (attempt.done - attempt.at) * factor
    return told


def measured(folder: Path, told: Story, side: int) -> RunFigures:
    told.write(folder)
    return measure(folder, judge(folder), side)


def change_of(comparison: Comparison, metric: str) -> Change:
    return next(each.change for each in comparison.metrics if each.metric == metric)


PRICES = Prices.model_validate(
    {
        "schema": "zweitherz/prices/1",
        "name": "test",
        "currency": "EUR",
        "date": "2026-11-01",
        "core_hour": {"price": 3.6, "source": "0.001 EUR a core-second"},
        "memory_gb_hour": {"price": 0.36, "source": "0.0001 EUR a GB-second"},
        "stored_gb_month": {"price": 0.1, "source": "a test's own"},
        "out_gb": {"price": 0.01, "source": "a test's own"},
    }
)
