"""A drained site: its nodes are cordoned, its pods wait, and exactly those nodes come back that a drill has cordoned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from chaos.drivers.kubernetes.cluster import ClusterRefused
from chaos.drivers.kubernetes.nodes import CORDONED, Nodes
from tests.chaos.drivers.kubernetes.driven import driver, processes, serves
from tests.lab.running import RunningLab, eventually

pytestmark = pytest.mark.lab


def core(own: RunningLab, site: str = "fra") -> Any:
    return client.CoreV1Api(driver(own).cluster(site).api)


def nodes(own: RunningLab) -> dict[str, tuple[bool, bool]]:
    """Of fra, by name: cordoned, and whether it is written there that a drill did it."""
    return {
        each.metadata.name: (bool(each.spec.unschedulable), CORDONED in (each.metadata.annotations or {}))
        for each in core(own).list_node().items
    }


def phases(own: RunningLab) -> set[str]:
    return {each.status.phase for each in core(own).list_namespaced_pod("vitals").items}


@pytest.fixture(name="cordoned")
def _cordoned(own: RunningLab) -> Iterator[str]:
    """A node of fra that somebody else has cordoned."""
    core(own).patch_node("fra-node-1", {"spec": {"unschedulable": True}})
    yield "fra-node-1"
    core(own).patch_node("fra-node-1", {"spec": {"unschedulable": None}})


def test_a_drained_site_has_pods_that_wait_and_comes_back_as_it_was(own: RunningLab, cordoned: str) -> None:
    lab = driver(own)
    lab.drain_site("fra")
    assert nodes(own) == {"fra-node-0": (True, True), cordoned: (True, False)}
    assert phases(own) == {"Pending"}
    assert not {name for name in processes(own, "fra") if "runbook" not in name}
    assert not serves(own, "fra")
    with pytest.raises(ClusterRefused, match=r"pods in vitals \(limit 1\)"):
        driver(own, most_pods=1).drain_site("fra")

    other = driver(
        own
    )  # another machine may be the one that mends; here the lab's own heal comes last, and uncordons all
    assert Nodes(other.cluster("fra")).uncordon() == ["fra-node-0"]
    assert Nodes(other.cluster("fra")).uncordon() == []
    assert nodes(own) == {"fra-node-0": (False, False), cordoned: (True, False)}
    eventually(lambda: phases(own) == {"Running"})
    lab.restore_site("fra")
    assert eventually(lambda: serves(own, "fra"), 60)


def test_a_disruption_budget_that_refuses_is_named(own: RunningLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab has no budgets: the answer of a real server, https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/."""
    cause = {
        "reason": "DisruptionBudget",
        "message": "The disruption budget postgres needs 1 healthy pods and has 1 currently",
    }
    status = {"kind": "Status", "message": "Cannot evict pod as it would violate ...", "details": {"causes": [cause]}}
    real = client.CoreV1Api.create_namespaced_pod_eviction

    def create(self: Any, name: str, namespace: str, body: Any, **more: Any) -> Any:
        if name.startswith("postgres"):
            answer = SimpleNamespace(
                status=429, reason="Too Many Requests", data=json.dumps(status).encode(), headers={}, getheaders=dict
            )
            raise ApiException(http_resp=answer)
        return real(self, name, namespace, body, **more)

    lab = driver(own)
    monkeypatch.setattr(client.CoreV1Api, "create_namespaced_pod_eviction", create)
    why = (
        r"^context gra: not drained after 10 s: vitals/postgres-0 may not be evicted "
        r"\(The disruption budget postgres needs 1 healthy pods and has 1 currently\)$"
    )
    try:
        with pytest.raises(ClusterRefused, match=why):
            Nodes(lab.cluster("gra")).drain(["vitals"], off_within_s=10)
    finally:
        Nodes(lab.cluster("gra")).uncordon()
    eventually(
        lambda: {each.status.phase for each in core(own, "gra").list_namespaced_pod("vitals").items} == {"Running"}
    )
    assert eventually(lambda: lab.mirrored("gra"))


def test_a_pod_that_comes_back_to_a_cordoned_node_is_no_drained_site(
    own: RunningLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody lets a node take pods again while it is drained."""
    there = Nodes(driver(own).cluster("gra"))
    real = there.cordon

    def cordon() -> list[str]:
        names = real()
        core(own, "gra").patch_node("gra-node-0", {"spec": {"unschedulable": None}})
        return names

    monkeypatch.setattr(there, "cordon", cordon)
    with pytest.raises(ClusterRefused, match=r"^context gra: (not drained after|pods are on cordoned nodes again)"):
        there.drain(["vitals"], off_within_s=10)
    assert there.uncordon() == ["gra-node-0", "gra-node-1"]
    eventually(
        lambda: {each.status.phase for each in core(own, "gra").list_namespaced_pod("vitals").items} == {"Running"}
    )
    lab = driver(own)
    assert eventually(lambda: lab.mirrored("gra"))


def test_a_lab_without_kubernetes_says_what_is_missing(own: RunningLab) -> None:
    lab = driver(own)
    assert lab.lacks("drain_site") == ""
    assert "lab.kubernetes: true" in lab._rest.lacks("drain_site")
