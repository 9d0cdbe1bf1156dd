"""The private link slow or lossy, by way of Chaos Mesh: a NetworkChaos for what a namespace's pods send to the other site.

Chaos Mesh delays or drops what leaves a pod, never what arrives at it from outside the cluster: it refuses another direction for
external targets. So there is one at either site, and a round trip suffers from both. How much, is measured elsewhere.
Shape: https://chaos-mesh.org/docs/simulate-network-chaos-on-kubernetes/
"""

from __future__ import annotations

from collections.abc import Sequence

from chaos.drivers.kubernetes.chaos_mesh import NETWORK, Chaos, Spec, plain, resolve
from chaos.drivers.kubernetes.cluster import Cluster

NAME = "zweitherz-private-link"


def slow(more_ms: float) -> Spec:
    """What is done to packets: each is so much later."""
    return {"action": "delay", "delay": {"latency": f"{plain(more_ms)}ms"}}


def lossy(loss: float) -> Spec:
    """That share of them is lost."""
    return {"action": "loss", "loss": {"loss": plain(loss * 100)}}


def impair(
    cluster: Cluster, namespaces: Sequence[str], others: Sequence[str], what: Spec, duration_s: float, most_pods: int
) -> None:
    """Do that to whatever pods of these namespaces send to the other site (`others`: its CIDRs). Harmless when it is so.

    Raises ClusterRefused: no pod or more than `most_pods` of a namespace would have it, or Chaos Mesh does not do it.
    """
    for namespace in namespaces:
        resolve(cluster, namespace, "", most_pods)
    for namespace in namespaces:
        Chaos(cluster, NETWORK, namespace, NAME).begin(
            {
                **what,
                "mode": "all",
                "selector": {"namespaces": [namespace]},
                "direction": "to",
                "externalTargets": list(others),
                "duration": f"{plain(duration_s)}s",
            }
        )


def mend(cluster: Cluster, namespaces: Sequence[str]) -> None:
    """Without any of it; harmless when there is none. Raises ClusterRefused: Chaos Mesh does not let it go."""
    for namespace in namespaces:
        Chaos(cluster, NETWORK, namespace, NAME).end()
