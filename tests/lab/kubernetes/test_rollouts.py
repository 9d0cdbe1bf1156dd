"""A patched template is how the servers are deployed: by the official client and by kubectl, against a real lab."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.kubernetes.speaking import SpeakingLab, eventually, needs_kubectl, refused

pytestmark = pytest.mark.lab

OLD = "zweitherz.invalid/process-of-the-lab:0.9.0"


@pytest.fixture(autouse=True)
def _as_it_should_be(speaking: SpeakingLab) -> Iterator[None]:
    yield
    for site in ("fra", "gra"):
        speaking.control.call("kubernetes", site=site)
        eventually(lambda site=site: rolled_out(speaking, site))


def secret(name: str) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"volumes": [{"name": "tls", "secret": {"secretName": name}}]}}}}


def image(name: str) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [{"name": "vitals", "image": name}]}}}}


def rolled_out(speaking: SpeakingLab, site: str) -> bool:
    shown = speaking.apps(site).read_namespaced_deployment("vitals", "vitals")
    done = shown.status.observed_generation == shown.metadata.generation
    started = [pod.status.phase for pod in speaking.pods("vitals", site).values()]
    return bool(done and shown.status.updated_replicas == shown.status.replicas == 2) and started == ["Running"] * 2


def servers(speaking: SpeakingLab, site: str) -> list[dict[str, Any]]:
    """What each of them shows at its own port."""
    return list(speaking.control.call("servers", site=site)["servers"])


def test_a_secret_and_an_image_are_what_every_server_shows(speaking: SpeakingLab) -> None:
    apps, before, pids = speaking.apps("gra"), speaking.pods("vitals", "gra"), speaking.pids("gra")
    for patch, generation in ((secret("vitals-tls-expired"), 1), (image(OLD), 2)):
        old = apps.read_namespaced_deployment("vitals", "vitals").metadata.generation
        patched = apps.patch_namespaced_deployment("vitals", "vitals", patch)
        assert patched.metadata.generation == old + 1, generation
        running = []
        while not rolled_out(speaking, "gra"):
            running.append(sum("vitals" in each for each in speaking.pids("gra")))
        assert min(running, default=2) >= 1, "one after the other"
    shown = servers(speaking, "gra")
    assert [each["release"] for each in shown] == ["0.9.0", "0.9.0"]
    assert all(each["certificate_ends_s"] < time.time() for each in shown)
    after = speaking.pods("vitals", "gra")
    assert not set(before) & set(after)
    assert {pod.spec.containers[0].image for pod in after.values()} == {OLD}
    assert {pod.status.container_statuses[0].image for pod in after.values()} == {OLD}
    (owner,) = {pod.metadata.owner_references[0].uid for pod in after.values()}
    (now,) = apps.list_namespaced_replica_set("vitals", label_selector="app=vitals").items
    assert owner == now.metadata.uid
    assert {name: pid for name, pid in pids.items() if "/vitals" not in name}.items() <= speaking.pids("gra").items()

    # given back with everything else that was ordered here
    speaking.control.call("kubernetes", site="gra")
    eventually(lambda: rolled_out(speaking, "gra"))
    assert {each["release"] for each in servers(speaking, "gra")} == {"1.0.0"}
    assert all(each["certificate_ends_s"] > time.time() for each in servers(speaking, "gra"))


def test_a_pod_with_an_expired_certificate_is_ready_as_a_kubelet_sees_it(speaking: SpeakingLab) -> None:
    speaking.apps().patch_namespaced_deployment("vitals", "vitals", secret("vitals-tls-expired"))
    eventually(lambda: rolled_out(speaking, "fra") and speaking.ready("vitals") == 2)
    assert all(each["certificate_ends_s"] < time.time() for each in servers(speaking, "fra"))


def test_a_template_says_how_servers_were_deployed_by_somebody_else(speaking: SpeakingLab) -> None:
    apps = speaking.apps("gra")
    before = apps.read_namespaced_deployment("vitals", "vitals")
    speaking.control.call("servers", site="gra", release="0.9.0")
    try:
        shown = apps.read_namespaced_deployment("vitals", "vitals")
        assert shown.spec.template.spec.containers[0].image == OLD
        assert shown.metadata.generation > before.metadata.generation
        assert rolled_out(speaking, "gra")
        # and is changed from there: what the patch does not name stays
        apps.patch_namespaced_deployment("vitals", "vitals", secret("vitals-tls-expired"))
        eventually(lambda: rolled_out(speaking, "gra"))
        assert {each["release"] for each in servers(speaking, "gra")} == {"0.9.0"}
    finally:
        speaking.control.call("servers", site="gra", certificate="valid")
    shown = apps.read_namespaced_deployment("vitals", "vitals")
    assert shown.spec.template.spec == before.spec.template.spec


def test_any_other_template_is_refused_and_nothing_is_done(speaking: SpeakingLab) -> None:
    apps, pids = speaking.apps(), speaking.pids()
    before = apps.read_namespaced_deployment("vitals", "vitals")
    for name, body in (
        ("vitals", image("vitals:latest")),
        ("vitals", secret("somebody-else-s")),
        ("vitals", {"spec": {"template": {"spec": {"containers": [{"name": "vitals", "command": ["sh"]}]}}}}),
        ("vitals", {"spec": {"template": {"spec": {"volumes": [{"name": "new", "emptyDir": {}}]}}}}),
        ("vitals", {"spec": {"template": {"spec": {"hostNetwork": True}}}}),
        ("analysis", {"spec": {"template": {"spec": {"containers": [{"name": "analysis", "image": OLD}]}}}}),
    ):
        patch = {**body, "metadata": {"annotations": {"half": "done"}}}
        answer = refused(lambda name=name, patch=patch: apps.patch_namespaced_deployment(name, "vitals", patch))
        assert answer.status == 501, answer.body
    after = apps.read_namespaced_deployment("vitals", "vitals")
    assert (after.metadata.generation, after.metadata.annotations) == (
        before.metadata.generation,
        before.metadata.annotations,
    )
    assert speaking.pids() == pids


@needs_kubectl
def test_kubectl_sets_an_image_and_waits_for_the_rollout(speaking: SpeakingLab) -> None:
    speaking.kubectl("set", "image", "deployment/vitals", f"vitals={OLD}")
    assert "successfully rolled out" in speaking.kubectl("rollout", "status", "deployment/vitals", "--timeout=60s")
    assert {each["release"] for each in servers(speaking, "fra")} == {"0.9.0"}
