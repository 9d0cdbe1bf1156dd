"""A cluster with Chaos Mesh or without, that injects or not, and lets an object go or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from kubernetes import client

from chaos.drivers.kubernetes.cluster import Cluster, Found, Pod


class Meshed:
    """Answers as a cluster does. `made`: the object that is there, by kind; `specs`: each that was created, in that order."""

    context = "gra"

    def __init__(
        self,
        *,
        kinds: Sequence[str] = ("timechaos", "networkchaos", "iochaos"),
        pods: int = 2,
        injects: bool = True,
        lets_go: bool = True,
    ) -> None:
        self.kinds, self.number, self.injects, self.lets_go = kinds, pods, injects, lets_go
        self.made: dict[tuple[str, str], dict[str, Any]] = {}
        self.specs: list[dict[str, Any]] = []

    @property
    def cluster(self) -> Cluster:
        """Itself, as what it stands for."""
        return cast("Cluster", self)

    def workload(self, kind: str, namespace: str, name: str) -> Found:
        return Found(kind, namespace, name, 2, 2, f"app={name},tier=front", None)

    def mounts(self, kind: str, namespace: str, name: str) -> list[tuple[str, str]]:
        return [(name, "/data"), (name, "/conf"), ("sidecar", "/run")]

    def pods(self, namespace: str, selector: str = "") -> list[Pod]:
        return [Pod(namespace, f"p{number}", number, True, True, True) for number in range(self.number)]

    def custom(self, call: str, what: str, *given: Any) -> Any:
        if call == "get_api_resources":
            if not self.kinds:
                return None
            kinds = [
                client.V1APIResource(name=name, kind=name, namespaced=True, singular_name="", verbs=["get"])
                for name in self.kinds
            ]
            return client.V1APIResourceList(group_version="chaos-mesh.org/v1alpha1", resources=kinds)
        namespace, plural, sent = given[2:]
        if call.startswith("create"):
            self.made[namespace, plural] = sent
            self.specs.append(sent["spec"])
        shown = self.made.get((namespace, plural))
        if shown is None:
            return None
        if call.startswith("delete") and self.lets_go:
            del self.made[namespace, plural]
        return {**shown, "status": {"conditions": [{"type": "AllInjected", "status": str(self.injects)}]}}
