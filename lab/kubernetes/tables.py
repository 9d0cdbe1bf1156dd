"""Lists as kubectl prints them: columns that the server makes, asked for by an Accept header."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from lab.kubernetes.objects.shape import Object

_WANTED = "as=Table"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
Cells = Callable[[Object], list[object]]


def wanted(accept: str) -> bool:
    """Whether the first choice of that Accept header is a table."""
    return _WANTED in accept.partition(",")[0]


def table(plural: str, shown: list[Object], version: str) -> Object:
    """One row for each object that is shown with its kind."""
    columns, cells = _COLUMNS.get(plural, ((), lambda _: []))
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": version},
        "columnDefinitions": [
            {
                "name": name,
                "type": "string",
                "format": "name" if name == "Name" else "",
                "description": "",
                "priority": 0,
            }
            for name in ("Name", *columns, "Age")
        ],
        "rows": [
            {"cells": [each["metadata"]["name"], *cells(each), _age(each)], "object": _part(each)} for each in shown
        ],
    }


def _part(shown: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": shown["metadata"]}


def _age(shown: Object) -> str:
    since = datetime.fromisoformat(shown["metadata"]["creationTimestamp"]).timestamp()
    seconds = max(int(time.time() - since), 0)
    for unit, letter in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if seconds >= 2 * unit:
            return f"{seconds // unit}{letter}"
    return f"{seconds}s"


def _pod(shown: Object) -> list[object]:
    status, metadata = shown["status"], shown["metadata"]
    containers = status.get("containerStatuses", [])
    waiting = next((each["state"]["waiting"]["reason"] for each in containers if "waiting" in each["state"]), None)
    said = "Terminating" if "deletionTimestamp" in metadata else waiting or status.get("reason") or status["phase"]
    ready = f"{sum(each['ready'] for each in containers)}/{len(shown['spec']['containers'])}"
    return [ready, said, sum(each["restartCount"] for each in containers)]


def _node(shown: Object) -> list[object]:
    ready = "Ready" if shown["status"]["conditions"][0]["status"] == "True" else "NotReady"
    if shown["spec"].get("unschedulable"):
        ready += ",SchedulingDisabled"
    return [ready, "<none>", shown["status"]["nodeInfo"]["kubeletVersion"]]


def _deployment(shown: Object) -> list[object]:
    status = shown["status"]
    available = status.get("availableReplicas", 0)
    return [_share(shown), status.get("updatedReplicas", 0), available]


def _replica_set(shown: Object) -> list[object]:
    status = shown["status"]
    return [shown["spec"]["replicas"], status["replicas"], status.get("readyReplicas", 0)]


def _share(shown: Object) -> str:
    return f"{shown['status'].get('readyReplicas', 0)}/{shown['spec']['replicas']}"


def _service(shown: Object) -> list[object]:
    spec = shown["spec"]
    ports = ",".join(f"{each['port']}/{each['protocol']}" for each in spec["ports"])
    return [spec["type"], spec["clusterIP"], ",".join(spec["externalIPs"]), ports]


def _policy(shown: Object) -> list[object]:
    selector = shown["spec"]["podSelector"].get("matchLabels", {})
    return [",".join(f"{key}={value}" for key, value in selector.items()) or "<none>"]


def _quota(shown: Object) -> list[object]:
    status = shown["status"]
    return [", ".join(f"{each}: {status['used'][each]}/{limit}" for each, limit in status["hard"].items())]


_COLUMNS: dict[str, tuple[tuple[str, ...], Cells]] = {
    "pods": (("Ready", "Status", "Restarts"), _pod),
    "nodes": (("Status", "Roles", "Version"), _node),
    "namespaces": (("Status",), lambda shown: [shown["status"]["phase"]]),
    "deployments": (("Ready", "Up-to-date", "Available"), _deployment),
    "replicasets": (("Desired", "Current", "Ready"), _replica_set),
    "statefulsets": (("Ready",), lambda shown: [_share(shown)]),
    "services": (("Type", "Cluster-IP", "External-IP", "Port(s)"), _service),
    "resourcequotas": (("Request",), _quota),
    "networkpolicies": (("Pod-Selector",), _policy),
}
