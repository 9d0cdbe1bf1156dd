"""Runs written by hand for the pages: verdicts, damage, and a drill in progress, written by the writers of a real one."""

from __future__ import annotations

import datetime
import json
import time
from pathlib import Path
from typing import Any

from loadtests import live
from loadtests.fleet_file import LIVE_FILE
from results.clock import Clock
from results.plan import Plan
from results.plan_file import write_plan
from results.timeline import TimelineWriter

BEGIN = datetime.datetime(2026, 9, 1, 16, 30, tzinfo=datetime.UTC)
WHY = {
    "pass": "as promised",
    "fail": "14 acknowledged uploads missing at site gra (limit 0)",
    "inconclusive": "too few",
}


def name_of(drill: str, number: int) -> str:
    """The name of the drill's run of that day."""
    day = BEGIN + datetime.timedelta(days=number)
    return f"{day:%Y-%m-%dT%H-%M-%SZ}_{drill}_{number % 65536:04x}"


def verdict(run: str, drill: str, word: str = "pass", **headline: float | None) -> dict[str, Any]:
    """The content of a ``verdict.json``."""
    figures = {
        **{"patients": 120000, "patients_seen": 119876, "uploads_intended": 150000, "uploads_acknowledged": 149990},
        **{"uploads_lost": 0, "uploads_duplicated": 0, "rta_s": 19.5, "rpo_s": 0.0, "rpo_records": 0, "ttd_s": 3.1},
        **{"availability": 0.9731, "latency_p50_ms": 61.5, "latency_p99_ms": 8120.0, "dns_t95_s": 6.2},
        "generator_lag_p99_ms": 4.2,
    }
    lost = "fail" if word == "fail" else "pass"
    objectives: list[tuple[str, str, dict[str, Any]]] = [
        ("evidence", "pass", {"differing": 0}),
        ("generator-health", word if word == "inconclusive" else "pass", {"lag_p99_ms": 20.0}),
        ("recovery-time", "pass", {"rto_s": 60.0, "hold_s": 30.0}),
        ("data-loss", lost, {"lost": 0, "rpo_s": 0.0}),
        ("duplicates", "pass", {"duplicated": 0}),
        ("dns-convergence", "pass", {"dns_t95_s": 30.0}),
        ("availability-slo", "pass", {"availability": 0.95}),
    ]
    return {
        "schema": "zweitherz/verdict/1",
        "run": run,
        "drill": drill,
        "seed": 1,
        "verdict": word,
        "headline": figures | headline,
        "marks": {},
        "checks": [
            {"name": name, "verdict": each, "why": WHY[each], "measured": {"n": 1234}, "objective": asked}
            for name, each, asked in objectives
        ],
    }


def write_run(home: Path, drill: str, number: int, word: str = "pass", **headline: float | None) -> Path:
    """A judged run as a drill leaves it, without its history: a list never asks for that."""
    run = home / "runs" / name_of(drill, number)
    run.mkdir(parents=True)
    (run / "verdict.json").write_text(json.dumps(verdict(run.name, drill, word, **headline)))
    return run


def write_some(home: Path) -> None:
    """Twelve runs of a drill that gets better, two of others, and three that nobody could judge."""
    for number in range(12):
        word = {3: "inconclusive", 4: "fail", 7: "inconclusive"}.get(number, "pass")
        figures: dict[str, float | None] = {
            "rta_s": 48.0 - 2.7 * number + (number % 3),
            "uploads_lost": 14 if word == "fail" else 0,
            "ttd_s": 4.4 - 0.1 * number,
            "latency_p99_ms": 9900.0 - 230 * number,
            "availability": 0.955 + 0.0025 * number,
        }
        if number == 7:
            figures["rta_s"] = None
        write_run(home, "site-loss", number, word, **figures)
    write_run(home, "quiet", 12, rta_s=None, dns_t95_s=None, ttd_s=None, latency_p99_ms=410.0, availability=1.0)
    write_run(home, "tools-site-loss", 13, rta_s=None, latency_p99_ms=455.0, availability=0.9998)
    damaged = write_run(home, "server-killed", 14)
    (damaged / "verdict.json").write_text('{"schema": "zweitherz/verd')
    unjudged = home / "runs" / name_of("volume-full", 15)
    unjudged.mkdir()
    strange = write_run(home, "strange", 16)
    told = verdict(strange.name, "<script>alert(1)</script>", "fail")
    told["checks"][0]["why"] = "<img src=x onerror=alert(1)>"
    (strange / "verdict.json").write_text(json.dumps(told))


class Drill:
    """A drill in progress, whose files a test writes step by step."""

    def __init__(self, home: Path, drill: str = "site-loss", number: int = 30) -> None:
        self.run = home / "runs" / name_of(drill, number)
        self.run.mkdir(parents=True)
        (self.run / "live").mkdir()
        plan = {"drill": drill, "fault": {"name": "site-loss", "site": "fra", "survivor": "gra"}}
        write_plan(Plan.model_validate(plan), self.run / "plan.yaml")
        self.timeline = TimelineWriter(self.run, "chaos", Clock.anchored_now())
        self.acknowledged = 0

    def upload(self, **more: Any) -> None:  # JSON values of loadtests.live
        """New figures of the load generator."""
        self.acknowledged += 4321
        figures = live.LiveFigures().now(time.time_ns()) | {
            **{"ups": 398.6, "acknowledged": self.acknowledged, "patients_seen": 61234, "queued": 12, "p99_ms": 231.0},
            **{"lag_p99_ms": 3.0, "by_client": {"fresh": 1.0, "pinned": 1.0}},
        }
        live.write(self.run / LIVE_FILE, figures | more)

    def phase(self, name: str, state: str = "begin") -> None:
        self.timeline.write("phase", name, state=state)

    def step(self, name: str) -> None:
        self.timeline.write("takeover.step", name, state="end", site="gra", cluster="main")

    def judged(self, word: str = "pass") -> None:
        """The drill has ended."""
        draft = self.run / "verdict.json.part"
        draft.write_text(json.dumps(verdict(self.run.name, "site-loss", word)))
        draft.replace(self.run / "verdict.json")
