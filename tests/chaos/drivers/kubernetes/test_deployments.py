"""The servers deployed otherwise by way of their template: on the lab's own API servers, and where rollouts do not end."""

from __future__ import annotations

import json
import time
from typing import Any, cast

import pytest
from kubernetes import client

from chaos.drivers import driver_for
from chaos.drivers.kubernetes import deployments
from chaos.drivers.kubernetes.cluster import Cluster, ClusterRefused, Pod
from targets.kubernetes import Deployments, Workload
from tests.chaos.drivers.kubernetes.driven import driver
from tests.lab.running import RunningLab
from tests.targets.target import target
from tests.targets.test_kubernetes import section

SERVER = Workload(namespace="vitals", name="vitals")
OLD = {"images": {"vitals": "services:0.9"}}
GIVEN = {
    "expired_certificate": {"volume": "tls", "secret": "tls-expired"},
    "old_release": {"container": "vitals", "image": "services:0.9"},
}


class Recorded:
    """A cluster of one Deployment, whose rollouts go as `steps` say: (updated, there, ready) at each look, the last for ever."""

    context = "gra"

    def __init__(
        self,
        *steps: tuple[int, int, int],
        ready: int = 2,
        gives_up: bool = False,
        strategy: dict[str, Any] | None = None,
    ) -> None:
        self.steps, self.ready, self.gives_up = list(steps), ready, gives_up
        self.strategy = client.V1DeploymentStrategy.model_validate(strategy) if strategy is not None else None
        self.annotations: dict[str, str] = {}
        self.image, self.secret, self.generation = "services:1.0", "tls", 1
        self.patches: list[dict[str, Any]] = []
        self.unstarted = 0  # one fewer at each look

    def deployment(self, namespace: str, name: str) -> client.V1Deployment:
        updated, there, ready = 2, 2, self.ready
        if self.generation > 1:
            updated, there, ready = self.steps[0]
            if len(self.steps) > 1:
                self.steps.pop(0)
        stuck = client.V1DeploymentCondition(type="Progressing", status="False", reason="ProgressDeadlineExceeded")
        volume = client.V1Volume(name="tls", secret=client.V1SecretVolumeSource(secret_name=self.secret))
        other = client.V1Volume(name="run", empty_dir={})
        pods = client.V1PodSpec(
            containers=[client.V1Container(name="vitals", image=self.image)], volumes=[volume, other]
        )
        return client.V1Deployment(
            metadata=client.V1ObjectMeta(
                namespace=namespace, name=name, generation=self.generation, annotations=dict(self.annotations)
            ),
            spec=client.V1DeploymentSpec(
                strategy=self.strategy,
                replicas=2,
                selector=client.V1LabelSelector(match_labels={"app": name}),
                template=client.V1PodTemplateSpec(spec=pods),
            ),
            status=client.V1DeploymentStatus(
                observed_generation=self.generation,
                updated_replicas=updated,
                replicas=there,
                ready_replicas=ready,
                conditions=[stuck] if self.gives_up and self.generation > 1 else None,
            ),
        )

    def pods(self, namespace: str, selector: str) -> list[Pod]:
        assert selector == "app=vitals"
        number, self.unstarted = self.unstarted, max(self.unstarted - 1, 0)
        return [Pod(namespace, f"vitals-{each}", each, True, each >= number, False) for each in range(2)]

    def patch_deployment(self, namespace: str, name: str, body: dict[str, Any]) -> client.V1Deployment:
        self.patches.append(body)
        for key, value in body.get("metadata", {}).get("annotations", {}).items():
            self.annotations = {name: said for name, said in self.annotations.items() if name != key}
            if value is not None:
                self.annotations[key] = value
        pods = body.get("spec", {}).get("template", {}).get("spec", {})
        for each in pods.get("containers", []):
            self.image = each["image"]
        for each in pods.get("volumes", []):
            self.secret = each["secret"]["secretName"]
        self.generation += "spec" in body
        return self.deployment(namespace, name)


def cluster(recorded: Recorded) -> Cluster:
    return cast("Cluster", recorded)


