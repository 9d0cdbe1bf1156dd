"""The kinds of objects that the API server knows, and what may be done with each: the one table that discovery is made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_LOOK = ("get", "list", "watch")
_MARK = ("patch", "update")  # of labels and annotations at least; what else, `lab.kubernetes.changes` knows


@dataclass(frozen=True)
class Resource:
    """`group` is "" for the core; the plural of a subresource begins with what it belongs to ("pods/log")."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    verbs: tuple[str, ...]
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """As objects show it: "v1", "apps/v1"."""
        return f"{self.group}/{self.version}" if self.group else self.version


_ALL = ("all",)
CHAOS = {"timechaos": "TimeChaos", "networkchaos": "NetworkChaos", "iochaos": "IOChaos"}  # of Chaos Mesh
RESOURCES = (
    Resource("", "v1", "namespaces", "Namespace", False, _LOOK, ("ns",)),
    Resource("", "v1", "nodes", "Node", False, (*_LOOK, *_MARK), ("no",)),
    Resource("", "v1", "pods", "Pod", True, (*_LOOK, *_MARK, "delete", "deletecollection"), ("po",), _ALL),
    Resource("", "v1", "pods/log", "Pod", True, ("get",)),
    Resource("", "v1", "pods/eviction", "Eviction", True, ("create",)),
    Resource("", "v1", "services", "Service", True, _LOOK, ("svc",), _ALL),
    Resource("", "v1", "endpoints", "Endpoints", True, _LOOK, ("ep",)),
    Resource("", "v1", "secrets", "Secret", True, ("get", "list")),  # no role may get one
    Resource("", "v1", "resourcequotas", "ResourceQuota", True, (*_LOOK, *_MARK, "create", "delete"), ("quota",)),
    Resource("", "v1", "events", "Event", True, _LOOK, ("ev",)),
    Resource("apps", "v1", "deployments", "Deployment", True, (*_LOOK, *_MARK), ("deploy",), _ALL),
    Resource("apps", "v1", "deployments/scale", "Scale", True, ("get", *_MARK)),
    Resource("apps", "v1", "replicasets", "ReplicaSet", True, _LOOK, ("rs",), _ALL),
    Resource("apps", "v1", "statefulsets", "StatefulSet", True, (*_LOOK, *_MARK), ("sts",), _ALL),
    Resource("apps", "v1", "statefulsets/scale", "Scale", True, ("get", *_MARK)),
    Resource("apps", "v1", "daemonsets", "DaemonSet", True, _LOOK, ("ds",), _ALL),
    Resource(
        "networking.k8s.io",
        "v1",
        "networkpolicies",
        "NetworkPolicy",
        True,
        (*_LOOK, *_MARK, "create", "delete"),
        ("netpol",),
    ),
    *(
        Resource("chaos-mesh.org", "v1alpha1", plural, kind, True, (*_LOOK, "create", "delete"))
        for plural, kind in CHAOS.items()
    ),
    Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", True, _LOOK, ("pdb",)),
    Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", True, _LOOK),
    Resource("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", False, ("create",)),
)
_BY_NAME = {(each.group, each.version, each.plural): each for each in RESOURCES}


def find(group: str, version: str, plural: str) -> Resource | None:
    """`plural` may name a subresource ("pods/log")."""
    return _BY_NAME.get((group, version, plural))


def groups() -> dict[str, Any]:
    """``/apis``: every group but the core. JSON values."""
    named = dict.fromkeys((each.group, each.version) for each in RESOURCES if each.group)
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(*each) for each in named]}


def group(name: str) -> dict[str, Any] | None:
    """``/apis/<group>``; None: there is none. JSON values."""
    version = next((each.version for each in RESOURCES if each.group == name), None)
    if not name or version is None:
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, version)}


def resources(group: str, version: str) -> dict[str, Any] | None:
    """``/api/v1`` and ``/apis/<group>/<version>``; None: there is none. JSON values."""
    own = [each for each in RESOURCES if (each.group, each.version) == (group, version)]
    if not own:
        return None
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": own[0].api_version,
        "resources": list(_shown(own)),
    }


def _group(name: str, version: str) -> dict[str, Any]:
    shown = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [shown], "preferredVersion": shown}


def _shown(own: list[Resource]) -> Iterator[dict[str, Any]]:
    for each in own:
        shown: dict[str, Any] = {
            "name": each.plural,
            "singularName": "" if "/" in each.plural else each.kind.lower(),
            "namespaced": each.namespaced,
            "kind": each.kind,
            "verbs": list(each.verbs),
        }
        if each.kind == "Scale":
            shown |= {"group": "autoscaling", "version": "v1"}
        elif each.kind == "Eviction":
            shown |= {"group": "policy", "version": "v1"}
        if each.short:
            shown["shortNames"] = list(each.short)
        if each.categories:
            shown["categories"] = list(each.categories)
        yield shown
