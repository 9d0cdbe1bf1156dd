"""Every document follows the schemas of the three newest Kubernetes minors, and one that does not is seen."""

from __future__ import annotations

import copy
import json

import pytest

from tests.deploy.kubernetes.manifests import FOLDER, Document, one, plain, read
from tests.deploy.kubernetes.schemas import fault, newest_minors

MINORS = newest_minors()


def faults(documents: list[Document], minor: str) -> dict[str, str]:
    """By document; what both sites have in common is judged once."""
    different = {json.dumps(each, sort_keys=True): each for each in documents}.values()
    found = {f"{each['kind']}/{each['metadata']['name']}": fault(each, minor) for each in different}
    return {name: why for name, why in found.items() if why}


def test_three_minors_are_known() -> None:
    assert len(MINORS) == 3
    assert MINORS[-1] >= "1.37"


@pytest.mark.parametrize("minor", MINORS)
def test_every_file_follows_the_schemas(minor: str) -> None:
    """Without kustomize: also where kubectl is absent."""
    documents = plain()
    assert len(documents) > 60
    assert faults(documents, minor) == {}


@pytest.mark.parametrize("minor", MINORS)
def test_every_document_of_both_sites_follows_the_schemas(built: dict[str, list[Document]], minor: str) -> None:
    assert {site: len(documents) > 80 for site, documents in built.items()} == {"fra": True, "gra": True}
    assert faults([each for documents in built.values() for each in documents], minor) == {}


@pytest.mark.parametrize("minor", MINORS)
@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("spec", "replica"), 2, "'replica' was unexpected"),
        (("spec", "replicas"), "two", "'two' is not of type"),
        (("spec", "template", "spec", "containers", 0, "securityContext", "runAsNonroot"), True, "'runAsNonroot'"),
        (("spec", "template", "spec", "containers", 0, "livenessProbe", "httpGet", "port"), [1], "[1] is not valid"),
    ],
)
def test_a_bad_document_is_refused(minor: str, path: tuple[str | int, ...], value: object, said: str) -> None:
    bad = copy.deepcopy(one(plain(), "Deployment", "vitals"))
    at = bad
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    assert said in fault(bad, minor)


def test_a_kind_that_nobody_knows_is_refused() -> None:
    assert "schema for kind Deploymant" in fault({"apiVersion": "apps/v1", "kind": "Deploymant"}, MINORS[-1])
    assert "schema for kind Deployment" in fault({"apiVersion": "apps/v1beta1", "kind": "Deployment"}, MINORS[-1])


def test_no_manifest_contains_a_secret() -> None:
    for path in FOLDER.rglob("*.yaml"):
        if "made" not in path.parts:
            assert "Secret" not in [document["kind"] for document in read(path.read_text())], path
