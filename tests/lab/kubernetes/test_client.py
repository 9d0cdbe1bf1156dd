"""The official Python client against a real lab: what it reads is what runs, what it orders happens."""

from __future__ import annotations

import json
import stat
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from kubernetes import client
from typer.testing import CliRunner

from lab.commands import app
from tests.lab.kubernetes.speaking import SpeakingLab, eventually, refused

pytestmark = pytest.mark.lab


def test_nodes_and_pods_are_the_lab_s_sites_and_processes(speaking: SpeakingLab) -> None:
    for site, address in (("fra", "198.51.100.10"), ("gra", "203.0.113.10")):
        core, pids = speaking.core(site), speaking.pids(site)
        nodes = core.list_node().items
        assert [node.metadata.name for node in nodes] == [f"{site}-node-0", f"{site}-node-1"]
        assert {each.type: each.status for node in nodes for each in node.status.conditions} == {"Ready": "True"}
        pods = core.list_pod_for_all_namespaces().items
        assert len(pods) == len(pids) - 1, "every process of the site but the runbook's is a pod"
        assert {pod.status.phase for pod in pods} == {"Running"}
        assert {pod.status.pod_ip for pod in pods if pod.metadata.namespace == "vitals"} == {address}
    assert speaking.ready("vitals") == 2
    assert speaking.ready("vitals", "gra") == 0, (
        "a database that is a mirror takes no uploads: its readiness page says so"
    )
    assert speaking.ready("postgres", "gra") == 1


def test_deployments_say_how_many_are_wanted_and_ready(speaking: SpeakingLab) -> None:
    shown = {each.metadata.name: each for each in speaking.apps().list_namespaced_deployment("vitals").items}
    assert sorted(shown) == ["analysis", "balancer", "vitals"]
    vitals = shown["vitals"]
    assert (vitals.spec.replicas, vitals.status.ready_replicas, vitals.status.available_replicas) == (2, 2, 2)
    (stateful,) = speaking.apps().list_namespaced_stateful_set("vitals").items
    assert (stateful.metadata.name, stateful.spec.replicas, stateful.status.ready_replicas) == ("postgres", 1, 1)
    owners = {pod.metadata.owner_references[0].name for pod in speaking.pods("vitals").values()}
    sets = speaking.apps().list_namespaced_replica_set("vitals", label_selector="app=vitals").items
    assert owners == {each.metadata.name for each in sets}


def test_a_deployment_that_is_scaled_to_none_has_no_process(speaking: SpeakingLab) -> None:
    apps = speaking.apps()
    before = speaking.pids()
    apps.patch_namespaced_deployment("vitals", "vitals", {"spec": {"replicas": 0}})
    eventually(lambda: not speaking.pods("vitals"))
    assert set(before) - set(speaking.pids()) == {"fra/vitals0", "fra/vitals1"}
    apps.patch_namespaced_deployment_scale("vitals", "vitals", {"spec": {"replicas": 2}})
    eventually(lambda: speaking.ready("vitals") == 2)
    assert set(speaking.pids()) == set(before)


def test_more_pods_than_the_lab_has_room_for_wait(speaking: SpeakingLab) -> None:
    apps = speaking.apps()
    apps.patch_namespaced_deployment("vitals", "vitals", {"spec": {"replicas": 3}})
    try:
        eventually(lambda: len(speaking.pods("vitals")) == 3)
        phases = sorted(each.status.phase for each in speaking.pods("vitals").values())
        assert phases == ["Pending", "Running", "Running"]
        assert apps.read_namespaced_deployment("vitals", "vitals").status.ready_replicas == 2
    finally:
        apps.patch_namespaced_deployment("vitals", "vitals", {"spec": {"replicas": 2}})
    eventually(lambda: len(speaking.pods("vitals")) == 2)