def test_what_was_there_is_written_down_first_and_put_back_exactly() -> None:
    own = Recorded((0, 2, 2), (1, 2, 1), (2, 2, 2))
    deployments.deploy(cluster(own), SERVER, OLD)
    deployments.deploy(cluster(own), SERVER, {"secrets": {"tls": "tls-expired"}})
    assert (own.image, own.secret) == ("services:0.9", "tls-expired")
    first, second, *_ = own.patches
    assert "spec" not in first, "before anything was changed"
    assert json.loads(first["metadata"]["annotations"][deployments.BEFORE]) == {"images": {"vitals": "services:1.0"}}
    assert "spec" in second
    assert json.loads(own.annotations[deployments.BEFORE]) == {
        "images": {"vitals": "services:1.0"},
        "secrets": {"tls": "tls"},
    }
    deployments.put_back(cluster(own), SERVER)
    assert (own.image, own.secret, own.annotations) == ("services:1.0", "tls", {})
    sent = len(own.patches)
    deployments.put_back(cluster(own), SERVER)
    assert len(own.patches) == sent, "harmless where nothing was changed"


def test_a_second_time_does_not_take_the_first_for_what_was_there() -> None:
    own = Recorded((2, 2, 2))
    deployments.deploy(cluster(own), SERVER, OLD)
    deployments.deploy(cluster(own), SERVER, OLD)
    deployments.put_back(cluster(own), SERVER)
    assert own.image == "services:1.0"


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (
            Recorded((1, 3, 2), gives_up=True),
            "vitals: services:0.9: the cluster gave up: 1 of 2 pods are of the",
        ),
        (Recorded((2, 2, 1)), "not ended after 0.3 s: 2 of 2 pods are of the new template, 0 of another, 1 are ready"),
    ],
)
def test_a_rollout_that_does_not_end_is_said_by_name(
    own: Recorded, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployments, "_ROLLED_OUT_WITHIN_S", 0.3)
    with pytest.raises(
        ClusterRefused, match=r"^context gra: vitals/vitals: rollout of vitals: services:0\.9: "
    ) as caught:
        deployments.deploy(cluster(own), SERVER, OLD)
    assert message in str(caught.value)
    own.steps, own.gives_up, own.ready = [(2, 2, 0)], False, 0
    deployments.put_back(cluster(own), SERVER)
    assert (own.image, own.annotations) == ("services:1.0", {})


def test_at_a_mirror_nobody_has_to_be_ready_but_everybody_has_to_have_started() -> None:
    own = Recorded((0, 2, 0), (2, 2, 0), ready=0, strategy={"type": "Recreate"})
    own.unstarted = 2
    assert deployments.deploy(cluster(own), SERVER, OLD) <= time.monotonic_ns()
    assert own.unstarted == 0


@pytest.mark.parametrize(
    ("taken", "message"),
    [
        ({"secrets": {"run": "x"}}, "no volume that takes a Secret is named run (there are: tls)"),
        ({"images": {"server": "x"}}, "no container is named server (there are: vitals)"),
        ({"images": {"vitals": "services:1.0"}}, "takes vitals: services:1.0 already: nothing would be another"),
    ],
)
def test_what_would_change_nothing_is_refused_before_anything_is_written(
    taken: deployments.Taken, message: str
) -> None:
    own = Recorded((2, 2, 2))
    with pytest.raises(ClusterRefused) as refused:
        deployments.deploy(cluster(own), SERVER, taken)
    assert message in str(refused.value)
    assert own.patches == []


