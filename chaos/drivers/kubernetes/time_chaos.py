"""A clock that is ahead, by way of Chaos Mesh: a TimeChaos for the servers' pods.

What every server then shows is asked elsewhere. Shape: https://chaos-mesh.org/docs/simulate-time-chaos-on-kubernetes/
"""

from __future__ import annotations

import time

from chaos.drivers.kubernetes.chaos_mesh import TIME, Chaos, plain, resolve, selector
from chaos.drivers.kubernetes.cluster import Cluster
from targets.kubernetes import Workload

NAME = "zweitherz-clock-ahead"


def set_clock_ahead(cluster: Cluster, server: Workload, ahead_s: float, duration_s: float, most_pods: int) -> int:
    """Have the clock of every server's pod ahead; since when (CLOCK_MONOTONIC, ns). Harmless when it is.

    Raises ClusterRefused: no pod or more than `most_pods` would have it, or Chaos Mesh does not do it.
    """
    found = cluster.workload(server.kind, server.namespace, server.name)
    selected = selector(cluster, found)
    resolve(cluster, server.namespace, found.selector, most_pods)
    begun = time.monotonic_ns()
    _chaos(cluster, server).begin(
        {
            "mode": "all",
            "selector": selected,
            "timeOffset": f"{plain(ahead_s)}s",
            "duration": f"{plain(duration_s)}s",
        }
    )
    return begun


def set_clock_right(cluster: Cluster, server: Workload) -> None:
    """Without that TimeChaos; harmless when there is none. Raises ClusterRefused: Chaos Mesh does not let it go."""
    _chaos(cluster, server).end()


def _chaos(cluster: Cluster, server: Workload) -> Chaos:
    return Chaos(cluster, TIME, server.namespace, NAME)