@pytest.mark.parametrize("grace", [0, 10])
def test_a_deleted_pod_is_an_ended_process_and_another_takes_its_place(speaking: SpeakingLab, grace: int) -> None:
    before, pids = speaking.pods("vitals"), speaking.pids()
    name = min(before)
    speaking.core().delete_namespaced_pod(name, "vitals", grace_period_seconds=grace)
    eventually(lambda: name not in speaking.pods("vitals") and speaking.ready("vitals") == 2)
    after = speaking.pods("vitals")
    assert len(set(before) & set(after)) == 1
    now = speaking.pids()
    assert len([each for each in ("fra/vitals0", "fra/vitals1") if pids[each] != now[each]]) == 1
    log = (speaking.folder / "logs/init.log").read_text()
    assert "vitals0: ended with code" not in log, "the order's own replacement, not the init's restart"


def test_a_process_that_its_init_starts_again_is_the_same_pod(speaking: SpeakingLab) -> None:
    before = speaking.pods("analysis")
    speaking.control.call("service", name="fra/analysis", state="killed")
    shown = eventually(
        lambda: next(
            each
            for each in speaking.pods("analysis").values()
            if each.status.container_statuses[0].restart_count == 1 or not speaking.ready("analysis")
        )
    )
    assert {shown.metadata.name} == set(before)
    eventually(lambda: speaking.ready("analysis") == 1)
    assert set(speaking.pods("analysis")) == set(before)


def test_the_read_only_account_looks_and_is_refused_every_action(speaking: SpeakingLab) -> None:
    reader = "fra-read-only"
    assert speaking.ready("vitals", reader) == 2
    pids, name = speaking.pids(), next(iter(speaking.pods("vitals", reader)))
    core, apps, networking = speaking.core(reader), speaking.apps(reader), speaking.networking(reader)
    none: dict[str, Any] = {"spec": {"replicas": 0}}
    for call in (
        lambda: core.delete_namespaced_pod(name, "vitals"),
        lambda: core.create_namespaced_pod_eviction(name, "vitals", {"metadata": {"name": name}}),
        lambda: core.delete_collection_namespaced_pod("vitals"),
        lambda: core.patch_node("fra-node-0", {"spec": {"unschedulable": True}}),
        lambda: apps.patch_namespaced_deployment("vitals", "vitals", none),
        lambda: apps.patch_namespaced_stateful_set_scale("postgres", "vitals", none),
        lambda: networking.create_namespaced_network_policy("vitals", deny_all()),
        lambda: core.read_namespaced_secret("token-key", "vitals"),
    ):
        answer = refused(call)
        assert answer.status == 403
        assert json.loads(answer.body)["reason"] == "Forbidden"
        assert "system:serviceaccount:vitals:drill-read-only" in json.loads(answer.body)["message"]
    assert speaking.pids() == pids


@pytest.mark.parametrize(("context", "may"), [("fra", True), ("fra-read-only", False)])
def test_an_account_can_ask_what_it_may(speaking: SpeakingLab, context: str, may: bool) -> None:
    api = client.AuthorizationV1Api(speaking.api(context))

    def allowed(verb: str, resource: str, group: str = "", namespace: str = "vitals") -> bool:
        attributes = {"verb": verb, "resource": resource, "group": group, "namespace": namespace}
        answer = api.create_self_subject_access_review({"spec": {"resourceAttributes": attributes}})
        return bool(answer.status.allowed)

    assert allowed("list", "pods")
    assert allowed("delete", "pods") is may
    assert allowed("patch", "deployments", "apps") is may
    assert allowed("create", "networkpolicies", "networking.k8s.io") is may
    assert not allowed("delete", "pods", namespace="somebody-else-s")
    assert not allowed("get", "secrets")


def test_nobody_without_a_token_is_answered_and_no_token_is_in_any_log(speaking: SpeakingLab) -> None:
    url = f"https://127.0.0.1:{speaking.up.gates['kubernetes-fra']}/api/v1/nodes"
    for headers in ({}, {"Authorization": "Bearer somebody"}, {"Authorization": "Bearer "}):
        answer = requests.get(url, headers=headers, verify=str(speaking.folder / "ca.pem"), timeout=10)
        assert (answer.status_code, answer.json()["reason"]) == (401, "Unauthorized")
    assert stat.S_IMODE(speaking.kubeconfig.stat().st_mode) == 0o600
    tokens = [each.read_text() for each in (speaking.folder / "secrets/access").glob("kubernetes.*")]
    assert len(tokens) == 2
    for token in tokens:
        found = subprocess.run(
            ["grep", "-rl", "-e", token, str(speaking.folder / "logs")], capture_output=True, check=False
        )
        assert found.returncode == 1, found.stdout


