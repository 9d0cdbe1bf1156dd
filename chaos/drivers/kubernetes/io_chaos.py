"""A full volume, by way of Chaos Mesh: an IOChaos by which writes to the volume of the database fail for want of space.

It fails what a volume that is full would still take, too: writes into blocks that a file has already. A database that cannot
write its log stops in place of refusing, so a target may name the files that are to be refused. What the volume then takes is
asked elsewhere, by writing to it. Shape: https://chaos-mesh.org/docs/simulate-io-chaos-on-kubernetes/
"""

from __future__ import annotations

import errno

from chaos.drivers.kubernetes.chaos_mesh import IO, Chaos, plain, resolve, selector
from chaos.drivers.kubernetes.cluster import Cluster, ClusterRefused
from targets.kubernetes import ChaosMesh, Workload

NAME = "zweitherz-volume-full"


def fill(cluster: Cluster, database: Workload, mesh: ChaosMesh, most_pods: int) -> None:
    """Have writes to the volume refused. Harmless when it is so.

    Raises ClusterRefused: no container mounts the volume, no pod or more than `most_pods` would have it, or Chaos Mesh does not
    do it.
    """
    found = cluster.workload(database.kind, database.namespace, database.name)
    mounted = cluster.mounts(database.kind, database.namespace, database.name)
    containers = [container for container, path in mounted if path == mesh.volume_path]
    if not containers:
        there = ", ".join(sorted({path for _, path in mounted})) or "none"
        raise ClusterRefused(
            f"context {cluster.context}: {database.kind} {database.namespace}/{database.name}: no container mounts "
            f"{mesh.volume_path}, which kubernetes.chaos_mesh.volume_path names (there are: {there})"
        )
    selected = selector(cluster, found)
    resolve(cluster, database.namespace, found.selector, most_pods)
    spec = {
        "action": "fault",
        "mode": "all",
        "selector": selected,
        "containerNames": containers,
        "volumePath": mesh.volume_path,
        "methods": ["write"],
        "errno": errno.ENOSPC,
        "percent": 100,
        "duration": f"{plain(mesh.duration_s)}s",
    }
    if mesh.volume_files is not None:
        spec["path"] = mesh.volume_files
    _chaos(cluster, database).begin(spec)


def free(cluster: Cluster, database: Workload) -> None:
    """Without that IOChaos; harmless when there is none. Raises ClusterRefused: Chaos Mesh does not let it go."""
    _chaos(cluster, database).end()


def _chaos(cluster: Cluster, database: Workload) -> Chaos:
    return Chaos(cluster, IO, database.namespace, NAME)
