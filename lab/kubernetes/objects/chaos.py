"""What all objects of Chaos Mesh have in common: durations, fields that have one value here, and the status that is shown."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Any

from lab.kubernetes.objects.shape import Object, moment
from lab.kubernetes.refusal import Refusal, not_stood_in_for
from lab.kubernetes.wanted import Chaos

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


def seconds(text: Any, field: str) -> float:
    """Of a duration as Go writes it ("90s", "1m30s", "-5s"). Raises Refusal 422."""
    sign, parts = (-1, str(text)[1:]) if str(text).startswith("-") else (1, str(text))
    found = _PART.findall(parts)
    if not found or "".join(number + unit for number, unit in found) != parts:
        raise Refusal(422, f"spec.{field} {text!r}: must be a duration such as 90s or 1m30s")
    return sign * sum(float(number) * _UNITS[unit] for number, unit in found)


def duration_s(spec: Mapping[str, Any]) -> float | None:
    """After how long it ends by itself; None: it does not. Raises Refusal 422."""
    if "duration" not in spec:
        return None
    found = seconds(spec["duration"], "duration")
    if found <= 0:
        raise Refusal(422, f"spec.duration {spec['duration']!r}: must be more than 0")
    return found


def only(kind: str, spec: Mapping[str, Any], values: Mapping[str, Any], optional: Container[str]) -> None:
    """Each of these fields has the one value that there is here; an optional one may be left out. Raises Refusal 501."""
    for field, value in values.items():
        if spec.get(field) != value and not (field in optional and field not in spec):
            raise not_stood_in_for(f"{kind} with spec.{field} {spec.get(field)!r} (there is {value!r})")


def no_other(kind: str, spec: Any, known: Container[str], required: str) -> Object:
    """The spec, which has the field that it has to have, and none that is unknown. Raises Refusal 422 or 501."""
    if not isinstance(spec, dict) or required not in spec:
        raise Refusal(422, f"spec.{required}: required")
    if unknown := sorted(field for field in spec if field not in known):
        raise not_stood_in_for(f"{kind} with spec.{', spec.'.join(unknown)}")
    return spec


def shown(one: Chaos, injected: Mapping[str, bool], *, all_injected: bool, recovered: bool) -> Object:
    """With its status. `injected`: by the id of each pod or container that was selected, whether it has it."""
    records = [
        {"id": name, "selectorKey": ".", "phase": "Injected" if has_it else "Not Injected"}
        for name, has_it in injected.items()
    ]
    conditions = {
        "Selected": bool(injected),
        "AllInjected": all_injected,
        "AllRecovered": recovered,
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


def is_recovered(shown: Object) -> bool:
    """Whether nothing has it any more."""
    return {"type": "AllRecovered", "status": "True"} in shown["status"]["conditions"]