def rolling(most: object) -> dict[str, Any]:
    return {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": most}}


@pytest.mark.parametrize(
    ("strategy", "ready", "ends"),
    [
        (None, 2, True),
        (None, 1, False),
        (None, 0, False),
        (rolling("25%"), 0, False),
        (rolling("75%"), 0, False),  # of two, one
        (rolling("100%"), 0, True),
        (rolling(1), 0, False),
        (rolling(2), 0, True),
        ({"type": "Recreate"}, 0, True),
    ],
)
def test_a_rollout_that_could_never_end_is_not_begun(strategy: dict[str, Any] | None, ready: int, ends: bool) -> None:
    own = Recorded((2, 2, ready), ready=ready, strategy=strategy)
    if ends:
        deployments.deploy(cluster(own), SERVER, OLD)
        return
    with pytest.raises(ClusterRefused, match=f"{ready} of 2 pods are ready: a rolling update with maxUnavailable"):
        deployments.deploy(cluster(own), SERVER, OLD)
    assert own.patches == []


def test_what_is_missing_is_said_by_name() -> None:
    commands = {"deployed": ["d"]}

    def lacks(**changes: Any) -> dict[str, str]:
        own = driver_for(target(kubernetes=section(commands=commands, **changes)))
        return {each: own.lacks("deploy", each) for each in ("expired-certificate", "old-release", "clock-ahead")}

    given = lacks(deployments=GIVEN)
    assert (given["expired-certificate"], given["old-release"]) == ("", "")
    assert given["clock-ahead"].startswith("kubernetes.chaos_mesh is not given; ")
    assert lacks(chaos_mesh={})["clock-ahead"] == ""
    assert "kubernetes.deployments.old_release is not given" in lacks()["old-release"]
    stateful = {"server": {"kind": "StatefulSet", "namespace": "vitals", "name": "vitals"}}
    assert "no server that is a Deployment" in lacks(workloads=stateful, deployments=GIVEN)["old-release"]
    without = driver_for(target(kubernetes=section(deployments=GIVEN)))
    assert without.lacks("deployed", "old-release") == "kubernetes.commands.deployed is not given"


@pytest.mark.lab
@pytest.mark.parametrize("site", ["fra", "gra"])
def test_servers_show_what_was_deployed_and_another_machine_puts_it_back(own: RunningLab, site: str) -> None:
    lab, other = driver(own), driver(own)
    before, elsewhere = (
        lab.cluster(site).deployment("vitals", "vitals"),
        lab.deployed("gra" if site == "fra" else "fra"),
    )
    asked = time.monotonic_ns()
    assert asked <= lab.deploy(site, "expired-certificate") <= time.monotonic_ns()
    assert all(each["certificate_ends_s"] < time.time() for each in lab.deployed(site))
    lab.deploy(site, "old-release")
    assert {each["release"] for each in lab.deployed(site)} == {"0.9.0"}
    assert all(each["certificate_ends_s"] < time.time() for each in lab.deployed(site)), "the other change stays"
    other.deploy(site, "as-it-should-be")
    after = other.cluster(site).deployment("vitals", "vitals")
    assert after.spec.template.spec == before.spec.template.spec
    assert deployments.BEFORE not in (after.metadata.annotations or {})
    shown = other.deployed(site)
    assert [each["release"] for each in shown] == ["1.0.0", "1.0.0"]
    assert all(each["certificate_ends_s"] > time.time() for each in shown)
    assert [each["release"] for each in elsewhere] == ["1.0.0", "1.0.0"]


@pytest.mark.lab
def test_what_a_template_has_no_word_for_is_done_by_the_lab_and_undone(own: RunningLab) -> None:
    lab = driver(own, chaos_mesh=None)
    lab.deploy("gra", "clock-ahead")
    assert all(each["clock_s"] > 60 for each in lab.deployed("gra"))
    lab.deploy("gra", "as-it-should-be")
    assert all(abs(each["clock_s"]) < 5 for each in lab.deployed("gra"))


@pytest.mark.lab
def test_a_release_that_the_cluster_does_not_have_is_refused_by_it(own: RunningLab) -> None:
    given = Deployments.model_validate({"old_release": {"container": "vitals", "image": "x:1"}})
    with pytest.raises(ClusterRefused, match="context gra: patch Deployment vitals/vitals: 501"):
        driver(own, deployments=given).deploy("gra", "old-release")
    driver(own).deploy("gra", "as-it-should-be")
    assert {each["release"] for each in driver(own).deployed("gra")} == {"1.0.0"}


@pytest.mark.lab
def test_a_rollout_whose_pods_cannot_run_is_not_taken_for_done(
    own: RunningLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All nodes are cordoned: what was ended is not placed again, and the driver says so."""
    monkeypatch.setattr(deployments, "_ROLLED_OUT_WITHIN_S", 4)
    lab = driver(own)
    core = client.CoreV1Api(lab.cluster("fra")._apps.api_client)
    nodes = [each.metadata.name for each in core.list_node().items]
    for node in nodes:
        core.patch_node(node, {"spec": {"unschedulable": True}})
    try:
        with pytest.raises(ClusterRefused, match=r"rollout of tls: vitals-tls-expired: not ended after 4 s"):
            lab.deploy("fra", "expired-certificate")
    finally:
        for node in nodes:
            core.patch_node(node, {"spec": {"unschedulable": False}})
    monkeypatch.undo()
    lab.deploy("fra", "as-it-should-be")
    assert all(each["certificate_ends_s"] > time.time() for each in lab.deployed("fra"))
