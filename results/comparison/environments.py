"""Were both runs made on the same machine with the same versions? (``environment.json`` of each)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_MEMORY_TOLERANCE = 0.01  # a kernel keeps a little more or less for itself
_ABSENT = "not recorded"


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[str]:  # both are JSON objects, as `drill.machine` wrote them
    """One line for each part of the fingerprint that differs, or that one run, or both, did not record."""
    was, now = dict(_fingerprint(old)), dict(_fingerprint(new))
    return [
        f"{key}: {_shown(was.get(key))} and {_shown(now.get(key))}"
        for key in dict.fromkeys([*was, *now])
        if not _equal(key, was.get(key), now.get(key))
    ]


def _fingerprint(environment: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    machine = environment.get("machine") or {}
    for name, shown in (("cpu", "processor"), ("cores", "cores"), ("memory_bytes", "memory"), ("system", "system")):
        yield shown, machine.get(name)
    yield "Python", machine.get("python")
    for name, version in sorted((environment.get("packages") or {}).items()):
        yield f"package {name}", version
    for name, version in sorted((environment.get("servers") or {}).items()):
        yield f"server {name}", version
    lab = environment.get("lab") or {}
    yield "links of the lab", (lab.get("links") or {}).get("kind") if lab else "no lab"


def _equal(key: str, was: object, now: object) -> bool:
    if was is None or now is None:
        return False  # what is not known is not equal
    if key == "memory" and isinstance(was, int | float) and isinstance(now, int | float):
        return abs(now - was) <= _MEMORY_TOLERANCE * was
    return was == now


def _shown(value: object) -> str:
    if value is None:
        return _ABSENT
    return f"{value / 2**30:.1f} GiB" if isinstance(value, int) and value > 2**30 else str(value)
