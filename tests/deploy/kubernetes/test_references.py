"""Whatever a manifest names is there, or is made by up.sh: pods, ports, configuration, secrets, accounts, volumes."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import pytest

from tests.deploy.kubernetes.manifests import FOLDER, SITES, Document, containers, one, templates

Name = tuple[str, str, str]  # namespace, kind, name
UP = (FOLDER / "up.sh").read_text()
MADE_LATER = {("vitals", "ConfigMap", "begin"), ("tools", "ConfigMap", "begin")}


def named(document: Document) -> Iterator[Name]:
    """What a document's pods need."""
    namespace = document["metadata"].get("namespace", "")
    for _, template in templates([document]):
        spec = template["spec"]
        yield namespace, "ServiceAccount", spec["serviceAccountName"]
        for volume in spec.get("volumes", []):
            for source in [volume, *volume.get("projected", {}).get("sources", [])]:
                if "configMap" in source:
                    yield namespace, "ConfigMap", source["configMap"]["name"]
                if "secret" in source:
                    yield namespace, "Secret", source["secret"].get("secretName") or source["secret"]["name"]
                if "persistentVolumeClaim" in source:
                    yield namespace, "PersistentVolumeClaim", source["persistentVolumeClaim"]["claimName"]
        volumes = {volume["name"] for volume in spec.get("volumes", [])}
        volumes |= {each["metadata"]["name"] for each in document["spec"].get("volumeClaimTemplates", [])}
        for container in containers(template):
            for mount in container.get("volumeMounts", []):
                assert mount["name"] in volumes, (document["metadata"]["name"], mount)
            for each in container.get("env", []):
                source = each.get("valueFrom", {})
                if "configMapKeyRef" in source:
                    yield namespace, "ConfigMap", source["configMapKeyRef"]["name"]
                if "secretKeyRef" in source:
                    yield namespace, "Secret", source["secretKeyRef"]["name"]


def missing(documents: list[Document]) -> set[Name]:
    there = {(each["metadata"].get("namespace", ""), each["kind"], each["metadata"]["name"]) for each in documents}
    return {name for each in documents for name in named(each)} - there - MADE_LATER


def pods_of(documents: list[Document], namespace: str, selector: Document) -> list[Document]:
    """Templates that a selector takes."""
    labels = selector.get("matchLabels", {})
    either = {each["key"]: each["values"] for each in selector.get("matchExpressions", [])}
    found = []
    for document in documents:
        for _, template in templates([document]):
            worn = template["metadata"]["labels"]
            same = labels.items() <= worn.items() and all(worn.get(key) in either[key] for key in either)
            if document["metadata"]["namespace"] == namespace and same:
                found.append(template)
    return found


@pytest.mark.parametrize("site", SITES)
def test_what_pods_need_is_there(built: dict[str, list[Document]], site: str) -> None:
    documents = built[site]
    assert len({name for each in documents for name in named(each)}) > 25
    assert missing(documents) == set()
    assert "create configmap begin" in UP


def test_what_is_not_there_is_seen(built: dict[str, list[Document]]) -> None:
    documents = [each for each in copy.deepcopy(built["fra"]) if not each["metadata"]["name"].startswith("token-key-")]
    assert {(space, kind) for space, kind, _ in missing(documents)} == {("vitals", "Secret")}


@pytest.mark.parametrize("site", SITES)
def test_every_key_that_is_taken_from_configuration_is_in_it(built: dict[str, list[Document]], site: str) -> None:
    for document in built[site]:
        for _, template in templates([document]):
            for container in containers(template):
                for each in container.get("env", []):
                    taken = each.get("valueFrom", {}).get("configMapKeyRef")
                    if taken:
                        space = document["metadata"]["namespace"]
                        assert one(built[site], "ConfigMap", taken["name"], space)["data"][taken["key"]] in SITES


