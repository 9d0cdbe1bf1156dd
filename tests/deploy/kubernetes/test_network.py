"""Who may speak to whom: nothing by default; every connection that services make is allowed at both its ends, and no other."""

from __future__ import annotations

import pytest

from tests.deploy.kubernetes.manifests import SITES, Document, one, templates
from tests.deploy.kubernetes.test_references import pods_of

DNS = 53
# from, to, port; a name is namespace/app
WANTED = {
    ("vitals/balancer", "vitals/vitals", 8443),
    ("vitals/balancer", "vitals/analysis", 8443),
    ("vitals/vitals", "vitals/postgres", 5432),
    ("vitals/vitals", "tools/balancer", 8443),
    ("tools/balancer", "tools/sentry", 8080),
    ("tools/balancer", "tools/matomo", 8080),
    ("tools/balancer", "tools/prometheus", 9090),
    ("tools/sentry", "tools/postgres", 5432),
    ("tools/matomo", "tools/postgres", 5432),
    ("tools/prometheus", "vitals/vitals", 9441),
    ("tools/prometheus", "vitals/analysis", 9461),
    ("tools/prometheus", "vitals/balancer", 9101),
}
EVERYBODY, LINK = "everybody", "private link"


def policies(documents: list[Document]) -> list[Document]:
    return [each for each in documents if each["kind"] == "NetworkPolicy"]


def apps(documents: list[Document], namespace: str, selector: Document) -> list[str]:
    return [f"{namespace}/{pod['metadata']['labels']['app']}" for pod in pods_of(documents, namespace, selector)]


def peers(documents: list[Document], own: str, rule: list[Document] | None) -> list[str]:
    """Who is meant by the `from` or `to` of a rule; kube-system is not ours."""
    if rule is None:
        return [EVERYBODY]
    found: list[str] = []
    for each in rule:
        if "ipBlock" in each:
            assert each == {"ipBlock": {"cidr": "192.0.2.0/24"}}
            found.append(LINK)
            continue
        space = each.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name", own)
        assert "podSelector" in each, "a namespace as a whole is never meant"
        found += ["kube-system"] if space == "kube-system" else apps(documents, space, each["podSelector"])
    return found


def allowed(documents: list[Document], way: str) -> set[tuple[str, str, int]]:
    """(from, to, port) as the ingress, or the egress, rules allow."""
    side = {"Ingress": "from", "Egress": "to"}[way]
    found = set()
    for policy in policies(documents):
        own = policy["metadata"]["namespace"]
        subjects = apps(documents, own, policy["spec"]["podSelector"])
        rules = policy["spec"].get(way.lower(), [])
        assert not rules or way in policy["spec"]["policyTypes"], "rules that are not in force"
        for rule in rules:
            for port in rule["ports"]:
                for peer in peers(documents, own, rule.get(side)):
                    for subject in subjects:
                        pair = (peer, subject) if way == "Ingress" else (subject, peer)
                        found.add((*pair, port["port"]))
    return found


@pytest.mark.parametrize("site", SITES)
def test_nothing_is_allowed_by_default(built: dict[str, list[Document]], site: str) -> None:
    for space in ("vitals", "tools"):
        deny = one(built[site], "NetworkPolicy", "default-deny", space)
        assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("site", SITES)
def test_every_connection_is_allowed_at_both_ends_and_no_other(built: dict[str, list[Document]], site: str) -> None:
    into, out = allowed(built[site], "Ingress"), allowed(built[site], "Egress")
    every = {f"{each['metadata']['namespace']}/{each['metadata']['name']}" for each in built[site]
             if each["kind"] in ("Deployment", "StatefulSet")}  # fmt: skip
    doors = {(EVERYBODY, f"{space}/balancer", 8443) for space in ("vitals", "tools")}
    inwards = {(LINK, f"{space}/postgres", 5432) for space in ("vitals", "tools")}
    # what goes to the tools balancer by a name is translated to its pod before it is judged: its door is open to everybody
    assert into == (WANTED - {("vitals/vitals", "tools/balancer", 8443)}) | doors | inwards
    outwards = {("vitals/postgres", LINK, 30432), ("tools/postgres", LINK, 30433), ("vitals/vitals", LINK, 30444)}
    assert out == WANTED | outwards | {(name, "kube-system", DNS) for name in every}


def test_only_databases_and_error_reports_leave_a_site(built: dict[str, list[Document]]) -> None:
    leave = {(who, port) for who, to, port in allowed(built["fra"], "Egress") if to == LINK}
    assert {who for who, _ in leave} == {"vitals/postgres", "tools/postgres", "vitals/vitals"}
    assert ("vitals/vitals", 5432) not in leave, "traffic to the database stays in the cluster"


def test_allowed_ports_are_ports_of_the_pods(built: dict[str, list[Document]]) -> None:
    listens = {
        f"{document['metadata']['namespace']}/{document['metadata']['name']}": {
            port["containerPort"] for container in pod["spec"]["containers"] for port in container.get("ports", [])
        }
        for document in built["fra"]
        for _, pod in templates([document])
    }
    for _, to, port in allowed(built["fra"], "Ingress"):
        assert port in listens[to]
