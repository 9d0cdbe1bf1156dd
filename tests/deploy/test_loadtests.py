"""Locust's master and workers on Kubernetes. No cluster is here: form and arguments can be shown, a start cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client
from ruamel.yaml import YAML

HOME = Path(__file__).resolve().parent.parent.parent
FOLDER = HOME / "deploy" / "kubernetes" / "loadtests"
Document = dict[str, Any]  # YAML
KINDS = {
    "Namespace": "V1Namespace",
    "ServiceAccount": "V1ServiceAccount",
    "Service": "V1Service",
    "PersistentVolumeClaim": "V1PersistentVolumeClaim",
    "Deployment": "V1Deployment",
    "Job": "V1Job",
    "NetworkPolicy": "V1NetworkPolicy",
}


def documents() -> list[Document]:
    return [
        each
        for path in sorted(FOLDER.glob("*.yaml"))
        for each in YAML(typ="safe", pure=True).load_all(path.read_text())
    ]


def one(kind: str, name: str) -> Document:
    (found,) = (each for each in documents() if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


PODS = {"master": ("Deployment", "master"), "worker": ("Job", "workers")}


def pod(name: str) -> Document:
    spec: Document = one(*PODS[name])["spec"]["template"]["spec"]
    return spec


def understood(document: Document) -> Document:
    """What the API's own model makes of a document: a key that it does not know is gone."""
    api = client.ApiClient()
    model = api._ApiClient__deserialize(document, KINDS[document["kind"]])  # type: ignore[attr-defined] # its reader
    told: Document = api.sanitize_for_serialization(model)
    return told


def test_the_api_knows_every_key() -> None:
    assert {each["kind"] for each in documents()} == set(KINDS)
    for document in documents():
        assert understood(document) == document, document["metadata"]["name"]


def test_a_key_that_it_does_not_know_is_seen() -> None:
    job = one("Job", "workers")
    job["spec"]["parallelisme"] = 4
    assert understood(job) != job


def test_a_worker_that_dies_is_not_replaced_and_does_not_end_the_others() -> None:
    spec = one("Job", "workers")["spec"]
    assert (spec["completionMode"], spec["backoffLimitPerIndex"]) == ("Indexed", 0)
    assert "backoffLimit" not in spec, "it would end all of them"
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


def test_the_master_waits_for_as_many_workers_as_are_started() -> None:
    spec = one("Job", "workers")["spec"]
    assert spec["parallelism"] == spec["completions"]
    assert f"--expect-workers={spec['parallelism']}" in pod("master")["containers"][0]["args"]


def test_workers_find_the_master_where_it_listens() -> None:
    (arguments,) = (each["args"] for each in pod("worker")["containers"])
    service = one("Service", "master")
    assert f"--master-host={service['metadata']['name']}.{service['metadata']['namespace']}.svc" in arguments
    ports = {each["name"]: each["containerPort"] for each in pod("master")["containers"][0]["ports"]}
    assert {each["targetPort"]: each["port"] for each in service["spec"]["ports"]} == ports
    assert f"--master-port={ports['workers']}" in arguments
    assert f"--master-bind-port={ports['workers']}" in pod("master")["containers"][0]["args"]
    (rule,) = one("NetworkPolicy", "workers-to-master")["spec"]["ingress"]
    (source,) = rule["from"]
    assert source["podSelector"]["matchLabels"] == one("Job", "workers")["spec"]["template"]["metadata"]["labels"]


@pytest.mark.parametrize("name", PODS)
def test_every_pod_is_confined_and_shares_no_folder(name: str) -> None:
    spec = pod(name)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["automountServiceAccountToken"] is False
    for container in spec["containers"]:
        own = container["securityContext"]
        assert (own["readOnlyRootFilesystem"], own["allowPrivilegeEscalation"]) == (True, False)
        assert own["capabilities"] == {"drop": ["ALL"]}
        mounted = {each["name"]: each for each in container["volumeMounts"]}
        assert mounted.keys() == {each["name"] for each in spec["volumes"]}
        assert all(each.get("readOnly") for label, each in mounted.items() if label in ("given", "plan"))
    claimed = [each for each in spec["volumes"] if "persistentVolumeClaim" in each]
    assert len(claimed) == (name == "master"), "what a worker writes is its own until its master has taken it"


@pytest.mark.parametrize("name", PODS)
def test_locust_takes_every_argument(name: str) -> None:
    (arguments,) = (each["args"] for each in pod(name)["containers"])
    theirs = [each for each in arguments if not each.startswith(("--target", "--plan"))]  # those are the locustfile's
    script = f"from locust.argument_parser import get_parser; get_parser().parse_args({theirs!r}); print('taken')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "taken\n", done.stderr


def test_the_image_has_the_rooms_that_a_load_test_imports() -> None:
    text = (FOLDER / "Dockerfile").read_text()
    copied = {line.split()[1] for line in text.splitlines() if line.startswith("COPY") and "--from" not in line}
    assert copied == {"requirements.lock", "loadtests", "results", "targets"}
    ignored = (FOLDER / "Dockerfile.dockerignore").read_text().split("\n")
    for room in ("loadtests", "results", "targets"):
        folders = {path.parent.relative_to(HOME).as_posix() for path in (HOME / room).rglob("*.py")}
        needed = {each for each in folders if not each.startswith(("results/bench", "results/runs"))}
        assert {f"!{each}/*.py" for each in needed} <= set(ignored), room
