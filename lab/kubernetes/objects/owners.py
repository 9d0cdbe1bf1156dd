"""Deployments with their ReplicaSets, and StatefulSets: how many pods are wanted, how many are there, how many are ready."""

from __future__ import annotations

from dataclasses import dataclass

from lab.kubernetes.objects import pods
from lab.kubernetes.objects.shape import Object, condition, counted, metadata
from lab.kubernetes.wanted import Scale, Wanted, pod_template_hash, set_name
from lab.kubernetes.workloads import Workload


@dataclass(frozen=True)
class Count:
    """Pods of a workload. `updated`: of its present template; `since_s`: when the last of them became ready, or was no longer."""

    there: int
    updated: int
    ready: int
    since_s: float


def deployment(wanted: Wanted, workload: Workload, count: Count) -> Object:
    """As ``apps/v1`` has it."""
    scale = wanted.scale(workload)
    missing = max(scale.replicas - count.ready, 0)
    available = count.ready >= scale.replicas
    complete = available and count.updated == count.there == scale.replicas
    shown = metadata(workload.name, workload.namespace, scale.uid, scale.created_s, pods.labels(workload))
    shown["generation"] = scale.generation
    shown["annotations"] = {"deployment.kubernetes.io/revision": str(scale.revision)}
    return {
        "metadata": shown,
        "spec": {
            "replicas": scale.replicas,
            "selector": {"matchLabels": pods.labels(workload)},
            "template": pods.template(workload, scale),
            # one after the other, and on, whether the last one is ready or not: at a mirror none ever is
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%", "maxSurge": 0}},
        },
        "status": {
            "observedGeneration": scale.observed,
            **counted(
                replicas=count.there,
                updatedReplicas=count.updated,
                readyReplicas=count.ready,
                availableReplicas=count.ready,
                unavailableReplicas=missing,
            ),
            "conditions": [
                condition(
                    "Available",
                    available,
                    count.since_s,
                    "MinimumReplicasAvailable" if available else "MinimumReplicasUnavailable",
                ),
                condition(
                    "Progressing",
                    holds=True,
                    since_s=scale.created_s,
                    reason="NewReplicaSetAvailable" if complete else "ReplicaSetUpdated",
                ),
                *_failure(workload, scale),
            ],
        },
    }


def _failure(workload: Workload, scale: Scale) -> list[Object]:
    """That a pod could not be made, and why; none: all of them could."""
    if not scale.refused:
        return []
    why = f'pods "{set_name(workload, scale)}-" is forbidden: {scale.refused}'
    return [condition("ReplicaFailure", holds=True, since_s=scale.refused_s, reason="FailedCreate", message=why)]


def replica_set(wanted: Wanted, workload: Workload, count: Count) -> Object:
    """The one that a Deployment has at present."""
    scale = wanted.scale(workload)
    named = {**pods.labels(workload), "pod-template-hash": pod_template_hash(workload, scale)}
    uid = pods.set_uid(workload, scale, scale)
    shown = metadata(set_name(workload, scale), workload.namespace, uid, scale.created_s, named)
    shown["generation"] = scale.generation
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": workload.name, "uid": scale.uid}
    shown["ownerReferences"] = [{**owner, "controller": True, "blockOwnerDeletion": True}]
    template = pods.template(workload, scale)
    template["metadata"]["labels"] = named
    return {
        "metadata": shown,
        "spec": {"replicas": scale.replicas, "selector": {"matchLabels": named}, "template": template},
        "status": {
            "replicas": count.there,
            "observedGeneration": scale.observed,
            **counted(fullyLabeledReplicas=count.there, readyReplicas=count.ready, availableReplicas=count.ready),
            **({"conditions": failure} if (failure := _failure(workload, scale)) else {}),
        },
    }


def stateful_set(wanted: Wanted, workload: Workload, count: Count) -> Object:
    """As ``apps/v1`` has it."""
    scale = wanted.scale(workload)
    shown = metadata(workload.name, workload.namespace, scale.uid, scale.created_s, pods.labels(workload))
    shown["generation"] = scale.generation
    revision = set_name(workload, scale)
    return {
        "metadata": shown,
        "spec": {
            "replicas": scale.replicas,
            "serviceName": workload.name,
            "selector": {"matchLabels": pods.labels(workload)},
            "template": pods.template(workload, scale),
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
        },
        "status": {
            "observedGeneration": scale.observed,
            "replicas": count.there,
            "currentRevision": revision,
            "updateRevision": revision,
            "availableReplicas": count.ready,
            **counted(currentReplicas=count.there, updatedReplicas=count.updated, readyReplicas=count.ready),
        },
    }


def scale(shown: Object) -> Object:
    """The ``/scale`` of a Deployment or StatefulSet that is shown so."""
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    chosen = ",".join(f"{key}={value}" for key, value in shown["spec"]["selector"]["matchLabels"].items())
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: shown["metadata"][key] for key in kept},
        "spec": {"replicas": shown["spec"]["replicas"]},
        "status": {"replicas": shown["status"].get("replicas", 0), "selector": chosen},
    }
