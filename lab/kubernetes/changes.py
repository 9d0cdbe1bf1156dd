"""What may be changed of an object, and the order that each change is. Anything else is refused before anything is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lab.kubernetes import policies, templates
from lab.kubernetes.asked import Asked
from lab.kubernetes.catalogue import Resource
from lab.kubernetes.objects.pods import labels
from lab.kubernetes.objects.shape import Object
from lab.kubernetes.refusal import Refusal, not_stood_in_for
from lab.kubernetes.standing import Standing
from lab.model import PRIVATE, SITES
from lab.services.vitals import Deployment

Path = tuple[str, ...]
_MARKS = (("metadata", "labels"), ("metadata", "annotations"))
_KEPT_BY_THE_SERVER = (("metadata", "managedFields"), ("metadata", "resourceVersion"), ("metadata", "generation"))
_REPLICAS = ("spec", "replicas")
_TEMPLATE = ("spec", "template", "metadata", "annotations")
_PODS = (("spec", "template", "spec", "containers"), ("spec", "template", "spec", "volumes"))
_PRODUCT = ("deployments", "vitals", "vitals")
_CORDON = ("spec", "unschedulable")
_MORE: dict[str, tuple[Path, ...]] = {
    "deployments": (_REPLICAS, _TEMPLATE),
    "statefulsets": (_REPLICAS, _TEMPLATE),
    "nodes": (_CORDON,),
}
_MOST_REPLICAS = 1000


async def change(standing: Standing, asked: Asked, old: Object, new: Object) -> str:
    """Make `new` of `old`; a warning for whoever asked, or "". Raises Refusal 409, 422 or 501, and then nothing was done."""
    version = new.get("metadata", {}).get("resourceVersion")
    if version and version != old["metadata"]["resourceVersion"]:
        raise Refusal(409, f'{asked.resource.plural} "{asked.name}": the object has been modified; read it again')
    changed = {path for path in _differences(old, new) if path[0] != "status" and path not in _KEPT_BY_THE_SERVER}
    plural, spec = asked.resource.plural.partition("/")[0], new.get("spec") or {}
    is_product = (plural, asked.namespace, asked.name) == _PRODUCT
    allowed = (*_allowed(asked.resource), *(_PODS if is_product else ()))
    if plural == "networkpolicies":
        return await _change_policy(standing, new, changed)
    if refused := sorted(".".join(path) for path in changed if not any(path[: len(each)] == each for each in allowed)):
        raise not_stood_in_for(f"a change of {', '.join(refused)} of {plural}")
    replicas = _replicas(spec) if _REPLICAS in changed else None
    deployment = _deployment(standing, asked, spec) if changed & set(_PODS) else None
    _mark(standing, old, new)
    if replicas is not None:
        standing.orders.scale(_workload(standing, asked), replicas)
    if any(path[: len(_TEMPLATE)] == _TEMPLATE for path in changed):
        annotations = ((spec["template"].get("metadata") or {}).get("annotations")) or {}
        standing.orders.restart(_workload(standing, asked), annotations)
    if deployment is not None:
        standing.orders.deploy(_workload(standing, asked), deployment)
    if _CORDON in changed:
        standing.orders.cordon(str(asked.name), unschedulable=bool(spec.get("unschedulable")))
    return ""


def _allowed(resource: Resource) -> tuple[Path, ...]:
    if resource.kind == "Scale":
        return (_REPLICAS,)
    return (*_MARKS, *_MORE.get(resource.plural, ()))


async def put_policy(standing: Standing, body: Object) -> str:
    """Have this NetworkPolicy hold, a new one or one that is another than before; a warning, or "". Raises Refusal 422 or 501."""
    namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
    pods = [labels(each) for each in standing.wanted.workloads if each.namespace == namespace]
    (other,) = (each for each in SITES if each != standing.site)
    made = policies.checked(body, pods, PRIVATE[other])
    others = [each for key, each in standing.wanted.policies.items() if key != (namespace, name)]
    standing.wanted.policies[namespace, name] = made
    await standing.orders.enforce_policies()
    return policies.warning(made, others)


async def _change_policy(standing: Standing, new: Object, changed: set[Path]) -> str:
    if refused := sorted(".".join(path) for path in changed if path[0] != "spec" and path[:2] not in _MARKS):
        raise Refusal(422, f"networkpolicies: {', '.join(refused)} cannot be changed")
    kept = ("name", "namespace", "uid", "creationTimestamp", "labels", "annotations")
    metadata = {key: new["metadata"][key] for key in kept if key in new["metadata"]}
    return await put_policy(standing, {"metadata": metadata, "spec": new.get("spec")})


def _deployment(standing: Standing, asked: Asked, spec: Object) -> Deployment:
    workload = _workload(standing, asked)
    now = standing.wanted.scale(workload).deployment
    return templates.ordered(workload, now, spec["template"]["spec"])


def _workload(standing: Standing, asked: Asked) -> Any:  # lab.kubernetes.workloads.Workload
    workload = standing.wanted.workload(str(asked.namespace), str(asked.name))
    if workload is None:
        raise Refusal(404, f'{asked.resource.plural} "{asked.name}" not found')
    return workload


def _replicas(spec: Object) -> int:
    replicas = spec.get("replicas", 1)
    if isinstance(replicas, bool) or not isinstance(replicas, int) or not 0 <= replicas <= _MOST_REPLICAS:
        raise Refusal(422, f"spec.replicas {replicas!r}: must be a whole number from 0 to {_MOST_REPLICAS}")
    return replicas


def _mark(standing: Standing, old: Object, new: Object) -> None:
    for _, field in _MARKS:
        before, after = (each.get("metadata", {}).get(field) or {} for each in (old, new))
        for key in {*before, *after}:
            if before.get(key) != after.get(key):
                marks = standing.wanted.marks.setdefault(old["metadata"]["uid"], {})
                marks.setdefault(field, {})[key] = after.get(key)


def _differences(old: Any, new: Any, at: Path = ()) -> Iterator[Path]:
    if isinstance(old, dict) or isinstance(new, dict):
        one, other = (each if isinstance(each, dict) else {} for each in (old, new))
        for key in {*one, *other}:
            yield from _differences(one.get(key), other.get(key), (*at, key))
    elif old != new and (
        old or new or at == _REPLICAS
    ):  # false, empty, nothing: all the same; no replicas are a number
        yield at
