"""Known-bad systems on the real lab: each must turn the named check, and only what follows from it, red or inconclusive.

A check that has only ever been green is no evidence. All drills are small, several run at a time, each with a lab of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lab.defects import DEFECTS
from results.checks import asked

pytestmark = [pytest.mark.drill, pytest.mark.timeout(900)]

HOME = Path(__file__).resolve().parent.parent.parent
_ENGINES = ("native", "rust", "gevent")
_AT_A_TIME = 3  # with its lab, its start and its report a small drill uses half a core
_SMALL = {
    "population.patients": 1200,
    "load.rate": 70,
    "phases.warm_up_s": 2,
    "phases.steady_s": 8,
    # several labs share two cores here: what is judged is which check turns red, not how quick this machine is
    "objectives.lag_p99_ms": 90,
    "objectives.latency_ms": "{p50: 900, p99: 4000}",
    "objectives.monitor_ttd_s": 12,
    "objectives.availability": 0.5,
    "objectives.alert_delivery_s": 12,
    "alerting.scrape_s": 3,
    "objectives.isolation_latency": "{p50: 5}",
}
_SITE_LOSS = {
    "phases.takeover_limit_s": 12,
    "phases.recovered_s": 30,
    "objectives.at_risk_writes": 100,
    "objectives.rto_s": 28,
    "objectives.dns_t95_s": 20,
}
# data are lost, stored twice or missed by monitors within seconds of the loss: nothing later is waited for, or asked
_SOON = {**_SITE_LOSS, "phases.recovered_s": 8}
_OF_DATA = ["injection-receipt", "data-loss", "duplicates", "corruption", "monitor-detection", "monitor-truth"]
# defects of the product or of its monitors: the cluster that watches would only cost time
_NO_TOOLS = {"lab.tools": "false"}
_ALONE = {**_NO_TOOLS, "checks": json.dumps([name for name in asked(None) if name != "alert-delivery"])}
_QUIET_ALONE = {**_NO_TOOLS, "checks": "[duplicates, corruption, availability-slo, monitor-truth]"}
_BRIEF = {"phases.fault_s": 10, "phases.recovered_s": 10}
# (sentry-down is like matomo-down, and shown with its defect; lying-health is what alert-channel-broken begins with)
_WATCHERS_DRILLS = {
    "matomo-down": _BRIEF,
    "monitor-blind": _BRIEF,
    "alert-channel-broken": {"phases.fault_s": 10, "phases.recovered_s": 36},
    "tools-site-loss": {"phases.recovered_s": 20, "objectives.at_risk_writes": 100, "objectives.availability": 0.9},
}


@dataclass(frozen=True)
class Expected:
    """`red`: checks that must fail; `unclear`: must be inconclusive; `follows`: may be either, because of the same defect.

    In the drill of that name, with these changes to its plan.
    """

    red: frozenset[str] = frozenset()
    unclear: frozenset[str] = frozenset()
    follows: frozenset[str] = frozenset()
    drill: str = "site-loss"
    changes: dict[str, Any] = field(default_factory=lambda: {**_SITE_LOSS, **_ALONE})


def _expect(red: str = "", unclear: str = "", follows: str = "") -> Expected:
    return Expected(frozenset(red.split()), frozenset(unclear.split()), frozenset(follows.split()))


def _soon(red: str = "", follows: str = "", checks: tuple[str, ...] = (), **changes: Any) -> Expected:
    """In a site loss that ends as soon as the defect has shown."""
    changes = {**_SOON, "checks": json.dumps([*_OF_DATA, *checks]), **changes}
    return Expected(frozenset(red.split()), frozenset(), frozenset(follows.split()), changes=changes)


def _watched(drill: str, red: str = "", unclear: str = "", follows: str = "", **changes: Any) -> Expected:
    """With the cluster that watches."""
    return Expected(*(frozenset(names.split()) for names in (red, unclear, follows)), drill=drill, changes=changes)


_NO_SERVICE = "availability-slo latency-slo traffic-drain journal"
EXPECTED = {
    # the synthetic transaction reads back what was acknowledged, and finds the defect before any site is lost
    "ack-before-commit": _soon(red="data-loss", follows="monitor-truth", **_NO_TOOLS),
    # cut off first, the mirror is promoted within 4 s: less than a monitor that looks every 2 s can be asked to notice
    "lose-last-second": _soon(red="data-loss", follows="monitor-detection", **_NO_TOOLS),
    # an answer lost after the commit is an attempt that nobody knows the end of, before the fault as well, and is sent again
    "duplicate-on-retry": _soon(red="duplicates", follows="generator-health data-loss monitor-truth", **_NO_TOOLS),
    "corrupt-payload": _watched("quiet", red="corruption", **_BRIEF, **_QUIET_ALONE),
    "no-dns-switch": _expect(
        red="dns-convergence recovery-time", follows=f"{_NO_SERVICE} data-loss duplicates corruption"
    ),
    # nobody serves, so nothing can be read back through the public name either
    "no-promotion": _expect(
        red="recovery-time", follows=f"{_NO_SERVICE} data-loss duplicates corruption dns-convergence"
    ),
    # the final read asks that resolver as well, and is sent to the site that was lost
    "ttl-ignored": _expect(
        red="dns-convergence",
        follows="recovery-time traffic-drain latency-slo availability-slo data-loss duplicates corruption monitor-truth",
    ),
    # slower than the monitors' patience: their alarm stays on
    "slow-survivor": _expect(red="latency-slo", follows="monitor-truth"),
    "lying-health": _expect(red="recovery-time", follows=f"{_NO_SERVICE} data-loss"),
    # the experiment ends here: nothing after it can be judged
    "fault-without-effect": _expect(
        unclear="injection-receipt journal recovery-time data-loss dns-convergence traffic-drain latency-slo "
        "monitor-detection monitor-truth",
        follows="availability-slo cleanliness",
    ),
    "starved-generator": _expect(
        unclear="generator-health", follows="latency-slo availability-slo recovery-time data-loss traffic-drain journal"
    ),
    "silent-monitor": _soon(red="monitor-detection", **_NO_TOOLS),
    "flapping-monitor": _watched("quiet", red="monitor-truth", **_BRIEF, **_QUIET_ALONE),
    # the page fires, and goes to nobody
    "alert-misrouted": _soon(red="alert-delivery", checks=("alert-delivery",)),
    # there is no second Prometheus to be read either
    "tools-not-mirrored": _watched(
        "tools-site-loss",
        red="tools-takeover",
        follows="alert-delivery privacy monitor-truth",
        **_WATCHERS_DRILLS["tools-site-loss"],
    ),
    # a service that waits for Sentry answers nobody meanwhile: not the monitors, not Prometheus
    "blocking-telemetry": _watched(
        "sentry-down",
        red="isolation",
        follows="latency-slo availability-slo monitor-truth monitor-detection alert-delivery generator-health privacy journal",
        **_BRIEF,
    ),
    "telemetry-abroad": _watched("quiet", red="residency", **_BRIEF),
    # an exception is an error that the monitor of Sentry's issues may well notice
    "leaked-name": _watched("quiet", red="privacy", follows="monitor-truth", **_BRIEF),
    "patient-in-label": _watched("quiet", red="privacy", **_BRIEF),
}


class Drills:
    """Starts all drills at once, some at a time, in the order in which they are asked for."""

    def __init__(self, results: Path) -> None:
        self._pool = ThreadPoolExecutor(_AT_A_TIME)
        self._results = results
        self._running: dict[str, Future[dict[str, Any]]] = {}

    def start(self, name: str, drill: str, changes: dict[str, Any]) -> None:
        self._running[name] = self._pool.submit(self._run, name, drill, changes)

    def verdict(self, name: str) -> dict[str, Any]:
        return self._running[name].result()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _run(self, name: str, drill: str, changes: dict[str, Any]) -> dict[str, Any]:
        sets = [f"--set={key}={value}" for key, value in {**_SMALL, **changes}.items()]
        done = subprocess.run(
            [sys.executable, "-m", "drill.cli", "drill", drill, "--quick", "--plain", "--json", *sets],
            capture_output=True,
            text=True,
            cwd=HOME,
            env={**os.environ, "ZWEITHERZ_RESULTS": str(self._results / name)},
            timeout=300,
            check=False,
        )
        assert done.stdout, f"{name}: exit {done.returncode}: {done.stderr[-2000:]}"
        verdict: dict[str, Any] = json.loads(done.stdout)
        verdict["process_exit_code"] = done.returncode
        return verdict


@pytest.fixture(scope="module")
def drills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drills]:
    drills = Drills(tmp_path_factory.mktemp("drills"))
    for defect, expected in EXPECTED.items():
        drills.start(defect, expected.drill, {**expected.changes, "lab.defect": defect})
    for engine in _ENGINES:
        drills.start(engine, "site-loss", {**_SITE_LOSS, "load.engine": engine})
    for name, changes in _WATCHERS_DRILLS.items():
        drills.start(f"drill-{name}", name, changes)
    yield drills
    drills.close()


def test_every_defect_there_is_has_its_expectation() -> None:
    assert set(EXPECTED) == set(DEFECTS) - {"none"}


@pytest.mark.parametrize("defect", EXPECTED)
def test_a_defect_turns_its_check_and_only_what_follows(drills: Drills, defect: str) -> None:
    verdict, expected = drills.verdict(defect), EXPECTED[defect]
    found = {check["name"]: check["verdict"] for check in verdict["checks"]}
    whys = {check["name"]: check["why"] for check in verdict["checks"] if check["verdict"] != "pass"}
    for name in expected.red:
        assert found[name] == "fail", (name, whys)
    for name in expected.unclear:
        assert found[name] == "inconclusive", (name, whys)
    others = {name: why for name, why in whys.items() if name not in expected.red | expected.unclear | expected.follows}
    assert others == {}
    assert verdict["verdict"] != "pass"
    assert verdict["process_exit_code"] in (1, 2, 3)


@pytest.mark.parametrize("engine", _ENGINES)
def test_a_healthy_system_is_green_by_every_engine(drills: Drills, engine: str) -> None:
    verdict = drills.verdict(engine)
    assert {check["name"]: check["why"] for check in verdict["checks"] if check["verdict"] != "pass"} == {}
    assert (verdict["verdict"], verdict["process_exit_code"]) == ("pass", 0)
    head = verdict["headline"]
    assert head["uploads_acknowledged"] > 0
    assert head["patients_seen"] > 0
    assert (head["uploads_lost"], head["uploads_duplicated"]) == (0, 0)


@pytest.mark.parametrize("name", _WATCHERS_DRILLS)
def test_a_healthy_system_passes_the_drills_of_what_watches_it(drills: Drills, name: str) -> None:
    verdict = drills.verdict(f"drill-{name}")
    assert {check["name"]: check["why"] for check in verdict["checks"] if check["verdict"] != "pass"} == {}
    assert (verdict["verdict"], verdict["process_exit_code"]) == ("pass", 0)
