"""A clock that is ahead, by way of Chaos Mesh: a TimeChaos of our own name, for the servers' pods.

It has a duration, so that the cluster ends it where nobody is left who could. Its status says what Chaos Mesh believes to have
done; what every server shows is asked elsewhere. Shapes: https://chaos-mesh.org/docs/simulate-time-chaos-on-kubernetes/
"""

from __future__ import annotations

import time
from typing import Any

from chaos.drivers.kubernetes.cluster import Cluster, ClusterRefused
from chaos.drivers.kubernetes.seen import see
from targets.kubernetes import Workload

NAME = "zweitherz-clock-ahead"
_GROUP, _VERSION, _PLURAL = "chaos-mesh.org", "v1alpha1", "timechaos"
_SEEN_WITHIN_S = 20  # with a rollout that is put back as well, a call still ends within a minute


def installed(cluster: Cluster) -> bool:
    """Whether the cluster's discovery knows TimeChaos. Raises ClusterRefused."""
    found = cluster.custom("get_api_resources", "Chaos Mesh", _GROUP, _VERSION)
    return found is not None and any(each.name == _PLURAL for each in found.resources)


def set_clock_ahead(cluster: Cluster, server: Workload, ahead_s: float, duration_s: float) -> int:
    """Have the clock of every server's pod ahead; since when (CLOCK_MONOTONIC, ns). Harmless when it is.

    Raises ClusterRefused: Chaos Mesh is not installed, or does not say that all of them are injected.
    """
    where = f"{server.namespace}/{NAME}"
    if not installed(cluster):
        raise ClusterRefused(f"context {cluster.context}: Chaos Mesh is not installed")
    found = cluster.workload(server.kind, server.namespace, server.name)
    begun = time.monotonic_ns()
    if _read(cluster, server) is None:
        body = {
            "apiVersion": f"{_GROUP}/{_VERSION}",
            "kind": "TimeChaos",
            "metadata": {"name": NAME, "namespace": server.namespace},
            "spec": {
                "mode": "all",
                "selector": {
                    "namespaces": [server.namespace],
                    "labelSelectors": dict(each.split("=", 1) for each in found.selector.split(",")),
                },
                "timeOffset": f"{ahead_s:g}s",
                "duration": f"{duration_s:g}s",
            },
        }
        call = "create_namespaced_custom_object"
        made = cluster.custom(call, f"create TimeChaos {where}", _GROUP, _VERSION, server.namespace, _PLURAL, body)
        if made is None:
            raise ClusterRefused(f"context {cluster.context}: create TimeChaos {where}: there is no such namespace")
    see(lambda: _holds(_read(cluster, server), "AllInjected"), lambda: _said(cluster, server), _SEEN_WITHIN_S)
    return begun


def set_clock_right(cluster: Cluster, server: Workload) -> None:
    """Without that TimeChaos; harmless when there is none. Raises ClusterRefused: Chaos Mesh does not let it go.

    It is gone only when all pods are recovered: until then Chaos Mesh holds it by a finalizer.
    """
    call = "delete_namespaced_custom_object"
    what = f"delete TimeChaos {server.namespace}/{NAME}"
    if cluster.custom(call, what, _GROUP, _VERSION, server.namespace, _PLURAL, NAME) is not None:
        see(lambda: _read(cluster, server) is None, lambda: _said(cluster, server), _SEEN_WITHIN_S)


def _read(cluster: Cluster, server: Workload) -> dict[str, Any] | None:
    call, what = "get_namespaced_custom_object", f"TimeChaos {server.namespace}/{NAME}"
    return cluster.custom(call, what, _GROUP, _VERSION, server.namespace, _PLURAL, NAME)


def _holds(shown: dict[str, Any] | None, condition: str) -> bool:
    return _conditions(shown).get(condition) == "True"


def _conditions(shown: dict[str, Any] | None) -> dict[str, str]:
    listed = ((shown or {}).get("status") or {}).get("conditions") or []
    return {each["type"]: each["status"] for each in listed}


def _said(cluster: Cluster, server: Workload) -> str:
    """What Chaos Mesh says of it now."""
    conditions = _conditions(_read(cluster, server))
    said = ", ".join(f"{name} {value}" for name, value in sorted(conditions.items())) or "nothing"
    return f"context {cluster.context}: TimeChaos {server.namespace}/{NAME}: Chaos Mesh says {said}"
