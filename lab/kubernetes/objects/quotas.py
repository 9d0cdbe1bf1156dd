"""ResourceQuotas: as many pods as one says, and no further one is made in its namespace.

They count as Kubernetes does: every pod that has not ended, one that waits for a node as well. What runs already is not touched;
a pod that is deleted makes room for the one that takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lab.kubernetes.objects.shape import Object

PODS = "pods"


def quota(held: Mapping[str, Any], used: int) -> Object:
    """With its status; `used` pods are in its namespace."""
    status = {"hard": dict(held["spec"]["hard"]), "used": {PODS: str(used)}}
    return {"metadata": dict(held["metadata"]), "spec": held["spec"], "status": status}


def exceeded(quotas: Iterable[Mapping[str, Any]], namespace: str, used: int) -> str:
    """Why a further pod is not admitted, in the words of Kubernetes; "": it is."""
    for each in quotas:
        limit = each["spec"]["hard"][PODS]
        if each["metadata"]["namespace"] == namespace and used >= int(limit):
            name = each["metadata"]["name"]
            return f"exceeded quota: {name}, requested: pods=1, used: pods={used}, limited: pods={limit}"
    return ""