def test_secrets_have_names_and_nothing_else(speaking: SpeakingLab) -> None:
    secrets = speaking.core().list_namespaced_secret("vitals").items
    assert "token-key" in {each.metadata.name for each in secrets}
    assert {each.data for each in secrets} == {None}


def deny_all(**spec: Any) -> dict[str, Any]:
    whole = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], **spec}
    return {"metadata": {"name": "deny-all"}, "spec": whole}


def linked(speaking: SpeakingLab) -> bool:
    return bool(speaking.control.call("status")["sites"]["gra"]["linked"])


@pytest.fixture
def denying(speaking: SpeakingLab, healed_afterwards: None) -> Iterator[client.NetworkingV1Api]:
    """For policies at gra, which are gone afterwards."""
    networking = speaking.networking("gra")
    yield networking
    for each in networking.list_namespaced_network_policy("vitals").items:
        networking.delete_namespaced_network_policy(each.metadata.name, "vitals")


def test_a_deny_all_policy_takes_the_site_s_links_down_and_its_removal_up_again(
    speaking: SpeakingLab, denying: client.NetworkingV1Api
) -> None:
    dial = (
        speaking.python,
        "-c",
        "import socket; socket.create_connection(('203.0.113.10', 443), 1); print('answers')",
    )
    assert speaking.inside("witness", *dial) == "answers"
    denying.create_namespaced_network_policy("vitals", deny_all())
    assert not linked(speaking)
    assert speaking.inside("witness", *dial, check=False) == ""
    assert len(speaking.core("gra").list_node().items) == 2, "the API belongs to the provider and can still be reached"
    assert refused(lambda: denying.create_namespaced_network_policy("vitals", deny_all())).status == 409
    denying.delete_namespaced_network_policy("deny-all", "vitals")
    assert linked(speaking)
    assert speaking.inside("witness", *dial) == "answers"


@pytest.mark.parametrize(
    ("policy", "namespace"),
    [
        (deny_all(podSelector={"matchLabels": {"app": "vitlas"}}), "vitals"),  # a slip of the pen matches nothing
        (deny_all(policyTypes=["Ingress"]), "vitals"),
    ],
)
def test_a_policy_that_matches_nothing_or_denies_one_way_has_no_effect(
    speaking: SpeakingLab, policy: dict[str, Any], namespace: str
) -> None:
    networking = speaking.networking("gra")
    networking.create_namespaced_network_policy(namespace, policy)
    try:
        assert [each.metadata.name for each in networking.list_namespaced_network_policy("vitals").items] == [
            "deny-all"
        ]
        assert linked(speaking)
    finally:
        networking.delete_namespaced_network_policy("deny-all", "vitals")


def test_what_another_policy_allows_is_not_denied(speaking: SpeakingLab, denying: client.NetworkingV1Api) -> None:
    both = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]}
    denying.create_namespaced_network_policy("vitals", {"metadata": {"name": "for-now"}, "spec": both})
    _, _, headers = denying.create_namespaced_network_policy_with_http_info("vitals", deny_all())
    assert "another policy allows it" in headers["warning"]
    assert linked(speaking)
    denying.patch_namespaced_network_policy("for-now", "vitals", {"spec": {"egress": None}})
    assert linked(speaking), "one direction denied alone drops nothing here"
    denying.delete_namespaced_network_policy("for-now", "vitals")
    assert not linked(speaking)
    denying.delete_namespaced_network_policy("deny-all", "vitals")
    assert linked(speaking)


