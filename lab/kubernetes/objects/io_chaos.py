"""IOChaos of Chaos Mesh: the one shape of it that the lab can make real, and how it is shown.

Writes to the volume of the product's database fail for want of space, because there is none: the lab fills it. Chaos Mesh lets
such writes fail while there is room, also writes into blocks that a file has already, which succeed here.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Any

from lab.kubernetes.objects import chaos
from lab.kubernetes.objects.pods import labels
from lab.kubernetes.objects.shape import Object
from lab.kubernetes.templates import DATA
from lab.kubernetes.wanted import IOChaos, Pod
from lab.kubernetes.workloads import Workload

_FIELDS = {"action", "mode", "selector", "containerNames", "volumePath", "methods", "errno", "percent", "duration"}


def checked(metadata: Object, spec: Any, database: Workload) -> IOChaos:
    """All pods of the database, whatever is written to its volume. Raises Refusal 422 or 501."""
    spec = chaos.no_other("IOChaos", spec, _FIELDS, required="volumePath")
    wanted = {
        "action": "fault",
        "mode": "all",
        "selector": {"namespaces": [database.namespace], "labelSelectors": labels(database)},
        "containerNames": [database.name],
        "volumePath": DATA,
        "methods": ["write"],
        "errno": errno.ENOSPC,
        "percent": 100,
    }
    chaos.only("IOChaos", spec, wanted, optional={"containerNames", "percent"})  # left out: the only container, always
    return IOChaos(metadata=metadata, spec=dict(spec), duration_s=chaos.duration_s(spec))


def shown(one: IOChaos, pods: Sequence[Pod], *, writable: bool) -> Object:
    """With its status; `pods` are those of the database, `writable` is whether its volume has just taken a few blocks."""
    injected = {f"{pod.workload.namespace}/{pod.name}/{pod.workload.name}": not writable for pod in pods}
    return chaos.shown(one, injected, all_injected=bool(pods) and not writable, recovered=writable)
