"""A full namespace: on the lab's own API servers, and where the refusal is somebody else's or does not come."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from kubernetes import client

from chaos.drivers.kubernetes import quota
from chaos.drivers.kubernetes.cluster import Cluster, ClusterRefused, Found, Pod
from targets.kubernetes import Workload
from tests.chaos.drivers.kubernetes.driven import driver
from tests.lab.running import RunningLab, eventually

SERVER = Workload(namespace="vitals", name="vitals")


class Recorded:
    """A cluster of one Deployment with two pods: a third one is made, or refused with `refusal`; None: neither."""

    context = "gra"

    def __init__(self, refusal: str | None, used: str | None = "5") -> None:
        self.refusal, self.used = refusal, used
        self.found = Found("Deployment", "vitals", "vitals", 2, 0, "app=vitals", None)
        self.quotas = 1

    def quota(self, namespace: str, name: str) -> client.V1ResourceQuota | None:
        status = client.V1ResourceQuotaStatus(hard={"pods": "5"}, used=self.used and {"pods": self.used})
        return client.V1ResourceQuota(status=status) if self.quotas else None

    def delete_quota(self, namespace: str, name: str) -> None:
        self.quotas = 0

    def workload(self, kind: str, namespace: str, name: str) -> Found:
        return self.found

    def scale(self, found: Found, replicas: int) -> None:
        self.found = replace(found, replicas=replicas, before=found.replicas)

    def scale_back(self, found: Found) -> None:
        if found.before is not None:
            self.found = replace(found, replicas=found.before, before=None)

    def pods(self, namespace: str, selector: str) -> list[Pod]:
        there = self.found.replicas if self.refusal == "" else 2
        return [Pod(namespace, f"vitals-{each}", each, True, True, False) for each in range(there)]

    def deployment(self, namespace: str, name: str) -> client.V1Deployment:
        failed = client.V1DeploymentCondition(
            type="ReplicaFailure", status="True", reason="FailedCreate", message=self.refusal
        )
        return client.V1Deployment(
            metadata=client.V1ObjectMeta(generation=2),
            spec=client.V1DeploymentSpec(selector=client.V1LabelSelector(), template=client.V1PodTemplateSpec()),
            status=client.V1DeploymentStatus(observed_generation=2, conditions=[failed] if self.refusal else None),
        )


def cluster(recorded: Recorded) -> Cluster:
    return cast("Cluster", recorded)


def test_a_pod_that_our_quota_refuses_is_not_admitted_and_nobody_asks_for_it_any_more() -> None:
    own = Recorded(f"pods is forbidden: exceeded quota: {quota.NAME}, requested: pods=1")
    assert not quota.admits(cluster(own), SERVER)
    assert (own.found.replicas, own.found.before) == (2, None)


def test_a_pod_that_is_made_is_admitted_and_taken_away_again() -> None:
    own = Recorded("")
    assert quota.admits(cluster(own), SERVER)
    assert (own.found.replicas, own.found.before) == (2, None)


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (Recorded("exceeded quota: theirs"), "refused by somebody else: exceeded quota: theirs"),
        (Recorded(None), "neither one more pod nor a refusal after 0.3 s"),
        (Recorded(f"quota: {quota.NAME}", used="4"), "refused, and yet quota vitals/zweitherz-no-further-pod: 4 of 5"),
        (Recorded(f"quota: {quota.NAME}", used=None), "nobody has counted"),
    ],
)
def test_what_is_no_proof_is_none(own: Recorded, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "_SEEN_WITHIN_S", 0.3)
    with pytest.raises(ClusterRefused) as refused:
        quota.admits(cluster(own), SERVER)
    assert message in str(refused.value)
    assert (own.found.replicas, own.found.before) == (2, None)


def test_who_died_while_he_asked_for_one_more_has_it_taken_back() -> None:
    own = Recorded("")
    own.scale(own.found, 3)
    with pytest.raises(ClusterRefused, match=r"was scaled by a drill \(2 before\)"):
        quota.admits(cluster(own), SERVER)
    quota.free(cluster(own), SERVER)
    assert (own.quotas, own.found.replicas, own.found.before) == (0, 2, None)


@pytest.mark.lab
def test_a_full_namespace_admits_nobody_until_another_machine_frees_it(own: RunningLab) -> None:
    lab, other = driver(own), driver(own)
    assert lab.admits_pod("gra")
    eventually(lambda: len(lab.cluster("gra").pods("vitals", "app=vitals")) == 2)
    lab.fill_quota("gra", full=True)
    lab.fill_quota("gra", full=True)
    assert not lab.admits_pod("gra")
    assert lab.admits_pod("fra"), "the other site's namespace is another one"
    found = lab.cluster("gra").workload("Deployment", "vitals", "vitals")
    assert (found.replicas, found.before) == (2, None)
    other.fill_quota("gra", full=False)
    other.fill_quota("gra", full=False)
    assert other.admits_pod("gra")
    assert other.cluster("gra").quota("vitals", quota.NAME) is None
    assert own.upload().status_code == 201
