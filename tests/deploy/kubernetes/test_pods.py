"""What every pod is allowed, what it is asked, and what it is told: compared with the services' own code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.routing import Route

from lab import model, pki
from lab.analysis.app import Analysis
from lab.analysis.settings import Settings as AnalysisSettings
from lab.services import granian
from lab.telemetry import app as telemetry
from lab.telemetry.settings import Settings as TelemetrySettings
from lab.vitals import app as vitals
from tests.deploy.kubernetes.manifests import FOLDER, HOME, SITES, Document, containers, one, plain, read, templates

OURS = "zweitherz-services:unset"
PODS = dict(templates(plain()))
SERVICES = {name: pod for name, pod in PODS.items() if pod["spec"]["containers"][0]["image"] == OURS}
PARTS = {"vitals": "main", "analysis": "main", "sentry": "tools", "matomo": "tools"}


def unsafe(template: Document) -> list[str]:
    """What of a pod is not confined as it has to be."""
    pod = template["spec"].get("securityContext", {})
    found = []
    if pod.get("runAsNonRoot") is not True or not pod.get("runAsUser"):
        found.append("pod: may be root")
    if pod.get("seccompProfile") != {"type": "RuntimeDefault"}:
        found.append("pod: no seccomp profile")
    if template["spec"].get("automountServiceAccountToken") is not False:
        found.append("pod: holds a token of the API server")
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if template["spec"].get(name):
            found.append(f"pod: {name}")
    for container in containers(template):
        own = container.get("securityContext", {})
        if own.get("readOnlyRootFilesystem") is not True:
            found.append(f"{container['name']}: may write its root file system")
        if own.get("capabilities") != {"drop": ["ALL"]}:
            found.append(f"{container['name']}: has capabilities")
        if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
            found.append(f"{container['name']}: may become more")
        if {"runAsUser", "runAsNonRoot"} & own.keys():
            found.append(f"{container['name']}: another user than the pod's")
        for kind in ("requests", "limits"):
            if not {"cpu", "memory"} <= container.get("resources", {}).get(kind, {}).keys():
                found.append(f"{container['name']}: no {kind}")
    return found


def test_there_are_all_of_them() -> None:
    assert sorted(PODS) == [
        *("Deployment/analysis", "Deployment/balancer", "Deployment/matomo", "Deployment/sentry", "Deployment/vitals"),
        *("StatefulSet/postgres", "StatefulSet/prometheus"),
    ]
    assert {name.partition("/")[2] for name in SERVICES} == set(PARTS)


def test_every_container_is_confined() -> None:
    every = [pair for path in ("main", "tools") for pair in templates(_of(path))] + list(PODS.items())
    assert len(every) > len(PODS)
    assert {name: unsafe(pod) for name, pod in every if unsafe(pod)} == {}


def test_every_container_is_confined_as_built(built: dict[str, list[Document]]) -> None:
    assert {name: unsafe(pod) for site in SITES for name, pod in templates(built[site]) if unsafe(pod)} == {}


@pytest.mark.parametrize(
    ("where", "key", "value", "said"),
    [
        ("pod", "runAsNonRoot", False, "may be root"),
        ("pod", "runAsUser", 0, "may be root"),
        ("container", "readOnlyRootFilesystem", False, "may write"),
        ("container", "capabilities", {"drop": ["ALL"], "add": ["NET_ADMIN"]}, "has capabilities"),
        ("container", "allowPrivilegeEscalation", True, "may become more"),
        ("container", "runAsUser", 0, "another user"),
    ],
)
def test_one_that_is_not_confined_is_seen(where: str, key: str, value: object, said: str) -> None:
    (pod,) = (pod for name, pod in templates(plain()) if name == "Deployment/vitals")
    at = pod["spec"] if where == "pod" else pod["spec"]["containers"][0]
    at["securityContext"][key] = value
    assert any(said in each for each in unsafe(pod))


def _of(part: str) -> list[Document]:
    """The documents of one folder: both clusters have a balancer."""
    return [document for path in (FOLDER / "base" / part).glob("*.yaml") for document in read(path.read_text())]


# arguments


@pytest.mark.parametrize("name", PARTS)
def test_services_are_started_as_in_the_lab(name: str) -> None:
    """The same flags as granian gets there; other addresses, and other places of the files."""
    pod = SERVICES[f"Deployment/{name}"]["spec"]["containers"][0]
    tls = name in ("vitals", "analysis")
    module = f"lab.{name}.app:app" if tls else f"lab.telemetry.app:{name}"
    keys = pki.keys(Path("/state")) if tls else None
    here = granian.command(module, 8443 if tls else 8080, tls=keys, websockets=name == "analysis")[1:]
    moved = {
        "127.0.0.1": "0.0.0.0",  # noqa: S104 - a pod's network is its own
        "/state/vitals.pem": "/tls/vitals.pem",
        "/state/secrets/vitals.key": "/tls/vitals.key",
    }
    flat = [part for word in pod["args"] for part in (word.split("=", 1) if word.startswith("--") else [word])]
    assert flat == [moved.get(word, word) for word in here]


@pytest.mark.parametrize("name", PARTS)
def test_a_service_is_told_what_it_reads_and_nothing_else(name: str) -> None:
    told = {each["name"] for each in SERVICES[f"Deployment/{name}"]["spec"]["containers"][0]["env"]}
    room = "telemetry" if name not in ("vitals", "analysis") else name
    text = (HOME / "lab" / room / "settings.py").read_text()
    asked = set(re.findall(r'given(?:\.get\(|\[)"(\w+)"', text))
    needed = set(re.findall(r'given\["(\w+)"\]', text)) - {"VITALS_SENTRY_KEY"}
    assert needed <= told <= asked


def test_every_file_that_a_service_is_told_of_is_mounted() -> None:
    for name, pod in SERVICES.items():
        for container in containers(pod):
            mounts = tuple(f"{each['mountPath']}" for each in container["volumeMounts"])
            words = [each.get("value", "") for each in container.get("env", [])]
            words += [word.rpartition("=")[2] for word in [*container.get("args", []), *container.get("command", [])]]
            for word in words:
                if word.startswith("/"):
                    assert word.startswith(mounts), (name, container["name"], word)


# probes


def routes(name: str) -> set[str]:
    """The GET routes of a service, from its code."""
    if name == "vitals":
        return set(vitals._ROUTES)
    if name == "analysis":
        made = Analysis(AnalysisSettings(site="fra", token_key="")).application()
    else:
        settings = TelemetrySettings("fra", Path(), 5432, Path(), "", "", "", 1)
        made = telemetry.make(settings, getattr(telemetry, f"_{name}"))
    return {route.path for route in made.routes if isinstance(route, Route) and "GET" in (route.methods or ())}


def test_every_probe_asks_a_page_that_is_there_on_a_port_that_is_named() -> None:
    pages = {name: routes(name) for name in PARTS}
    pages["prometheus"] = {"/-/ready", "/-/healthy"}  # its own
    asked = 0
    for part in ("main", "tools", "postgres"):
        for name, pod in templates(_of(part)):
            for container in pod["spec"]["containers"]:
                ports = {port["name"] for port in container.get("ports", [])}
                configuration = (FOLDER / "base" / part / "haproxy.cfg").read_text() if "balancer" in name else ""
                pages["haproxy"] = set(re.findall(r"monitor-uri (\S+)", configuration))
                for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
                    probe = container.get(kind, {})
                    for way in ("httpGet", "tcpSocket"):
                        if way in probe:
                            assert probe[way]["port"] in ports, (name, kind)
                    if "httpGet" in probe:
                        asked += 1
                        assert probe["httpGet"]["path"] in pages[container["name"]], (name, kind)
                        tls = any("--ssl-certificate" in word for word in container.get("args", []))
                        assert probe["httpGet"].get("scheme", "HTTP") == ("HTTPS" if tls else "HTTP"), (name, kind)
                assert {"livenessProbe", "readinessProbe"} <= container.keys(), name
    assert asked >= 14


def test_life_does_not_hang_on_the_database() -> None:
    """A server that is restarted because the database is away would be missing when that comes back."""
    for name in ("vitals", "sentry", "matomo"):
        probe = SERVICES[f"Deployment/{name}"]["spec"]["containers"][0]["livenessProbe"]
        assert probe.get("httpGet", {}).get("path") != "/health/ready"


# what the world outside is told


def test_names_and_ports_are_the_labs() -> None:
    main, tools = ((FOLDER / "base" / part / "haproxy.cfg").read_text() for part in ("main", "tools"))
    for name in (f"Host {model.RECORD}", f"verifyhost {model.RECORD}", f"-i analysis.{model.RECORD}"):
        assert name in main
    for name in ("sentry", "matomo", "prometheus"):
        assert f"-i {name}.{model.TOOLS_RECORD}" in tools
    host = one(plain(), "Deployment", "vitals")["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "VITALS_HOST", "value": model.RECORD} in host


def test_databases_are_on_volumes_and_nothing_else_is() -> None:
    kept = {
        name: pod["metadata"]["name"]
        for document in plain()
        if document["kind"] == "StatefulSet"
        for name, pod in [(document["metadata"]["name"], document["spec"]["volumeClaimTemplates"][0])]
    }
    assert kept == {"postgres": "data", "prometheus": "data"}


def test_replicas_stand_apart_and_are_not_evicted_together() -> None:
    documents = [*_of("main"), *_of("tools"), *_of("postgres")]
    budgets = {each["metadata"]["name"] for each in documents if each["kind"] == "PodDisruptionBudget"}
    for document in documents:
        if document["kind"] == "Deployment":
            name = document["metadata"]["name"]
            assert document["spec"]["replicas"] >= 2
            assert name in budgets
            (spread,) = document["spec"]["template"]["spec"]["topologySpreadConstraints"]
            assert spread["labelSelector"] == document["spec"]["selector"]
    assert "postgres" in budgets
