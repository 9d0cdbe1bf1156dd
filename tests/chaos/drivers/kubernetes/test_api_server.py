"""An API server that is gone is seen to be gone by a connection of our own, and what runs behind it runs on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chaos import faults
from chaos.context import Context
from chaos.drivers.commands import CommandDriver
from chaos.drivers.kubernetes import api_server
from chaos.drivers.kubernetes.cluster import ClusterRefused
from chaos.faults import NoReceipt
from chaos.guards import Guards
from chaos.people import People
from results.clock import Clock
from results.plan import Fault, Plan
from results.timeline import TimelineWriter
from targets.kubernetes import Commands
from tests.chaos.drivers.kubernetes.driven import driver, processes, serves
from tests.lab.running import RunningLab, eventually

FAULT = Fault(name="api-server-gone", site="fra")


def at(host: str) -> Any:
    """As much of a cluster as is asked: where its API is."""
    return SimpleNamespace(api=SimpleNamespace(configuration=SimpleNamespace(host=host, ssl_ca_cert=None)))


def test_who_listens_and_says_nothing_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        assert not api_server.answers(at(f"https://127.0.0.1:{port}"), within_s=0.3)
    assert not api_server.answers(at(f"https://127.0.0.1:{port}"), within_s=0.3), "nobody listens any more"


def test_the_operators_command_is_told_site_and_state(tmp_path: Path) -> None:
    told = tmp_path / "told"
    own = CommandDriver("t", Commands(api_server=["sh", "-c", f"echo {{site}} {{state}} >> {told}"]))
    own.set_api_server("fra", "stopped")
    own.set_api_server("fra", "running")
    assert told.read_text() == "fra stopped\nfra running\n"


@pytest.fixture(name="context")
def _context(own: RunningLab, tmp_path: Path) -> Iterator[Context]:
    clock, plan = Clock.anchored_now(), Plan(drill="x")
    run = tmp_path / "results/runs/x"
    run.mkdir(parents=True)
    with TimelineWriter(run, "chaos", clock) as timeline:
        guards, people = Guards(run, plan.guards, clock, timeline), People([], run, clock, print)
        observer: object = SimpleNamespace(alive=True)
        yield Context(run, plan, own.target, clock, timeline, guards, observer, driver(own), print, people)  # type: ignore[arg-type]


@pytest.mark.lab
def test_the_api_is_gone_and_what_runs_there_runs_on(own: RunningLab, context: Context) -> None:
    kind, lab, running = faults.fault("api-server-gone"), driver(own), processes(own, "fra")
    assert lab.service_state("fra", "server") == "running"
    kind.inject(context, FAULT)
    assert kind.receipt(context, FAULT) > 0
    with pytest.raises(ClusterRefused, match=r"context fra: .*not reached"):
        lab.service_state("fra", "server")
    assert lab.api_server_answers("gra")
    assert serves(own, "fra")
    assert processes(own, "fra") == running
    with pytest.raises(NoReceipt, match="the Kubernetes API of fra does not answer before anything is done to it"):
        kind.inject(context, FAULT)
    for _ in range(2):
        kind.undo(lab, kind.owed(FAULT))
        kind.lifted(context, kind.owed(FAULT))
        assert lab.service_state("fra", "server") == "running"


@pytest.mark.lab
def test_an_order_that_had_no_effect_has_no_receipt(
    own: RunningLab, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The known-bad target: its command says that it is done."""
    monkeypatch.setattr("chaos.faults.api_server_gone._GONE_WITHIN_S", 1.0)
    monkeypatch.setattr(context.driver, "set_api_server", lambda site, state: None, raising=False)
    kind = faults.fault("api-server-gone")
    kind.inject(context, FAULT)
    with pytest.raises(NoReceipt, match="the Kubernetes API of fra still answers"):
        kind.receipt(context, FAULT)
    assert serves(own, "fra")


@pytest.mark.lab
def test_what_was_ordered_before_still_holds_and_a_lease_that_lapses_starts_it_again(own: RunningLab) -> None:
    lab = driver(own)
    lab.cluster("gra").scale(lab.cluster("gra").workload("Deployment", "vitals", "analysis"), 0)
    lab.set_api_server("gra", "stopped")
    assert not lab.api_server_answers("gra")
    lab.set_api_server("gra", "running")
    found = lab.cluster("gra").workload("Deployment", "vitals", "analysis")
    assert (found.replicas, found.before) == (0, 1)
    lab.cluster("gra").scale_back(found)
    lab.set_api_server("gra", "stopped")
    lapsed = len(own.control.call("lease", holder="test", ttl_s=1)["lapsed"])
    eventually(lambda: len(own.control.call("lease")["lapsed"]) > lapsed, within_s=60)
    assert lab.api_server_answers("gra")
