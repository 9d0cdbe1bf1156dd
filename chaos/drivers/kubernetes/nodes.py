"""A site is lost by way of its nodes: all of them cordoned, the pods of its namespaces evicted, and nowhere to go for new ones.

::

    drain     1 nodes that take pods are cordoned, and it is written on each that we did    2 pods are evicted, as far as
              disruption budgets let them    3 none is on a node any more, and none comes back
    uncordon  the nodes on which that is written, and no other one
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from chaos.drivers.kubernetes.cluster import Cluster, ClusterRefused
from chaos.drivers.kubernetes.seen import seen

CORDONED = "zweitherz/cordoned"  # annotation: a drill has cordoned this node
_BY_DRILL = "by-a-drill"
_OFF_WITHIN_S = 40.0
_STAY_OFF_S = 1.5
_CALL_WITHIN_S = 10
_NOT_FOUND, _REFUSED = 404, 429  # the second: a disruption budget, or a server that has too much to do
# a balancer that waits for its connections would outlive what is behind it by half a minute: no loss of a site
_SOON = client.V1DeleteOptions(grace_period_seconds=2)
_OVER = ("Succeeded", "Failed")


class Nodes:
    """Of one cluster. Raises ClusterRefused."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._core: Any = client.CoreV1Api(cluster.api)

    def cordon(self) -> list[str]:
        """Every node that takes pods; their names. Harmless when none does; refused where there is no node at all."""
        nodes = self._nodes()
        if not nodes:
            raise ClusterRefused(f"context {self._cluster.context}: it shows no node that could be cordoned")
        taking = [each.metadata.name for each in nodes if not each.spec.unschedulable]
        for name in taking:
            self._patch(name, _BY_DRILL, unschedulable=True)
        if left := [each.metadata.name for each in self._nodes() if not each.spec.unschedulable]:
            raise ClusterRefused(
                f"context {self._cluster.context}: nodes {', '.join(left)} take pods: cordoned, and not any more"
            )
        return taking

    def uncordon(self) -> list[str]:
        """Those that a drill has cordoned; their names. Harmless when there is none."""
        ours = [each.metadata.name for each in self._nodes() if CORDONED in (each.metadata.annotations or {})]
        for name in ours:
            self._patch(name, None, unschedulable=None)
        return ours

    def drain(self, namespaces: Sequence[str], off_within_s: float = _OFF_WITHIN_S) -> None:
        """Cordon every node, evict what is in those namespaces, and see that nothing of it is on a node, nor comes back."""
        self.cordon()
        refused: dict[str, str] = {}

        def off() -> bool:
            there = [pod for space in namespaces for pod in self._on_nodes(space)]
            for pod in there:
                if pod.metadata.deletion_timestamp is None:
                    self._evict(pod, refused)
            return not there

        if not seen(off, off_within_s):
            left = [pod for space in namespaces for pod in self._on_nodes(space)]
            why = ", ".join(refused.get(_name(pod)) or f"{_name(pod)}{_of_daemon_set(pod)}" for pod in left)
            raise ClusterRefused(f"context {self._cluster.context}: not drained after {off_within_s:g} s: {why}")

        def back() -> bool:
            return any(self._on_nodes(space) for space in namespaces)

        if seen(back, _STAY_OFF_S):
            names = ", ".join(_name(pod) for space in namespaces for pod in self._on_nodes(space))
            raise ClusterRefused(f"context {self._cluster.context}: pods are on cordoned nodes again: {names}")

    def _evict(self, pod: Any, refused: dict[str, str]) -> None:  # V1Pod
        """`refused` gets the budget that does not let it, by name of the pod."""
        name, namespace = pod.metadata.name, pod.metadata.namespace
        body = client.V1Eviction(metadata=client.V1ObjectMeta(name=name, namespace=namespace), delete_options=_SOON)
        with self._cluster.asking(f"evict pod {namespace}/{name}"):
            try:
                self._core.create_namespaced_pod_eviction(name, namespace, body, _request_timeout=_CALL_WITHIN_S)
            except ApiException as error:
                if error.status not in (_NOT_FOUND, _REFUSED):
                    raise
                if error.status == _REFUSED:
                    refused[_name(pod)] = f"{_name(pod)} may not be evicted ({_reason(error)})"
            else:
                refused.pop(_name(pod), None)

    def _on_nodes(self, namespace: str) -> list[Any]:  # V1Pod
        with self._cluster.asking(f"pods in {namespace}"):
            items: Iterable[Any] = self._core.list_namespaced_pod(namespace, _request_timeout=_CALL_WITHIN_S).items
        return [pod for pod in items if pod.spec.node_name and pod.status.phase not in _OVER]

    def _nodes(self) -> list[Any]:  # V1Node
        with self._cluster.asking("nodes"):
            return list(self._core.list_node(_request_timeout=_CALL_WITHIN_S).items)

    def _patch(self, name: str, mark: str | None, *, unschedulable: bool | None) -> None:
        """Both at once: a node is never cordoned by us without its being written there."""
        body = {"metadata": {"annotations": {CORDONED: mark}}, "spec": {"unschedulable": unschedulable}}
        with self._cluster.asking(f"patch node {name}"):
            self._core.patch_node(name, body, _request_timeout=_CALL_WITHIN_S)


def _name(pod: Any) -> str:  # V1Pod
    return f"{pod.metadata.namespace}/{pod.metadata.name}"


def _of_daemon_set(pod: Any) -> str:  # V1Pod
    owners = [owner.kind for owner in pod.metadata.owner_references or []]
    return " (of a DaemonSet, which cordoned nodes take)" if "DaemonSet" in owners else ""


def _reason(error: ApiException) -> str:
    """What the server says of the budget: its name, how many pods it needs and has."""
    try:
        status = json.loads(error.body or "")
        causes = [str(each["message"]) for each in (status.get("details") or {}).get("causes") or []]
        said = "; ".join(causes) or str(status["message"])
    except (ValueError, KeyError, TypeError):
        said = f"{error.status} {error.reason}"
    return " ".join(said.split())
