"""TimeChaos of Chaos Mesh: the one shape of it that the lab can make real, and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.kubernetes.objects import chaos
from lab.kubernetes.objects.pods import labels
from lab.kubernetes.objects.shape import Object
from lab.kubernetes.refusal import Refusal
from lab.kubernetes.wanted import Pod, TimeChaos
from lab.kubernetes.workloads import Workload

_FIELDS = {"mode", "selector", "containerNames", "timeOffset", "clockIds", "duration"}
_MOST_AHEAD_S = 3600


def checked(metadata: Object, spec: Any, product: Workload) -> TimeChaos:
    """All pods of the product, their clock. Raises Refusal 422 or 501."""
    spec = chaos.no_other("TimeChaos", spec, _FIELDS, required="timeOffset")
    wanted = {
        "mode": "all",
        "selector": {"namespaces": [product.namespace], "labelSelectors": labels(product)},
        "containerNames": [product.name],
        "clockIds": ["CLOCK_REALTIME"],
    }
    chaos.only("TimeChaos", spec, wanted, optional={"containerNames", "clockIds"})
    offset_s = chaos.seconds(spec["timeOffset"], "timeOffset")
    if not 0 < abs(offset_s) <= _MOST_AHEAD_S:
        raise Refusal(422, f"spec.timeOffset {spec['timeOffset']!r}: must be another than 0, {_MOST_AHEAD_S} s at most")
    return TimeChaos(metadata=metadata, spec=dict(spec), duration_s=chaos.duration_s(spec), offset_s=offset_s)


def _injected(one: TimeChaos, pod: Pod) -> bool:
    """Whether the pod's process runs with that clock."""
    return pod.pid is not None and pod.deployment.clock_s == one.offset_s


def _recovered(one: TimeChaos, pods: Sequence[Pod], replicas: int) -> bool:
    """Whether as many pods run as are wanted, and none with that clock."""
    well = [pod for pod in pods if pod.pid is not None and pod.deployment.clock_s != one.offset_s]
    return len(well) == len(pods) >= replicas


def shown(one: TimeChaos, pods: Sequence[Pod], replicas: int) -> Object:
    """With its status; `pods` are those of the product, of which so many are wanted: between two of them there is one too few."""
    injected = {f"{pod.workload.namespace}/{pod.name}/{pod.workload.name}": _injected(one, pod) for pod in pods}
    return chaos.shown(
        one,
        injected,
        all_injected=len(pods) >= replicas > 0 and all(injected.values()),
        recovered=_recovered(one, pods, replicas),
    )
