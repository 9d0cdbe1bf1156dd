"""A clock by Chaos Mesh: on the lab's own API servers, and where it is not installed, or does not do what it says."""

from __future__ import annotations

from typing import Any, cast

import pytest
from kubernetes import client

from chaos.drivers.kubernetes import chaos_mesh
from chaos.drivers.kubernetes.cluster import Cluster, ClusterRefused, Found
from drill.examining import examine_target
from targets.kubernetes import Workload
from tests.chaos.drivers.kubernetes.driven import driver
from tests.lab.running import RunningLab

SERVER = Workload(namespace="vitals", name="vitals")


class Recorded:
    """A cluster with Chaos Mesh or without, that injects or not, and lets an object go or not."""

    context = "gra"

    def __init__(self, *, installed: bool = True, injects: bool = True, lets_go: bool = True) -> None:
        self.installed, self.injects, self.lets_go = installed, injects, lets_go
        self.made: dict[str, Any] | None = None

    def workload(self, kind: str, namespace: str, name: str) -> Found:
        return Found(kind, namespace, name, 2, 2, "app=vitals,tier=front", None)

    def custom(self, call: str, what: str, *given: Any) -> Any:
        if call == "get_api_resources":
            if not self.installed:
                return None
            kinds = [
                client.V1APIResource(name=name, kind=name, namespaced=True, singular_name="", verbs=["get"])
                for name in ("podchaos", "timechaos")
            ]
            return client.V1APIResourceList(group_version="chaos-mesh.org/v1alpha1", resources=kinds)
        if call.startswith("create"):
            self.made = given[-1]
        if self.made is None:
            return None
        shown = self.made
        if call.startswith("delete") and self.lets_go:
            self.made = None
        return {**shown, "status": {"conditions": [{"type": "AllInjected", "status": str(self.injects)}]}}


def cluster(recorded: Recorded) -> Cluster:
    return cast("Cluster", recorded)


def test_it_is_for_the_servers_alone_and_ends_by_itself() -> None:
    own = Recorded()
    chaos_mesh.set_clock_ahead(cluster(own), SERVER, 90, 900)
    chaos_mesh.set_clock_ahead(cluster(own), SERVER, 90, 900)
    assert own.made is not None
    assert own.made["metadata"] == {"name": chaos_mesh.NAME, "namespace": "vitals"}
    assert own.made["spec"] == {
        "mode": "all",
        "selector": {"namespaces": ["vitals"], "labelSelectors": {"app": "vitals", "tier": "front"}},
        "timeOffset": "90s",
        "duration": "900s",
    }
    chaos_mesh.set_clock_right(cluster(own), SERVER)
    chaos_mesh.set_clock_right(cluster(own), SERVER)
    assert own.made is None


def test_without_chaos_mesh_nothing_is_made() -> None:
    own = Recorded(installed=False)
    with pytest.raises(ClusterRefused, match=r"^context gra: Chaos Mesh is not installed$"):
        chaos_mesh.set_clock_ahead(cluster(own), SERVER, 90, 900)
    assert own.made is None


def test_what_is_not_injected_or_not_let_go_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chaos_mesh, "_SEEN_WITHIN_S", 0.3)
    with pytest.raises(ClusterRefused, match=r"vitals/zweitherz-clock-ahead: Chaos Mesh says AllInjected False after"):
        chaos_mesh.set_clock_ahead(cluster(Recorded(injects=False)), SERVER, 90, 900)
    own = Recorded(lets_go=False)
    chaos_mesh.set_clock_ahead(cluster(own), SERVER, 90, 900)
    with pytest.raises(ClusterRefused, match="Chaos Mesh says"):
        chaos_mesh.set_clock_right(cluster(own), SERVER)


@pytest.mark.lab
@pytest.mark.parametrize("site", ["fra", "gra"])
def test_servers_show_a_clock_that_is_ahead_until_another_machine_sets_it_right(own: RunningLab, site: str) -> None:
    lab, other = driver(own), driver(own)
    assert lab.lacks("deploy", "clock-ahead") == ""
    lab.deploy(site, "clock-ahead")
    assert all(80 < each["clock_s"] < 100 for each in lab.deployed(site))
    other.deploy(site, "as-it-should-be")
    assert all(abs(each["clock_s"]) < 5 for each in other.deployed(site))
    assert chaos_mesh.installed(other.cluster(site))


@pytest.mark.lab
def test_doctor_asks_discovery(own: RunningLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chaos_mesh, "_PLURAL", "clockchaos")  # a kind that this cluster does not have
    remarks = {each.subject: each for each in examine_target(own.target)}
    assert remarks["Chaos Mesh fra"].found == "Chaos Mesh is not installed in context fra"
    assert remarks["Chaos Mesh fra"].level == "missing"
