"""Quotas of pods: what they count, whom they refuse, and who is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lab.kubernetes.objects import quotas
from tests.lab.kubernetes.speaking import SpeakingLab, eventually, needs_kubectl, refused


def quota(pods: object, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": "full"}, "spec": {"hard": {"pods": pods}, **more}}


def test_a_further_pod_is_refused_from_the_limit_on_and_in_that_namespace_alone() -> None:
    held = {"metadata": {"name": "full", "namespace": "vitals"}, "spec": {"hard": {"pods": "5"}}}
    assert quotas.exceeded([held], "vitals", 4) == ""
    assert quotas.exceeded([held], "tools", 9) == ""
    refusal = "exceeded quota: full, requested: pods=1, used: pods=5, limited: pods=5"
    assert quotas.exceeded([held], "vitals", 5) == refusal
    assert "used: pods=6, limited: pods=5" in quotas.exceeded([held], "vitals", 6)
    assert quotas.quota(held, 5)["status"] == {"hard": {"pods": "5"}, "used": {"pods": "5"}}


@pytest.fixture
def full(speaking: SpeakingLab) -> Iterator[SpeakingLab]:
    """As many pods as there are at gra, and none more."""
    core = speaking.core("gra")
    there = len(core.list_namespaced_pod("vitals").items)
    core.create_namespaced_resource_quota("vitals", quota(str(there)))
    yield speaking
    speaking.apps("gra").patch_namespaced_deployment("vitals", "vitals", {"spec": {"replicas": 2}})
    for each in core.list_namespaced_resource_quota("vitals").items:
        core.delete_namespaced_resource_quota(each.metadata.name, "vitals")
    eventually(lambda: len(speaking.pods("vitals", "gra")) == 2)


def failure(speaking: SpeakingLab) -> str:
    """Of the Deployment: why a pod could not be made; "": all could."""
    shown = speaking.apps("gra").read_namespaced_deployment("vitals", "vitals")
    assert shown.status.observed_generation <= shown.metadata.generation
    return next(
        (f"{each.reason}: {each.message}" for each in shown.status.conditions if each.type == "ReplicaFailure"), ""
    )


@pytest.mark.lab
def test_no_further_pod_is_made_and_who_asked_is_told_why(full: SpeakingLab) -> None:
    core, apps, pods = full.core("gra"), full.apps("gra"), full.pods("vitals", "gra")
    shown = core.read_namespaced_resource_quota("full", "vitals")
    assert shown.status.used == shown.status.hard == shown.spec.hard
    assert failure(full) == ""
    apps.patch_namespaced_deployment("vitals", "vitals", {"spec": {"replicas": 3}})
    said = eventually(lambda: failure(full))
    used = shown.status.used["pods"]
    assert said.startswith("FailedCreate: ")
    assert f"exceeded quota: full, requested: pods=1, used: pods={used}, limited: pods={used}" in said
    assert set(full.pods("vitals", "gra")) == set(pods)
    status = apps.read_namespaced_deployment("vitals", "vitals").status
    assert (status.replicas, status.unavailable_replicas) == (2, 3)
    core.delete_namespaced_resource_quota("full", "vitals")
    eventually(lambda: len(full.pods("vitals", "gra")) == 3)
    assert failure(full) == ""


@pytest.mark.lab
def test_what_is_deleted_makes_room_for_what_takes_its_place(full: SpeakingLab) -> None:
    core, before = full.core("gra"), full.pods("vitals", "gra")
    core.delete_namespaced_pod(min(before), "vitals", grace_period_seconds=0)
    eventually(lambda: len(full.pods("vitals", "gra")) == 2 and min(before) not in full.pods("vitals", "gra"))
    shown = core.read_namespaced_resource_quota("full", "vitals").status
    assert shown.used == shown.hard
    # somebody who asks for fewer and then for as many as before gets them, as long as nobody else was quicker
    apps = full.apps("gra")
    for replicas in (1, 2):
        apps.patch_namespaced_deployment("vitals", "vitals", {"spec": {"replicas": replicas}})
        eventually(lambda replicas=replicas: len(full.pods("vitals", "gra")) == replicas)


@pytest.mark.lab
def test_a_quota_for_fewer_than_there_are_takes_nobody_away(speaking: SpeakingLab) -> None:
    core, pids = speaking.core("gra"), speaking.pids("gra")
    core.create_namespaced_resource_quota("vitals", quota("0"))
    try:
        shown = core.read_namespaced_resource_quota("full", "vitals").status
        assert int(shown.used["pods"]) == len(core.list_namespaced_pod("vitals").items) > int(shown.hard["pods"])
        assert speaking.pids("gra") == pids
        name = min(speaking.pods("vitals", "gra"))
        core.delete_namespaced_pod(name, "vitals", grace_period_seconds=0)
        eventually(lambda: failure(speaking))
        assert len(speaking.pods("vitals", "gra")) == 1, "a killed one is not replaced"
    finally:
        speaking.control.call("kubernetes", site="gra")
    assert core.list_namespaced_resource_quota("vitals").items == [], "given back with what else was ordered here"
    eventually(lambda: len(speaking.pods("vitals", "gra")) == 2)


@pytest.mark.lab
@pytest.mark.parametrize(
    ("body", "namespace", "status"),
    [
        (quota("-1"), "vitals", 422),
        (quota("5", scopes=["BestEffort"]), "vitals", 501),
        ({"metadata": {"name": "full"}, "spec": {"hard": {"cpu": "1"}}}, "vitals", 501),
        ({"metadata": {"name": "full"}, "spec": {}}, "vitals", 422),
        (quota("5"), "nowhere", 404),
    ],
)
def test_a_quota_that_is_not_stood_in_for_is_refused(
    speaking: SpeakingLab, body: dict[str, Any], namespace: str, status: int
) -> None:
    core = speaking.core("gra")
    assert refused(lambda: core.create_namespaced_resource_quota(namespace, body)).status == status
    assert refused(lambda: core.delete_namespaced_resource_quota("full", "vitals")).status == 404
    read_only = speaking.core("gra-read-only")
    assert refused(lambda: read_only.create_namespaced_resource_quota("vitals", quota("5"))).status == 403


@pytest.mark.lab
@needs_kubectl
def test_kubectl_shows_a_quota(full: SpeakingLab) -> None:
    lines = full.kubectl("get", "quota", context="gra").splitlines()
    assert lines[0].split() == ["NAME", "REQUEST", "AGE"]
    used = full.core("gra").read_namespaced_resource_quota("full", "vitals").status.used["pods"]
    assert f"pods: {used}/{used}" in lines[1]
    described = full.kubectl("describe", "quota", "full", context="gra")
    assert ["pods", used, used] in [line.split() for line in described.splitlines()]
    full.kubectl("delete", "quota", "full", context="gra")
