"""What a drill has to be allowed to do in a cluster, by the operations of the driver that need it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chaos.drivers.kubernetes import chaos_mesh, private_link
from chaos.drivers.kubernetes.cluster import Cluster


@dataclass(frozen=True)
class Access:
    """One permission in a namespace, in the words of a Role; of a cluster's own objects, in those of a ClusterRole."""

    verb: str
    group: str  # empty: the core group
    resource: str  # a subresource behind a slash
    in_namespace: bool = True

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}" + (f".{self.group}" if self.group else "")


_WORKLOADS = ("deployments", "statefulsets")
_LOOK = (Access("list", "", "pods"), *(Access(verb, "apps", each) for each in _WORKLOADS for verb in ("get", "list")))
_SCALE = tuple(Access("patch", "apps", each) for each in _WORKLOADS)
_END = (Access("delete", "", "pods"),)
_POLICIES = tuple(
    Access(verb, "networking.k8s.io", "networkpolicies") for verb in ("create", "delete", "list", "patch")
)
_LOOK_AT_NODES = Access("list", "", "nodes", in_namespace=False)
_DRAIN = (_LOOK_AT_NODES, Access("patch", "", "nodes", in_namespace=False), Access("create", "", "pods/eviction"))
_LIST_PODS = Access("list", "", "pods")
_QUOTAS = tuple(Access(verb, "", "resourcequotas") for verb in ("create", "delete", "list"))


def _chaos(kind: str) -> tuple[Access, ...]:
    return tuple(Access(verb, chaos_mesh.GROUP, chaos_mesh.plural(kind)) for verb in ("create", "delete", "get"))


_NEEDED = {
    "kill_site": (*_LOOK, *_SCALE, *_END, *_POLICIES),
    "drain_site": (*_LOOK, *_DRAIN),
    "restore_site": (*_LOOK, *_SCALE, *_POLICIES, _LOOK_AT_NODES),
    "set_private_link": _POLICIES,
    "mend_private_link": _POLICIES,
    "set_service": (*_LOOK, *_SCALE, *_END),
    "service_state": _LOOK,
    "kill_service": (*_LOOK, *_SCALE, *_END),
    "service_pid": _LOOK,
    "fill_quota": (*_LOOK, *_SCALE, *_QUOTAS),
    "admits_pod": (*_LOOK, *_SCALE, *_QUOTAS),
    "deploy": (
        _LIST_PODS,
        Access("get", "apps", "deployments"),
        Access("patch", "apps", "deployments"),
    ),
}
# where the target says that Chaos Mesh is installed
_BY_CHAOS_MESH = {
    "deploy clock-ahead": (_LIST_PODS, *_chaos(chaos_mesh.TIME)),
    **dict.fromkeys(private_link.BY_CHAOS_MESH, (_LIST_PODS, *_chaos(chaos_mesh.NETWORK))),
    "mend_private_link": _chaos(chaos_mesh.NETWORK),
    "fill_volume": (*_LOOK, *_chaos(chaos_mesh.IO)),
}


def needed(*, by_chaos_mesh: bool) -> dict[str, tuple[Access, ...]]:
    """By operation. `by_chaos_mesh`: some are done by it, and it is undone wherever it may have been done."""
    more = _BY_CHAOS_MESH if by_chaos_mesh else {}
    return {each: (*_NEEDED.get(each, ()), *more.get(each, ())) for each in (*_NEEDED, *more)}


def missing(cluster: Cluster, namespaces: list[str], accesses: Iterable[Access]) -> list[str]:
    """Those of these permissions that the cluster does not give us. Raises ClusterRefused."""
    wanted = dict.fromkeys(accesses)
    lacking = []
    for access in wanted:
        resource, _, below = access.resource.partition("/")
        for namespace in namespaces if access.in_namespace else [""]:
            if not cluster.allows(access.verb, access.group, resource, below, namespace):
                lacking.append(f"{access} in {namespace}" if namespace else f"{access} in the cluster")
    return lacking
