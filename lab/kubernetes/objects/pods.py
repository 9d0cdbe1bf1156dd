"""Pods: a pod that is shown running is a process that runs, and one that is shown ready has just answered."""

from __future__ import annotations

from lab import model
from lab.kubernetes import templates
from lab.kubernetes.looks import Seen
from lab.kubernetes.objects.shape import Object, condition, metadata, moment, steady_uid
from lab.kubernetes.wanted import Pod, Scale, Wanted, pod_template_hash, set_name
from lab.kubernetes.workloads import Workload


def labels(workload: Workload) -> dict[str, str]:
    """What selects the pods of a workload."""
    return {"app": workload.name}


def template(workload: Workload, scale: Scale) -> Object:
    """The pods' template as workloads show it."""
    made: Object = {"metadata": {"labels": labels(workload)}, "spec": templates.spec(workload, scale.deployment)}
    if scale.template:
        made["metadata"]["annotations"] = dict(scale.template)
    return made


def set_uid(workload: Workload, scale: Scale, made: Scale | Pod) -> str:
    """Of the ReplicaSet of that template."""
    return steady_uid(scale.uid, set_name(workload, made))


def pod(wanted: Wanted, one: Pod, seen: Seen | None, *, site_alive: bool) -> Object:
    """`seen` is the process that it stands for, whoever started that."""
    workload, scale = one.workload, wanted.scale(one.workload)
    shown = metadata(one.name, workload.namespace, one.uid, one.created_s, labels(workload))
    if one.template:
        shown["annotations"] = dict(one.template)
    if workload.kind == "Deployment":
        shown["labels"]["pod-template-hash"] = pod_template_hash(workload, one)
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set_name(workload, one)}
        shown["generateName"] = f"{set_name(workload, one)}-"
        uid = set_uid(workload, scale, one)
    else:
        shown["labels"]["statefulset.kubernetes.io/pod-name"] = one.name
        owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": workload.name}
        uid = scale.uid
    shown["ownerReferences"] = [{**owner, "uid": uid, "controller": True, "blockOwnerDeletion": True}]
    if one.ending:
        shown["deletionTimestamp"] = moment(one.ending + one.grace_s)
        shown["deletionGracePeriodSeconds"] = int(one.grace_s)
    spec = templates.spec(workload, one.deployment)
    if one.node is not None:
        spec["nodeName"] = one.node
    return {"metadata": shown, "spec": spec, "status": _status(one, seen, site_alive=site_alive)}


def is_ready(one: Pod, seen: Seen | None) -> bool:
    """Its process runs and answers."""
    return seen is not None and seen.runs and seen.well and seen.pid == one.pid


def _status(one: Pod, seen: Seen | None, *, site_alive: bool) -> Object:
    mine = seen if seen is not None and seen.pid == one.pid else None
    ready = is_ready(one, mine)
    status: Object = {"qosClass": "BestEffort", "startTime": moment(one.created_s)}
    reason = message = ""
    if one.node is None:
        phase, reason = "Pending", "Unschedulable"
        message = "all nodes are cordoned" if one.process else "the lab has no room for more pods of this workload"
    elif one.pid is None:
        phase, reason, message = "Pending", "ContainerCreating", one.trouble
    elif mine is not None and (mine.runs or mine.returns):
        phase = "Running"
    else:  # its process has ended, and nothing starts it again by itself
        phase, reason = "Failed", "Error" if site_alive else "NodeLost"
    status["phase"] = phase
    if phase == "Failed":
        status |= {"reason": reason, "message": "its process has ended" if site_alive else "its site is down"}
    since = one.ready_since_s or one.created_s
    why = "" if ready else "ContainersNotReady"
    placed = condition("PodScheduled", one.node is not None, one.created_s)
    if one.node is None:
        placed |= {"reason": reason, "message": message}
    status["conditions"] = [
        placed,
        condition("Initialized", one.node is not None, one.created_s),
        condition("ContainersReady", ready, since, why),
        condition("Ready", ready, since, why),
    ]
    if one.node is not None:
        status |= {"hostIP": model.PUBLIC[one.workload.site], "podIP": one.workload.cluster.public[one.workload.site]}
        status["podIPs"] = [{"ip": status["podIP"]}]
        status["containerStatuses"] = [_container(one, mine, phase, ready=ready)]
    return status


def _container(one: Pod, mine: Seen | None, phase: str, *, ready: bool) -> Object:
    state: Object
    if mine is not None and mine.runs:
        state = {"running": {"startedAt": moment(mine.since_s)}}
    elif phase == "Running":
        state = {"waiting": {"reason": "CrashLoopBackOff", "message": "its process has ended and is started again"}}
    elif phase == "Failed":
        state = {"terminated": {"exitCode": 1, "reason": "Error", "message": "the process table does not have it"}}
    else:
        reason = "CreateContainerError" if one.trouble else "ContainerCreating"
        state = {"waiting": {"reason": reason, **({"message": one.trouble} if one.trouble else {})}}
    return {
        "name": one.workload.name,
        "image": templates.image(one.workload, one.deployment),
        "imageID": "",
        "restartCount": mine.restarts if mine is not None else 0,
        "started": mine is not None and mine.runs,
        "ready": ready,
        "state": state,
        "lastState": {},
    }
