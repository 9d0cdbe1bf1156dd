"""Nodes: two names per site that pods are placed on. What is real about a node is its site: not ready, where that is down."""

from __future__ import annotations

from lab import model
from lab.kubernetes.objects.shape import Object, condition, metadata
from lab.kubernetes.wanted import Node

_ROOM = {"pods": "110"}


def node(one: Node, site: str, *, site_alive: bool, since_s: float) -> Object:
    """`since_s`: when its site came up, or was lost."""
    labels = {"kubernetes.io/hostname": one.name, "topology.kubernetes.io/zone": site}
    spec: Object = {}
    if one.unschedulable:
        spec = {
            "unschedulable": True,
            "taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}],
        }
    reason = "KubeletReady" if site_alive else "NodeStatusUnknown"
    message = "the site's processes run" if site_alive else "the site is down"
    return {
        "metadata": metadata(one.name, None, one.uid, one.created_s, labels),
        "spec": spec,
        "status": {
            "capacity": _ROOM,
            "allocatable": _ROOM,
            "conditions": [condition("Ready", site_alive, since_s, reason, message)],
            "addresses": [
                {"type": "InternalIP", "address": model.PRIVATE[site]},
                {"type": "ExternalIP", "address": model.PUBLIC[site]},
                {"type": "Hostname", "address": one.name},
            ],
            "nodeInfo": {
                "kubeletVersion": "stand-in",
                "osImage": "the lab: processes in namespaces, no containers",
                "operatingSystem": "linux",
                "architecture": "",
                "bootID": "",
                "containerRuntimeVersion": "none://",
                "kernelVersion": "",
                "kubeProxyVersion": "",
                "machineID": "",
                "systemUUID": "",
            },
        },
    }
