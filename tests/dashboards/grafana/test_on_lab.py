"""Every query of every panel, on a real lab under load with monitors and rules: the Prometheus of each site answers with data."""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import launch
from lab.model import SITES, Options
from monitors.slo.__main__ import main as write_rules
from tests.dashboards.grafana.boards import queries
from tests.lab.running import RunningLab, eventually

pytestmark = pytest.mark.lab
HOME = Path(__file__).resolve().parent.parent.parent.parent
OBJECTIVES = sorted((HOME / "monitors" / "objectives").glob("*.yaml"))
INTERVAL = "10s"  # the lab scrapes once a second
SCALE = 100  # as drills shorten windows
PATIENTS = 3000  # a fortieth of the default population: ten uploads a second


@contextlib.contextmanager
def _running(*argv: str, log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", *argv], stdout=out, stderr=out, cwd=HOME, env={**os.environ})
    try:
        yield
        assert process.poll() is None, log.read_text()[-2000:]
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    """A lab whose monitors look, whose rules are evaluated, and that a load test is sending to."""
    folder = tmp_path_factory.mktemp("busy")
    try:
        lab = RunningLab(launch.up(Options(state=folder / "lab"), die_with_caller=True))
        target = str(lab.up.target)
        rules = folder / "rules.yml"
        assert write_rules([*map(str, OBJECTIVES), "--scale", str(SCALE), "--out", str(rules)]) == 0
        assert lab.control.call("rules", name="objectives", file=str(rules))["reloaded"] == list(SITES)
        load = ("locust", "-f", "loadtests/locustfile.py", "--headless", "-u", str(PATIENTS), "-r", str(PATIENTS))
        with contextlib.ExitStack() as ends:
            for site in SITES:
                watch = ("monitors", "--target", target, "--site", site, "--show")
                ends.enter_context(_running(*watch, log=folder / f"monitors-{site}.log"))
            ends.enter_context(
                _running(*load, "--target", target, "--run", str(folder / "run"), log=folder / "locust.log")
            )
            yield lab
    finally:
        launch.down(folder / "lab")


def answer(lab: RunningLab, site: str, path: str, **fields: str) -> Any:
    """Data of the API of that site's Prometheus."""
    token = {"Authorization": f"Bearer {lab.access('prometheus.token')}"}
    said = lab.tools("GET", f"/api/v1/{path}", "prometheus", site, headers=token, params=fields).json()
    assert said["status"] == "success", said
    return said["data"]


def numbers(lab: RunningLab, site: str, expr: str) -> list[float]:
    """Values of an instant query that are numbers: a rate of what has not been counted yet is none."""
    values = [float(row["value"][1]) for row in answer(lab, site, "query", query=expr)["result"]]
    return [value for value in values if not math.isnan(value)]


@pytest.mark.parametrize("site", SITES)
def test_every_query_returns_data(busy: RunningLab, site: str) -> None:
    asked = {each: each.filled(INTERVAL).removesuffix(" or vector(0)") for each in queries()}
    assert len(asked) > 50

    def without_data() -> list[str]:
        return [f"{each.board}: {each.panel}: {expr}" for each, expr in asked.items() if not numbers(busy, site, expr)]

    missing: list[str] = []

    def all_answer() -> bool:
        missing[:] = without_data()
        return not missing

    with contextlib.suppress(AssertionError):
        eventually(all_answer, 60)
    assert missing == []


def test_what_dashboards_say_of_this_lab_is_so(busy: RunningLab) -> None:
    """Not only some data: the right one."""

    def by(label: str, expr: str) -> dict[str, float]:
        rows = answer(busy, "gra", "query", query=expr)["result"]
        return {row["metric"].get(label, ""): float(row["value"][1]) for row in rows}

    eventually(lambda: by("site", "max by (site) (vitals_active)") == {"fra": 1, "gra": 0})
    eventually(lambda: by("answer", "sum by (answer) (max by (server, answer) (monitor_answer))") == {"fra": 5})
    eventually(lambda: by("", "loadtests_patients") == {"": PATIENTS})
    eventually(lambda: by("", "loadtests_acknowledged_seconds_count")[""] > 20)
    # one scrape has all of it, so sums must agree: each acknowledgement has its site, and none was asked for by nobody
    assert by("", "sum(loadtests_served_total) - sum(loadtests_acknowledged_seconds_count)") == {"": 0}
    assert by("", "sum(loadtests_readings_due_total) >= bool sum(loadtests_acknowledged_seconds_count)") == {"": 1}
    assert by("", "min(monitor_up)") == {"": 1}
    limits = by("sloth_rule", 'max by (sloth_rule) (slo:rule_burn_rate_limit:ratio{sloth_severity="page"})')
    assert limits == {"1": pytest.approx(14.4), "2": pytest.approx(6)}, "windows are shortened, limits are not"


def test_after_the_loss_of_a_site_they_show_who_took_over(busy: RunningLab) -> None:
    """The last test of this lab: the site is gone afterwards."""

    def states(title: str) -> set[tuple[tuple[str, ...], float]]:
        (each,) = [each for each in queries() if (each.board, each.panel) == ("takeover", title)]
        rows = answer(busy, "gra", "query", query=each.filled(INTERVAL))["result"]
        return {(tuple(sorted(row["metric"].values())), float(row["value"][1])) for row in rows}

    assert states("Role of each site") == {(("fra",), 1), (("gra",), 0)}
    busy.control.call("kill", site="fra")
    eventually(lambda: states("Role of each site") == {(("gra",), 1)}, 40)
    eventually(lambda: states("Sites whose database takes writes") == {((), 1)})
    eventually(lambda: {(("fra", "vitals"), 0), (("gra", "vitals"), 1)} <= states("What answers, by site"))
    eventually(lambda: {(("gra", "ns1"), 1), (("fra", "ns1"), 0)} <= states("DNS answers, by server"))
    eventually(lambda: any(labels == ("gra",) and rate > 0 for labels, rate in states("Writes accepted, by site")))
