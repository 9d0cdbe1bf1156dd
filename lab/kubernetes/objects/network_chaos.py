"""NetworkChaos of Chaos Mesh: the one shape of it that the lab can make real, and how it is shown.

What leaves the pods of the product for the other site is late. All processes of a site share its network: pods of another
namespace, or some of them, cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.kubernetes import policies
from lab.kubernetes.objects import chaos
from lab.kubernetes.objects.shape import Object
from lab.kubernetes.refusal import Refusal, not_stood_in_for
from lab.kubernetes.wanted import NetworkChaos, Pod
from lab.provider import SLOWEST_MS

_FIELDS = {"action", "mode", "selector", "direction", "externalTargets", "delay", "duration"}
_STEADY = {"jitter": "0ms", "correlation": "0"}  # what Chaos Mesh takes where they are left out


def checked(metadata: Object, spec: Any, other: str) -> NetworkChaos:
    """All pods of the product, what they send to `other`, the private address of the other site. Raises Refusal 422 or 501."""
    spec = chaos.no_other("NetworkChaos", spec, _FIELDS, required="action")
    wanted = {
        "action": "delay",
        "mode": "all",
        "selector": {"namespaces": [policies.NAMESPACE]},
        "direction": "to",  # Chaos Mesh refuses another one with external targets
    }
    chaos.only("NetworkChaos", spec, wanted, optional={"direction"})
    targets = spec.get("externalTargets")
    if not isinstance(targets, list) or len(targets) != 1 or not policies.is_address(targets[0], other):
        raise not_stood_in_for(f"NetworkChaos with spec.externalTargets {targets!r} (there is [{other!r}])")
    return NetworkChaos(
        metadata=metadata, spec=dict(spec), duration_s=chaos.duration_s(spec), more_ms=_more_ms(spec.get("delay"))
    )


def _more_ms(delay: Any) -> float:  # whatever JSON was sent
    if not isinstance(delay, dict) or "latency" not in delay:
        raise Refusal(422, "spec.delay.latency: required")
    if other := sorted(field for field in delay if field != "latency" and delay[field] != _STEADY.get(field)):
        raise not_stood_in_for(f"NetworkChaos with spec.delay.{', spec.delay.'.join(other)}")
    more_ms = chaos.seconds(delay["latency"], "delay.latency") * 1000
    if not 0 < more_ms <= SLOWEST_MS:
        raise Refusal(422, f"spec.delay.latency {delay['latency']!r}: must be more than 0, {SLOWEST_MS} ms at most")
    return more_ms


def shown(one: NetworkChaos, pods: Sequence[Pod], slowed_ms: float) -> Object:
    """With its status; `pods` are those of the product's namespace, `slowed_ms` is how late what they send arrives now."""
    has_it = slowed_ms == one.more_ms
    injected = {f"{pod.workload.namespace}/{pod.name}": has_it for pod in pods}
    return chaos.shown(one, injected, all_injected=bool(pods) and has_it, recovered=slowed_ms == 0)
