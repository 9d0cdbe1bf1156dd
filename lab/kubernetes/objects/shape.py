"""What all objects have in common. JSON values throughout."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

Object = dict[str, Any]
_OURS = uuid.UUID("6f1d7b52-6f0e-4f55-9d5b-9a4f0c3e2a10")


def moment(seconds: float) -> str:
    """A time as Kubernetes writes it: whole seconds, UTC."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def steady_uid(*names: str) -> str:
    """The same for the same names: of what exists as long as the lab does."""
    return str(uuid.uuid5(_OURS, "/".join(names)))


def metadata(
    name: str, namespace: str | None, uid: str, created_s: float, labels: Mapping[str, str] | None = None
) -> Object:
    """Without a resourceVersion, which `lab.kubernetes.versions` adds."""
    made: Object = {"name": name, "uid": uid, "creationTimestamp": moment(created_s)}
    if namespace is not None:
        made["namespace"] = namespace
    if labels:
        made["labels"] = dict(labels)
    return made


def condition(kind: str, holds: bool, since_s: float, reason: str = "", message: str = "") -> Object:
    """One of an object's conditions."""
    made = {"type": kind, "status": str(holds), "lastTransitionTime": moment(since_s)}
    return made | ({"reason": reason} if reason else {}) | ({"message": message} if message else {})


def counted(**numbers: int) -> Object:
    """Those that are not 0, as Kubernetes leaves them out."""
    return {name: number for name, number in numbers.items() if number}