def test_everything_but_the_other_site_s_private_address_takes_the_private_link_alone(
    speaking: SpeakingLab, denying: client.NetworkingV1Api
) -> None:
    def link() -> str:
        return str(speaking.control.call("status")["links"]["private"])

    peer = [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.77.0.1/32"]}}]
    one_way = deny_all(ingress=[{}], egress=[{"to": peer}])
    denying.create_namespaced_network_policy("vitals", one_way)
    assert (link(), linked(speaking)) == ("one-way", True)
    assert speaking.control.call("round-trip")["round_trip_ms"] is None
    denying.patch_namespaced_network_policy("deny-all", "vitals", {"spec": {"ingress": [{"from": peer}]}})
    assert (link(), linked(speaking)) == ("down", True)
    denying.delete_namespaced_network_policy("deny-all", "vitals")
    assert link() == "up"
    assert speaking.control.call("round-trip")["round_trip_ms"] is not None


@pytest.mark.parametrize(
    ("policy", "namespace", "status"),
    [
        (deny_all(podSelector={"matchLabels": {"app": "vitals"}}), "vitals", 501),
        (deny_all(egress=[{"ports": [{"port": 53}]}]), "vitals", 501),
        (deny_all(egress=[{"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["203.0.113.10/32"]}}]}]), "vitals", 501),
        (deny_all(), "tools", 501),
        (deny_all(), "nowhere", 404),
    ],
)
def test_a_policy_that_is_not_stood_in_for_is_refused(
    speaking: SpeakingLab, policy: dict[str, Any], namespace: str, status: int
) -> None:
    networking = speaking.networking("gra")
    assert refused(lambda: networking.create_namespaced_network_policy(namespace, policy)).status == status
    assert networking.list_network_policy_for_all_namespaces().items == []


def test_what_is_not_stood_in_for_is_refused_and_never_made_up(speaking: SpeakingLab) -> None:
    core, apps = speaking.core(), speaking.apps()
    image = {"spec": {"template": {"spec": {"containers": [{"name": "vitals", "image": "other"}]}}}}
    calls = {
        lambda: core.list_namespaced_config_map("vitals"): 404,
        lambda: core.create_namespaced_pod("vitals", {"metadata": {"name": "mine"}}): 405,
        lambda: apps.delete_namespaced_deployment("vitals", "vitals"): 405,
        lambda: apps.patch_namespaced_deployment("vitals", "vitals", image): 501,
        lambda: apps.patch_namespaced_deployment("vitals", "vitals", {"spec": {"replicas": 0}}, dry_run="All"): 501,
        lambda: apps.patch_namespaced_deployment("vitals", "vitals", {"spec": {"replicas": -1}}): 422,
        lambda: core.read_namespaced_pod("nobody", "vitals"): 404,
    }
    for call, status in calls.items():
        answer = refused(call)
        assert answer.status == status
        assert json.loads(answer.body)["kind"] == "Status"
        assert "stand-in" in {name.lower() for name in answer.headers}
    assert speaking.ready("vitals") == 2


def test_what_a_drill_that_died_has_ordered_is_over_with_its_lease(speaking: SpeakingLab) -> None:
    speaking.networking("gra").create_namespaced_network_policy("vitals", deny_all())
    speaking.apps().patch_namespaced_deployment("analysis", "vitals", {"spec": {"replicas": 0}})
    speaking.core().patch_node("fra-node-0", {"spec": {"unschedulable": True}})
    lapsed = len(speaking.control.call("lease", holder="test", ttl_s=1)["lapsed"])
    eventually(lambda: len(speaking.control.call("lease")["lapsed"]) > lapsed, within_s=180)  # heals a site
    assert linked(speaking)
    assert speaking.networking("gra").list_network_policy_for_all_namespaces().items == []
    assert not speaking.core().read_node("fra-node-0").spec.unschedulable
    eventually(lambda: speaking.ready("analysis") == 1)
    eventually(lambda: speaking.control.call("status")["databases"]["fra"]["mirror"] == "gra", within_s=60)


def test_who_asks_how_the_lab_is_learns_what_to_point_kubectl_at(speaking: SpeakingLab) -> None:
    said = CliRunner().invoke(app, ["status", "--state", str(speaking.folder)]).output
    assert f"KUBECONFIG={speaking.kubeconfig} kubectl --context fra get pods" in said.replace("\n", "")
    assert "stand-in" in said
