"""What the service account of a drill may do, to the letter, and that who only looks can change nothing."""

from __future__ import annotations

from itertools import product

import pytest

from chaos.drivers.kubernetes.access import needed
from tests.deploy.kubernetes.manifests import FOLDER, Document, read

LOOK = ("get", "list", "watch")
DRILL = {
    *product(("pods", "deployments", "statefulsets", "services", "endpoints"), LOOK),
    *product(("deployments", "statefulsets"), ("patch",)),
    ("pods", "delete"),
    ("pods/eviction", "create"),
    *product(("networkpolicies",), ("create", "delete", "list", "patch")),
    *product(("resourcequotas",), ("create", "delete", "list")),
    *product(("timechaos", "networkchaos", "iochaos"), ("create", "delete", "get")),
}
VIEWER = set(product(("pods", "deployments", "statefulsets", "services", "endpoints"), LOOK))
ASKS = ("selfsubjectaccessreviews", "create")
GROUPS = {
    **dict.fromkeys(("pods", "pods/eviction", "services", "endpoints", "nodes", "resourcequotas"), ""),
    **dict.fromkeys(("deployments", "statefulsets"), "apps"),
    "networkpolicies": "networking.k8s.io",
    **dict.fromkeys(("timechaos", "networkchaos", "iochaos"), "chaos-mesh.org"),
    "selfsubjectaccessreviews": "authorization.k8s.io",
}
DOCUMENTS = [
    document
    for path in sorted((FOLDER / "drill").glob("*.yaml"))
    if path.name != "kustomization.yaml"
    for document in read(path.read_text())
]


def find(kind: str, name: str, namespace: str | None = None) -> Document:
    (found,) = (
        each
        for each in DOCUMENTS
        if each["kind"] == kind and each["metadata"]["name"] == name and each["metadata"].get("namespace") == namespace
    )
    return found


def allowed(role: Document) -> set[tuple[str, str]]:
    """(resource, verb); every resource in its own group, and none by a star."""
    found = set()
    for rule in role["rules"]:
        (group,) = rule["apiGroups"]
        for resource, verb in product(rule["resources"], rule["verbs"]):
            assert GROUPS[resource] == group
            assert (resource, verb) not in found, "said twice"
            found.add((resource, verb))
    return found


@pytest.mark.parametrize("namespace", ["vitals", "tools"])
def test_a_drill_may_do_what_it_needs_in_the_namespaces(namespace: str) -> None:
    assert allowed(find("Role", "drill", namespace)) == DRILL
    assert allowed(find("Role", "viewer", namespace)) == VIEWER


def test_the_driver_needs_nothing_that_the_role_does_not_give() -> None:
    every = {access for accesses in needed(by_chaos_mesh=True).values() for access in accesses}
    assert {(each.resource, each.verb) for each in every if each.in_namespace} <= DRILL
    of_cluster = {(each.resource, each.verb) for each in every if not each.in_namespace}
    assert of_cluster <= allowed(find("ClusterRole", "zweitherz-drill"))


def test_what_belongs_to_no_namespace() -> None:
    nodes = {*product(("nodes",), LOOK)}
    assert allowed(find("ClusterRole", "zweitherz-drill")) == {*nodes, ("nodes", "patch"), ASKS}
    assert allowed(find("ClusterRole", "zweitherz-viewer")) == {*nodes, ASKS}


def test_every_role_is_bound_to_its_account_and_to_nobody_else() -> None:
    for who in ("drill", "viewer"):
        assert find("ServiceAccount", who, "vitals")["automountServiceAccountToken"] is False
        bindings = [find("RoleBinding", who, space) for space in ("vitals", "tools")]
        bindings.append(find("ClusterRoleBinding", f"zweitherz-{who}"))
        for binding in bindings:
            assert binding["subjects"] == [{"kind": "ServiceAccount", "name": who, "namespace": "vitals"}]
            of_cluster = binding["kind"] == "ClusterRoleBinding"
            assert binding["roleRef"]["kind"] == ("ClusterRole" if of_cluster else "Role")
            assert binding["roleRef"]["name"] == (f"zweitherz-{who}" if of_cluster else who)
    assert len(DOCUMENTS) == 2 + 8 + 4


def test_no_secret_can_be_read() -> None:
    named = {resource for each in DOCUMENTS if "Role" in each["kind"] for rule in each.get("rules", [])
             for resource in rule["resources"]}  # fmt: skip
    assert not named & {"secrets", "configmaps", "pods/exec", "pods/log", "*"}
