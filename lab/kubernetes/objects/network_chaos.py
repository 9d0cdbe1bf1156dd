"""NetworkChaos of Chaos Mesh: the one shape of it that the lab can make real, late or lossy, and how it is shown.

What leaves the pods of the product for the other site is late, or a share of it is lost. All processes of a site share its
network: pods of another namespace, or some of them, cannot be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lab.kubernetes import policies
from lab.kubernetes.objects import chaos
from lab.kubernetes.objects.shape import Object
from lab.kubernetes.refusal import Refusal, not_stood_in_for
from lab.kubernetes.wanted import NetworkChaos, Pod
from lab.provider import SLOWEST_MS, SOUND, Impaired

_FIELDS = {"action", "mode", "selector", "direction", "externalTargets", "duration"}
_PARAMETERS = {
    "delay": "latency",
    "loss": "loss",
}  # action, under whose name its parameters stand -> the one that it needs
_STEADY = {"jitter": "0ms", "correlation": "0"}  # what Chaos Mesh takes where they are left out


def checked(metadata: Object, spec: Any, other: str) -> NetworkChaos:
    """All pods of the product, what they send to `other`, the private address of the other site. Raises Refusal 422 or 501."""
    action = str(spec.get("action")) if isinstance(spec, dict) else ""
    spec = chaos.no_other("NetworkChaos", spec, {*_FIELDS, action}, required="action")
    if action not in _PARAMETERS:
        raise not_stood_in_for(f"NetworkChaos with spec.action {action!r} (there are {', '.join(_PARAMETERS)})")
    wanted = {
        "mode": "all",
        "selector": {"namespaces": [policies.NAMESPACE]},
        "direction": "to",  # Chaos Mesh refuses another one with external targets
    }
    chaos.only("NetworkChaos", spec, wanted, optional={"direction"})
    targets = spec.get("externalTargets")
    if not isinstance(targets, list) or len(targets) != 1 or not policies.is_address(targets[0], other):
        raise not_stood_in_for(f"NetworkChaos with spec.externalTargets {targets!r} (there is [{other!r}])")
    value = _only_parameter(action, spec.get(action))
    impaired = Impaired(more_ms=_more_ms(value)) if action == "delay" else Impaired(loss=_loss(value))
    return NetworkChaos(metadata=metadata, spec=dict(spec), duration_s=chaos.duration_s(spec), impaired=impaired)


def _only_parameter(action: str, given: Any) -> Any:  # whatever JSON was sent
    name = _PARAMETERS[action]
    if not isinstance(given, Mapping) or name not in given:
        raise Refusal(422, f"spec.{action}.{name}: required")
    if other := sorted(field for field in given if field != name and given[field] != _STEADY.get(field)):
        raise not_stood_in_for(f"NetworkChaos with spec.{action}.{f', spec.{action}.'.join(other)}")
    return given[name]


def _more_ms(latency: Any) -> float:
    more_ms = chaos.seconds(latency, "delay.latency") * 1000
    if not 0 < more_ms <= SLOWEST_MS:
        raise Refusal(422, f"spec.delay.latency {latency!r}: must be more than 0, {SLOWEST_MS} ms at most")
    return more_ms


def _loss(percent: Any) -> float:
    try:
        share = float(percent) / 100 if isinstance(percent, str) else 0
    except ValueError:
        share = 0
    if not 0 < share <= 1:
        raise Refusal(422, f"spec.loss.loss {percent!r}: must be a number in quotes, more than 0, 100 at most")
    return share


def shown(one: NetworkChaos, pods: Sequence[Pod], now: Impaired) -> Object:
    """With its status; `pods` are those of the product's namespace, `now` is what happens to what they send."""
    has_it = now == one.impaired
    injected = {f"{pod.workload.namespace}/{pod.name}": has_it for pod in pods}
    return chaos.shown(one, injected, all_injected=bool(pods) and has_it, recovered=now == SOUND)
