"""Every action and probe of chaostoolkit-kubernetes that a drill uses, against a real lab."""

from __future__ import annotations

import pytest
from chaosk8s.deployment.actions import scale_deployment
from chaosk8s.deployment.probes import (
    deployment_available_and_healthy,
    deployment_fully_available,
    deployment_not_fully_available,
)
from chaosk8s.networking.actions import (
    deny_all_egress,
    deny_all_ingress,
    remove_deny_all_egress,
    remove_deny_all_ingress,
)
from chaosk8s.node.actions import cordon_node, drain_nodes, uncordon_node
from chaosk8s.pod.actions import terminate_pods
from chaosk8s.pod.probes import count_pods, pods_in_conditions, pods_in_phase, read_pod_logs
from chaosk8s.statefulset.actions import scale_statefulset
from chaosk8s.statefulset.probes import statefulset_fully_available
from chaoslib.exceptions import ActivityFailed
from kubernetes.config import kube_config

from tests.lab.kubernetes.speaking import SpeakingLab, eventually

pytestmark = pytest.mark.lab

_FRA, _GRA = {"KUBERNETES_CONTEXT": "fra"}, {"KUBERNETES_CONTEXT": "gra"}


@pytest.fixture(autouse=True)
def _kubeconfig(speaking: SpeakingLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(speaking.kubeconfig))
    # the client reads that variable once, when it is imported: a drill's own process has it from its first moment on
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(speaking.kubeconfig))


def test_pods_are_terminated(speaking: SpeakingLab) -> None:
    pids = speaking.pids()
    ended = terminate_pods(label_selector="app=vitals", all=True, grace_period=0, ns="vitals", secrets=_FRA)
    assert len(ended) == 2
    eventually(lambda: not set(ended) & set(speaking.pods("vitals")) and speaking.ready("vitals") == 2)
    assert all(pids[name] != speaking.pids()[name] for name in ("fra/vitals0", "fra/vitals1"))
    assert terminate_pods(label_selector="app=vitlas", all=True, ns="vitals", secrets=_FRA) == []


def test_a_deployment_is_scaled_down_and_up(speaking: SpeakingLab) -> None:
    scale_deployment("vitals", 1, ns="vitals", secrets=_FRA)
    eventually(lambda: count_pods("app=vitals", ns="vitals", secrets=_FRA) == 1)
    assert "fra/vitals1" not in speaking.pids()
    scale_deployment("vitals", 2, ns="vitals", secrets=_FRA)
    assert deployment_fully_available("vitals", ns="vitals", secrets=_FRA)
    assert deployment_available_and_healthy("vitals", ns="vitals", secrets=_FRA)
    assert deployment_not_fully_available("vitals", ns="vitals", secrets=_GRA), "the mirror's servers are not ready"
    assert pods_in_phase("app=vitals", ns="vitals", secrets=_FRA)
    assert pods_in_conditions("app=vitals", [{"type": "Ready", "status": "True"}], ns="vitals", secrets=_FRA)
    assert all(
        "started" in log for log in read_pod_logs(label_selector="app=vitals", ns="vitals", secrets=_FRA).values()
    )


def test_a_mirror_s_database_is_scaled_to_none_and_back(speaking: SpeakingLab) -> None:
    scale_statefulset("postgres", 0, ns="vitals", secrets=_GRA)
    try:
        # its process ends a moment before its pod has gone: until then there is one that has failed, as in a real cluster
        eventually(lambda: not speaking.pods("postgres", "gra"))
        assert "gra/postgres" not in speaking.pids("gra")
        with pytest.raises(ActivityFailed, match="no pods"):
            pods_in_phase("app=postgres", ns="vitals", secrets=_GRA)
    finally:
        scale_statefulset("postgres", 1, ns="vitals", secrets=_GRA)
    assert statefulset_fully_available("postgres", ns="vitals", secrets=_GRA)
    databases = speaking.control.call("status")["databases"]
    assert (databases["fra"]["mirror"], databases["gra"]["role"]) == ("gra", "mirror")


def test_a_node_is_cordoned_drained_and_uncordoned(speaking: SpeakingLab) -> None:
    assert cordon_node(name="gra-node-1", secrets=_GRA) == ["gra-node-1"]
    assert uncordon_node(name="gra-node-1", secrets=_GRA) == ["gra-node-1"]
    drained = drain_nodes(name="gra-node-0", delete_pods_with_local_storage=True, secrets=_GRA)
    assert drained == ["gra-node-0"]
    pods = speaking.core("gra").list_pod_for_all_namespaces().items
    assert {pod.spec.node_name for pod in pods} == {"gra-node-1"}
    uncordon_node(name="gra-node-0", secrets=_GRA)
    eventually(lambda: speaking.ready("postgres", "gra") == 1)


def test_traffic_is_denied_when_both_directions_are(speaking: SpeakingLab) -> None:
    def linked() -> bool:
        return bool(speaking.control.call("status")["sites"]["gra"]["linked"])

    deny_all_ingress(ns="vitals", secrets=_GRA)
    assert linked()
    deny_all_egress(ns="vitals", secrets=_GRA)
    assert not linked()
    remove_deny_all_ingress(ns="vitals", secrets=_GRA)
    assert linked()
    remove_deny_all_egress(ns="vitals", secrets=_GRA)
    assert linked()
