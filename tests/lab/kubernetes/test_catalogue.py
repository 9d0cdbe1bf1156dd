"""What a client learns about what there is."""

from __future__ import annotations

from lab.kubernetes import catalogue, openapi


def test_discovery_names_every_resource_with_its_verbs() -> None:
    core = catalogue.resources("", "v1")
    assert core is not None
    pods = next(each for each in core["resources"] if each["name"] == "pods")
    assert pods["verbs"] == ["get", "list", "watch", "patch", "update", "delete", "deletecollection"]
    assert pods["shortNames"] == ["po"]
    groups = [each["name"] for each in catalogue.groups()["groups"]]
    assert groups == [
        "apps",
        "networking.k8s.io",
        "chaos-mesh.org",
        "policy",
        "discovery.k8s.io",
        "authorization.k8s.io",
    ]
    for group in groups:
        found = catalogue.group(group)
        assert found is not None
        assert found["preferredVersion"]["version"] == ("v1alpha1" if group == "chaos-mesh.org" else "v1")
        assert catalogue.resources(group, found["preferredVersion"]["version"]) is not None
    mesh = catalogue.resources("chaos-mesh.org", "v1alpha1")
    assert mesh is not None
    assert {each["name"]: each["kind"] for each in mesh["resources"]} == {
        "timechaos": "TimeChaos",
        "networkchaos": "NetworkChaos",
        "iochaos": "IOChaos",
    }
    assert catalogue.group("") is None
    assert catalogue.group("batch") is None
    assert catalogue.resources("apps", "v2") is None


def test_openapi_says_of_what_can_be_applied_that_the_server_checks_its_fields() -> None:
    paths = openapi.index()["paths"]
    assert "apis/networking.k8s.io/v1" in paths
    for path in paths:
        assert openapi.document(path) is not None
    document = openapi.document("apis/networking.k8s.io/v1")
    assert document is not None
    (patch,) = (each["patch"] for each in document["paths"].values())
    assert patch["x-kubernetes-group-version-kind"]["kind"] == "NetworkPolicy"
    assert [each["name"] for each in patch["parameters"]] == ["fieldValidation"]
    assert openapi.document("apis/batch/v1") is None
