"""The real kubectl against a real lab: what an SRE types on the first day."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.kubernetes.speaking import SpeakingLab, eventually, needs_kubectl

pytestmark = [pytest.mark.lab, needs_kubectl]

_DENY_ALL = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: cut-off, namespace: vitals}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
"""


def test_it_lists_what_runs(speaking: SpeakingLab) -> None:
    lines = speaking.kubectl("get", "pods").splitlines()
    assert lines[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert len([line for line in lines if line.startswith("vitals-") and " 1/1 " in line and " Running " in line]) == 2
    assert "postgres-0 " in speaking.kubectl("get", "pods", context="gra")
    assert "2/2" in speaking.kubectl("get", "deployment", "vitals")
    assert "tools" in speaking.kubectl("get", "namespaces")
    everything = speaking.kubectl("get", "all", "--all-namespaces")
    for kind in (
        "pod/",
        "service/vitals",
        "deployment.apps/vitals",
        "replicaset.apps/vitals-",
        "statefulset.apps/postgres",
    ):
        assert kind in everything
    assert "SchedulingDisabled" not in speaking.kubectl("get", "nodes")
    assert "stand-in" in speaking.kubectl("version")


def test_it_describes_a_pod_and_shows_its_log(speaking: SpeakingLab) -> None:
    name = min(speaking.pods("vitals"))
    described = speaking.kubectl("describe", "pod", name)
    assert "Controlled By:  ReplicaSet/vitals-" in described
    assert "zweitherz.invalid/process-of-the-lab" in described
    assert '"event": "started"' in speaking.kubectl("logs", name)
    assert len(speaking.kubectl("logs", name, "--tail=1").splitlines()) == 1
    assert "sinceSeconds" in speaking.kubectl("logs", name, "--since=1s", check=False)


def test_scaling_and_waiting(speaking: SpeakingLab) -> None:
    speaking.kubectl("scale", "deployment", "analysis", "--replicas=0")
    speaking.kubectl("wait", "--for=jsonpath={.status.observedGeneration}", "deployment/analysis", "--timeout=30s")
    eventually(lambda: not speaking.pods("analysis"))  # its process ends a moment before its pod has gone
    assert "fra/analysis" not in speaking.pids()
    speaking.kubectl("scale", "deployment/analysis", "--replicas=1")
    speaking.kubectl("rollout", "status", "deployment/analysis", "--timeout=60s")
    speaking.kubectl("wait", "--for=condition=Ready", "pod", "-l", "app=analysis", "--timeout=60s")
    assert "fra/analysis" in speaking.pids()


def test_a_restart_replaces_every_pod(speaking: SpeakingLab) -> None:
    before, pids = set(speaking.pods("vitals")), speaking.pids()
    speaking.kubectl("rollout", "restart", "deployment/vitals")
    speaking.kubectl("rollout", "status", "deployment/vitals", "--timeout=60s")
    eventually(lambda: speaking.ready("vitals") == 2)
    assert not before & set(speaking.pods("vitals"))
    assert all(pids[name] != speaking.pids()[name] for name in ("fra/vitals0", "fra/vitals1"))


def test_deleting_a_pod_waits_for_its_end(speaking: SpeakingLab) -> None:
    name, pid = min(speaking.pods("analysis")), speaking.pids()["fra/analysis"]
    speaking.kubectl("delete", "pod", name, "--timeout=60s")
    assert name not in speaking.pods("analysis")
    assert speaking.pids().get("fra/analysis") != pid
    speaking.kubectl("rollout", "status", "deployment/analysis", "--timeout=60s")


def test_a_deleted_database_comes_back_as_what_it_was(speaking: SpeakingLab) -> None:
    pid = speaking.pids()["fra/postgres"]
    # not waited for: kubectl asks for the pod, then for the list; half a second between them (a busy machine), and it finds the
    # next pod of that name, and waits for ever
    speaking.kubectl("delete", "pod", "postgres-0", "--grace-period=0", "--force", "--wait=false")
    eventually(lambda: speaking.pids().get("fra/postgres") not in (None, pid))
    speaking.kubectl("wait", "--for=condition=Ready", "pod/postgres-0", "--timeout=60s")
    assert speaking.pids()["fra/postgres"] != pid
    roles = {site: each["role"] for site, each in speaking.control.call("status")["databases"].items()}
    assert roles == {"fra": "primary", "gra": "mirror"}, "nobody took over: it came back as what it was"


def test_a_drained_node_gives_its_pods_to_the_other_one(speaking: SpeakingLab) -> None:
    before = speaking.pids()
    moved = {pod.metadata.name for pod in speaking.pods("vitals").values() if pod.spec.node_name == "fra-node-0"}
    speaking.kubectl("drain", "fra-node-0", "--ignore-daemonsets", "--timeout=90s")
    try:
        assert "SchedulingDisabled" in speaking.kubectl("get", "node", "fra-node-0")
        eventually(lambda: speaking.ready("vitals") == 2 and speaking.ready("postgres") == 1)
        assert {pod.spec.node_name for pod in speaking.core().list_pod_for_all_namespaces().items} == {"fra-node-1"}
        assert not moved & set(speaking.pods("vitals"))
        changed = {name for name, pid in speaking.pids().items() if before[name] != pid}
        assert changed, "their processes were ended and started again"
    finally:
        speaking.kubectl("uncordon", "fra-node-0")


def test_without_a_node_that_takes_pods_a_deleted_one_waits(speaking: SpeakingLab) -> None:
    speaking.kubectl("cordon", "fra-node-0", "fra-node-1")
    try:
        speaking.kubectl("delete", "pod", "-l", "app=analysis", "--timeout=60s")
        eventually(
            lambda: (
                speaking.kubectl("get", "pods", "-l", "app=analysis", "-o", "jsonpath={.items[*].status.phase}")
                == "Pending"
            )
        )
        assert "fra/analysis" not in speaking.pids()
    finally:
        speaking.kubectl("uncordon", "fra-node-0", "fra-node-1")
    speaking.kubectl("wait", "--for=condition=Ready", "pod", "-l", "app=analysis", "--timeout=60s")
    assert "fra/analysis" in speaking.pids()


def test_an_applied_policy_cuts_the_site_off_until_it_is_deleted(speaking: SpeakingLab, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(_DENY_ALL)

    def linked() -> bool:
        return bool(speaking.control.call("status")["sites"]["gra"]["linked"])

    assert "created" in speaking.kubectl("apply", "-f", str(file), context="gra")
    try:
        assert not linked()
        assert "unchanged" in speaking.kubectl("apply", "-f", str(file), context="gra")
        file.write_text(_DENY_ALL.replace("[Ingress, Egress]", "[Ingress]"))
        assert "configured" in speaking.kubectl("apply", "-f", str(file), context="gra")
        assert linked(), "one direction alone drops nothing"
    finally:
        speaking.kubectl("delete", "-f", str(file), context="gra")
    assert linked()


def test_who_may_only_look_is_told_so(speaking: SpeakingLab) -> None:
    assert speaking.kubectl("auth", "can-i", "delete", "pods").strip() == "yes"
    assert "no" in speaking.kubectl("auth", "can-i", "delete", "pods", context="fra-read-only", check=False)
    said = speaking.kubectl("scale", "deployment/vitals", "--replicas=0", context="fra-read-only", check=False)
    assert "Forbidden" in said or "forbidden" in said
    assert speaking.ready("vitals") == 2
