"""Objects of Chaos Mesh, each of a name of our own: begun, seen to be injected, and seen to be gone.

Each has a duration, so that the cluster ends it where nobody is left who could. Its status says what Chaos Mesh believes to have
done; whether that is so, is measured elsewhere. Shapes: https://chaos-mesh.org/docs/define-chaos-experiment-scope/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chaos.drivers.kubernetes import private_link
from chaos.drivers.kubernetes.cluster import Cluster, ClusterRefused, Found
from chaos.drivers.kubernetes.seen import see
from targets.kubernetes import Kubernetes

GROUP, _VERSION = "chaos-mesh.org", "v1alpha1"
TIME, NETWORK, IO = "TimeChaos", "NetworkChaos", "IOChaos"
_SEEN_WITHIN_S = 20  # with a rollout that is put back as well, a call still ends within a minute

Spec = dict[str, Any]  # JSON values


def plural(kind: str) -> str:
    """As paths and roles write it."""
    return kind.lower()


def kinds(kubernetes: Kubernetes) -> dict[str, str]:
    """The kind of chaos by which each operation is done at this target, for those that are done by Chaos Mesh there."""
    if kubernetes.chaos_mesh is None:
        return {}
    found = {"deploy clock-ahead": TIME}
    if kubernetes.private_link is not None:
        found |= dict.fromkeys(private_link.BY_CHAOS_MESH, NETWORK)
    if kubernetes.chaos_mesh.volume_path is not None:
        found |= {"fill_volume": IO}
    return found


def installed(cluster: Cluster, kind: str) -> bool:
    """Whether the cluster's discovery knows that kind. Raises ClusterRefused."""
    found = cluster.custom("get_api_resources", "Chaos Mesh", GROUP, _VERSION)
    return found is not None and any(each.name == plural(kind) for each in found.resources)


def plain(number: float) -> str:
    """As Go and kubectl read it, whatever its size: no exponent, no more than thousandths."""
    return f"{number:.3f}".rstrip("0").rstrip(".")


def selector(cluster: Cluster, found: Found) -> Spec:
    """What selects the pods of a workload, and no others. Raises ClusterRefused where it does so by no labels."""
    if not found.selector:
        named = f"{found.kind} {found.namespace}/{found.name}"
        raise ClusterRefused(
            f"context {cluster.context}: {named} selects its pods by no labels: chaos would have all pods"
        )
    labels = dict(each.split("=", 1) for each in found.selector.split(","))
    return {"namespaces": [found.namespace], "labelSelectors": labels}


def resolve(cluster: Cluster, namespace: str, selector: str, most: int) -> None:
    """Chaos would have pods there, and no more than so many. `selector`: of labels, "": all pods. Raises ClusterRefused."""
    pods = cluster.pods(namespace, selector)
    of = f"context {cluster.context}: pods of {namespace}{f' with {selector}' if selector else ''}"
    if not any(each.runs for each in pods):
        raise ClusterRefused(f"{of}: none runs, chaos would have no effect")
    if len(pods) > most:
        raise ClusterRefused(f"{of}: {len(pods)} (limit {most})")


@dataclass(frozen=True)
class Chaos:
    """One object, there or not."""

    cluster: Cluster
    kind: str
    namespace: str
    name: str

    def begin(self, spec: Spec) -> None:
        """Have it, injected into all that it selects. Harmless when it is so.

        Raises ClusterRefused: its kind is not installed, there is one of that name that says something else, or Chaos Mesh does
        not say that all are injected.
        """
        if not installed(self.cluster, self.kind):
            raise ClusterRefused(f"context {self.cluster.context}: {self.kind} of Chaos Mesh is not installed")
        found = self._read()
        if found is None:
            metadata = {"name": self.name, "namespace": self.namespace}
            body = {"apiVersion": f"{GROUP}/{_VERSION}", "kind": self.kind, "metadata": metadata, "spec": spec}
            if self._call("create", body) is None:
                raise ClusterRefused(
                    f"context {self.cluster.context}: create {self._named}: there is no such namespace"
                )
        elif not _says(found.get("spec"), spec):
            raise ClusterRefused(
                f"context {self.cluster.context}: {self._named} is there, and says something else: undo that drill first"
            )
        see(lambda: _conditions(self._read()).get("AllInjected") == "True", self._said, _SEEN_WITHIN_S)

    def end(self) -> None:
        """Without it; harmless when there is none. Raises ClusterRefused: Chaos Mesh does not let it go.

        It is gone only when all pods are recovered: until then Chaos Mesh holds it by a finalizer.
        """
        if self._call("delete", self.name) is not None:
            see(lambda: self._read() is None, self._said, _SEEN_WITHIN_S)

    @property
    def _named(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    def _read(self) -> Spec | None:
        return self._call("get", self.name)

    def _call(self, verb: str, given: Any) -> Spec | None:  # a name, or a body
        what = self._named if verb == "get" else f"{verb} {self._named}"
        call = f"{verb}_namespaced_custom_object"
        return self.cluster.custom(call, what, GROUP, _VERSION, self.namespace, plural(self.kind), given)

    def _said(self) -> str:
        """What Chaos Mesh says of it now."""
        conditions = _conditions(self._read())
        said = ", ".join(f"{name} {value}" for name, value in sorted(conditions.items())) or "nothing"
        return f"context {self.cluster.context}: {self._named}: Chaos Mesh says {said}"


def _conditions(shown: Spec | None) -> dict[str, str]:
    listed = ((shown or {}).get("status") or {}).get("conditions") or []
    return {each["type"]: each["status"] for each in listed}


def _says(shown: Any, asked: Any) -> bool:  # JSON values
    """Whether what is shown has everything that is asked; Chaos Mesh adds what was left out."""
    if isinstance(asked, dict):
        return isinstance(shown, dict) and all(_says(shown.get(key), value) for key, value in asked.items())
    return bool(shown == asked)