@pytest.mark.parametrize("site", SITES)
def test_every_selector_takes_a_pod(built: dict[str, list[Document]], site: str) -> None:
    documents, seen = built[site], 0
    for document in documents:
        kind, spec = document["kind"], document.get("spec", {})
        namespace = document["metadata"].get("namespace", "")
        if kind in ("Deployment", "StatefulSet", "PodDisruptionBudget"):
            assert len(pods_of(documents, namespace, spec["selector"])) == 1, document["metadata"]
            seen += 1
        elif kind == "Service" and "selector" in spec:
            (pod,) = pods_of(documents, namespace, {"matchLabels": spec["selector"]})
            ports = {port["name"]: port["containerPort"] for each in containers(pod) for port in each.get("ports", [])}
            for port in spec["ports"]:
                assert port["targetPort"] in ports, document["metadata"]["name"]
                if spec.get("clusterIP") == "None":
                    assert port["port"] == ports[port["targetPort"]], "without a cluster IP nobody translates ports"
            seen += 1
        elif kind == "Service":
            assert document["metadata"]["name"] == "postgres-peer"
            slices = one(documents, "EndpointSlice", "postgres-peer", namespace)
            assert slices["metadata"]["labels"]["kubernetes.io/service-name"] == "postgres-peer"
            assert spec["clusterIP"] == "None", "in the pod nothing would be seen to go to the other site"
            assert slices["ports"] == [{key: port[key] for key in ("name", "port")} for port in spec["ports"]]
    assert seen >= 25


@pytest.mark.parametrize("site", SITES)
def test_a_stateful_set_has_its_service(built: dict[str, list[Document]], site: str) -> None:
    for document in built[site]:
        if document["kind"] == "StatefulSet":
            service = one(built[site], "Service", document["spec"]["serviceName"], document["metadata"]["namespace"])
            assert service["spec"]["clusterIP"] == "None"


def test_the_sites_lead_to_each_other(built: dict[str, list[Document]]) -> None:
    """The port of a site's nodes on which a database is reached is the one that the other site's peer service leads to."""
    for site, other in (("fra", "gra"), ("gra", "fra")):
        for space in ("vitals", "tools"):
            link = one(built[site], "Service", "postgres-link", space)["spec"]
            (port,) = link["ports"]
            (reached,) = one(built[other], "EndpointSlice", "postgres-peer", space)["ports"]
            assert port["nodePort"] == reached["port"]
            assert link["externalTrafficPolicy"] == "Local"
            pod = one(built[site], "StatefulSet", "postgres", space)["spec"]["template"]["spec"]
            for container in (*pod["initContainers"], *pod["containers"]):
                told = {each["name"]: each.get("value") for each in container["env"]}
                assert told["PEER"] == f"host=postgres-peer port={reached['port']}"
            assert pod["nodeSelector"] == {"heart.test/link": "yes"}, "only where it runs does the link lead to it"
            assert "heart.test/link=yes" in UP
    node_ports = [
        port["nodePort"]
        for each in built["fra"]
        if each["kind"] == "Service"
        for port in each["spec"]["ports"]
        if "nodePort" in port
    ]
    assert sorted(node_ports) == [30432, 30433, 30443, 30444]


def test_what_others_rely_on_is_called_so(built: dict[str, list[Document]]) -> None:
    for site in SITES:
        for name in ("vitals", "analysis", "balancer"):
            assert (
                one(built[site], "Deployment", name, "vitals")["spec"]["template"]["metadata"]["labels"]["app"] == name
            )
        assert one(built[site], "StatefulSet", "postgres", "vitals")["spec"]["template"]["metadata"]["labels"] == {
            "app": "postgres"
        }
        assert one(built[site], "Service", "vitals", "vitals")
        assert one(built[site], "Namespace", "tools")


def test_the_sites_differ_in_who_is_who_alone(built: dict[str, list[Document]]) -> None:
    def site(at: str) -> Document:
        (found,) = (
            each["data"]
            for each in built[at]
            if each["metadata"]["name"].startswith("site-") and each["metadata"]["namespace"] == "vitals"
        )
        return found  # type: ignore[no-any-return]

    assert site("fra") == {"site": "fra", "other": "gra"}
    assert site("gra") == {"site": "gra", "other": "fra"}
    secrets = [{each["metadata"]["name"] for each in built[at] if each["kind"] == "Secret"} for at in SITES]
    assert secrets[0] == secrets[1], "both sites can stand in for each other"
    assert len(secrets[0]) >= 9
