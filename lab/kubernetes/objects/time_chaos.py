"""TimeChaos of Chaos Mesh: the one shape of it that the lab can make real, and how it is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lab.kubernetes.objects.pods import labels
from lab.kubernetes.objects.shape import Object, moment
from lab.kubernetes.refusal import Refusal, not_stood_in_for
from lab.kubernetes.wanted import Pod, TimeChaos
from lab.kubernetes.workloads import Workload

_FIELDS = {"mode", "selector", "containerNames", "timeOffset", "clockIds", "duration"}
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_MOST_AHEAD_S = 3600


def seconds(text: Any, field: str) -> float:
    """Of a duration as Go writes it ("90s", "1m30s", "-5s"). Raises Refusal 422."""
    sign, parts = (-1, str(text)[1:]) if str(text).startswith("-") else (1, str(text))
    found = _PART.findall(parts)
    if not found or "".join(number + unit for number, unit in found) != parts:
        raise Refusal(422, f"spec.{field} {text!r}: must be a duration such as 90s or 1m30s")
    return sign * sum(float(number) * _UNITS[unit] for number, unit in found)


def checked(metadata: Object, spec: Any, product: Workload) -> TimeChaos:
    """All pods of the product, their clock. Raises Refusal 422 or 501."""
    if not isinstance(spec, dict) or "timeOffset" not in spec:
        raise Refusal(422, "spec.timeOffset: required")
    if unknown := sorted(set(spec) - _FIELDS):
        raise not_stood_in_for(f"TimeChaos with spec.{', spec.'.join(unknown)}")
    wanted = {
        "mode": "all",
        "selector": {"namespaces": [product.namespace], "labelSelectors": labels(product)},
        "containerNames": [product.name],
        "clockIds": ["CLOCK_REALTIME"],
    }
    optional = {"containerNames", "clockIds"}
    for field, only in wanted.items():
        if spec.get(field) != only and not (field in optional and field not in spec):
            raise not_stood_in_for(f"TimeChaos with spec.{field} {spec.get(field)!r} (there is {only!r})")
    offset_s = seconds(spec["timeOffset"], "timeOffset")
    if not 0 < abs(offset_s) <= _MOST_AHEAD_S:
        raise Refusal(422, f"spec.timeOffset {spec['timeOffset']!r}: must be another than 0, {_MOST_AHEAD_S} s at most")
    duration_s = seconds(spec["duration"], "duration") if "duration" in spec else None
    if duration_s is not None and duration_s <= 0:
        raise Refusal(422, f"spec.duration {spec['duration']!r}: must be more than 0")
    return TimeChaos(metadata, dict(spec), offset_s, duration_s)


def injected(one: TimeChaos, pod: Pod) -> bool:
    """Whether the pod's process runs with that clock."""
    return pod.pid is not None and pod.deployment.clock_s == one.offset_s


def recovered(one: TimeChaos, pods: Sequence[Pod], replicas: int) -> bool:
    """Whether as many pods run as are wanted, and none with that clock."""
    well = [pod for pod in pods if pod.pid is not None and pod.deployment.clock_s != one.offset_s]
    return len(well) == len(pods) >= replicas


def shown(one: TimeChaos, pods: Sequence[Pod], replicas: int) -> Object:
    """With its status; `pods` are those of the product, of which so many are wanted: between two of them there is one too few."""
    records = [
        {
            "id": f"{pod.workload.namespace}/{pod.name}/{pod.workload.name}",
            "selectorKey": ".",
            "phase": "Injected" if injected(one, pod) else "Not Injected",
        }
        for pod in pods
    ]
    conditions = {
        "Selected": bool(pods),
        "AllInjected": len(pods) >= replicas > 0 and all(injected(one, pod) for pod in pods),
        "AllRecovered": recovered(one, pods, replicas),
        "Paused": False,
    }
    metadata = {**one.metadata, "finalizers": ["chaos-mesh/records"]}
    if one.deleted_s:
        metadata["deletionTimestamp"] = moment(one.deleted_s)
    return {
        "metadata": metadata,
        "spec": dict(one.spec),
        "status": {
            "conditions": [{"type": name, "status": str(holds)} for name, holds in conditions.items()],
            "experiment": {"desiredPhase": "Run" if one.runs else "Stop", "containerRecords": records},
        },
    }
