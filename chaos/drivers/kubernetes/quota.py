"""A namespace that is full: a ResourceQuota of our own name admits no further pod.

The quota's status is what the cluster counts, and no proof that anybody acts on it: one more server is asked for, its pod is
seen to be refused because of that quota, and as many as before are asked for again.
"""

from __future__ import annotations

from typing import Any

from chaos.drivers.kubernetes.cluster import Cluster, ClusterRefused
from chaos.drivers.kubernetes.seen import see
from targets.kubernetes import Workload

NAME = "zweitherz-no-further-pod"
_SEEN_WITHIN_S = 20
_PODS = "pods"


def fill(cluster: Cluster, namespace: str) -> None:
    """As many pods as there are now, and none more; harmless when that quota is there. Raises ClusterRefused."""
    if cluster.quota(namespace, NAME) is None:
        cluster.create_quota(namespace, NAME, {_PODS: str(cluster.counted_pods(namespace))})
    why = ""

    def full() -> bool:
        nonlocal why
        why = _room(cluster, namespace)
        return not why

    see(full, lambda: f"context {cluster.context}: {why}", _SEEN_WITHIN_S)


def free(cluster: Cluster, server: Workload) -> None:
    """Without that quota, and with as many servers as before, where one more was asked for; harmless when there is none."""
    cluster.delete_quota(server.namespace, NAME)
    found = cluster.workload(server.kind, server.namespace, server.name)
    if found.before is not None and found.replicas == found.before + 1:
        cluster.scale_back(found)
    see(
        lambda: cluster.quota(server.namespace, NAME) is None,
        lambda: f"context {cluster.context}: quota {server.namespace}/{NAME} is still there",
        _SEEN_WITHIN_S,
    )


def admits(cluster: Cluster, server: Workload) -> bool:
    """Whether one more server's pod is made when it is asked for; afterwards as many are wanted as before.

    Raises ClusterRefused: something else than our quota refuses it, or neither a pod nor a refusal is seen.
    """
    namespace, name = server.namespace, server.name
    found = cluster.workload(server.kind, namespace, name)
    if found.before is not None:
        raise ClusterRefused(
            f"context {cluster.context}: {namespace}/{name} was scaled by a drill ({found.before} before): not asked for more"
        )
    before = {each.number for each in cluster.pods(namespace, found.selector)}
    refused = ""

    def decided() -> bool:
        nonlocal refused
        shown = cluster.deployment(namespace, name)
        refused = _refusal(shown)
        return bool(refused or {each.number for each in cluster.pods(namespace, found.selector)} - before)

    cluster.scale(found, found.replicas + 1)
    try:
        see(
            decided,
            lambda: f"context {cluster.context}: {namespace}/{name}: neither one more pod nor a refusal",
            _SEEN_WITHIN_S,
        )
    finally:
        cluster.scale_back(cluster.workload(server.kind, namespace, name))
    if not refused:
        return True
    if NAME not in refused:
        raise ClusterRefused(f"context {cluster.context}: {namespace}/{name}: refused by somebody else: {refused}")
    if why := _room(cluster, namespace):
        raise ClusterRefused(f"context {cluster.context}: {namespace}/{name}: refused, and yet {why}")
    return False


def _room(cluster: Cluster, namespace: str) -> str:
    """Why our quota is not full, as its status has it; "": it is."""
    quota = cluster.quota(namespace, NAME)
    if quota is None:
        return f"there is no quota {namespace}/{NAME}"
    hard, used = ((getattr(quota.status, each) or {}).get(_PODS) for each in ("hard", "used"))
    if hard is None or used is None:
        return f"quota {namespace}/{NAME}: nobody has counted"
    return "" if int(used) >= int(hard) else f"quota {namespace}/{NAME}: {used} of {hard} pods"


def _refusal(shown: Any) -> str:  # V1Deployment
    """Why a pod of it could not be made, as its present generation shows."""
    if (shown.status.observed_generation or 0) < shown.metadata.generation:
        return ""
    failed = [each for each in shown.status.conditions or [] if each.type == "ReplicaFailure" and each.status == "True"]
    return " ".join(str(failed[0].message).split()) if failed else ""
