"""What the API servers show and do while sites are lost, taken over and healed. Each test has a lab of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import launch
from lab.model import Options
from tests.lab.kubernetes.speaking import SpeakingLab, eventually
from tests.lab.running import RunningLab

pytestmark = pytest.mark.lab


def node_conditions(lab: SpeakingLab, site: str) -> set[str]:
    return {node.status.conditions[0].status for node in lab.core(site).list_node().items}


def roles(lab: SpeakingLab) -> dict[str, str]:
    return {site: each["role"] for site, each in lab.control.call("status")["databases"].items()}


def declared(lab: SpeakingLab) -> bool:
    return any(line["step"] == "declare" and line["state"] == "end" for line in lab.control.call("journal")["steps"])


def test_the_api_survives_its_site_and_says_what_is_lost(state: Path) -> None:
    lab = SpeakingLab(launch.up(Options(state=state, tools=False, kubernetes=True), die_with_caller=True))
    names = set(lab.pods("vitals"))
    lab.control.call("kill", site="fra")
    assert node_conditions(lab, "fra") == {"False"}
    assert node_conditions(lab, "gra") == {"True"}
    lost = lab.pods("vitals")
    assert set(lost) == names
    assert {(pod.status.phase, pod.status.reason) for pod in lost.values()} == {("Failed", "NodeLost")}
    assert lab.ready("vitals") == 0

    # a pod that is deleted while its site is down cannot come back, and does not seem to
    lab.core().delete_namespaced_pod(min(names), "vitals", grace_period_seconds=0)
    waiting = eventually(lambda: {name: pod for name, pod in lab.pods("vitals").items() if name not in names})
    (pod,) = waiting.values()
    assert pod.status.phase == "Pending"

    eventually(lambda: lab.ready("vitals", "gra") == 2, within_s=60)
    lab.control.call("heal", site="fra")
    assert node_conditions(lab, "fra") == {"True"}
    eventually(lambda: lab.ready("postgres") == 1)
    running = lab.pods("vitals")
    assert {pod.status.phase for pod in running.values()} == {"Running"}
    assert not names & set(running), "other processes are other pods"
    assert roles(lab) == {"fra": "mirror", "gra": "primary"}


def test_a_database_whose_other_site_took_over_comes_back_as_the_mirror(state: Path) -> None:
    lab = SpeakingLab(launch.up(Options(state=state, tools=False, kubernetes=True), die_with_caller=True))
    apps = lab.apps()
    apps.patch_namespaced_stateful_set("postgres", "vitals", {"spec": {"replicas": 0}})
    eventually(lambda: not lab.pods("postgres"))
    lab.control.call("takeover", site="gra", step="promote")
    assert roles(lab) == {"fra": "down", "gra": "primary"}
    apps.patch_namespaced_stateful_set("postgres", "vitals", {"spec": {"replicas": 1}})
    eventually(lambda: lab.ready("postgres") == 1, within_s=60)
    assert roles(lab) == {"fra": "mirror", "gra": "primary"}


def test_a_denied_site_is_taken_over_and_a_healed_one_has_all_its_orders_lifted(state: Path) -> None:
    lab = SpeakingLab(launch.up(Options(state=state, tools=False, kubernetes=True), die_with_caller=True))
    deny = {"metadata": {"name": "deny-all"}, "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}
    networking = lab.networking()
    networking.create_namespaced_network_policy("vitals", deny)
    lab.apps().patch_namespaced_deployment("analysis", "vitals", {"spec": {"replicas": 0}})
    lab.core().patch_node("fra-node-1", {"spec": {"unschedulable": True}})
    eventually(lambda: declared(lab), within_s=60)

    # the site was fenced meanwhile: whoever lifts the policy does not lift the fence
    networking.delete_namespaced_network_policy("deny-all", "vitals")
    assert lab.control.call("status")["sites"]["fra"]["fenced"]
    dial = "import socket; socket.create_connection(('198.51.100.10', 443), 1); print('answers')"
    assert lab.inside("witness", lab.python, "-c", dial, check=False) == ""
    networking.create_namespaced_network_policy("vitals", deny)

    lab.control.call("heal", site="fra")
    assert networking.list_namespaced_network_policy("vitals").items == [], "it does not hold any more, so it is gone"
    assert lab.inside("witness", lab.python, "-c", dial) == "answers"
    assert lab.apps().read_namespaced_deployment("analysis", "vitals").spec.replicas == 1
    assert [node.spec.unschedulable for node in lab.core().list_node().items] == [None, None]
    assert roles(lab) == {"fra": "mirror", "gra": "primary"}


def test_a_lab_without_the_option_has_none_of_it(lab: RunningLab) -> None:
    assert not [name for name in lab.up.gates if "kubernetes" in name]
    assert not (lab.folder / "kubeconfig").exists()
    assert not list((lab.folder / "secrets").rglob("kubernetes*"))
