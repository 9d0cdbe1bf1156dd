"""An object after a patch: JSON merge patch (RFC 7396), JSON patch (RFC 6902) and, as far as maps go, strategic merge."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from lab.kubernetes.objects.shape import Object
from lab.kubernetes.refusal import Refusal, not_stood_in_for

_KEY = "name"  # by which a strategic merge finds the entry of a list


def patched(content_type: str, old: Object, patch: Any) -> Object:
    """A new object. Raises Refusal 400, 415, 422 or 501. Any: whatever JSON was sent."""
    kinds: dict[str, Callable[[Object, Any], Object]] = {
        "application/merge-patch+json": lambda one, other: _merged(one, other, strategic=False),
        "application/strategic-merge-patch+json": lambda one, other: _merged(one, other, strategic=True),
        "application/json-patch+json": _operated,
    }
    kind = content_type.partition(";")[0].strip()
    if kind not in kinds:
        raise Refusal(415, f"patch of type {kind!r}: the lab takes {', '.join(kinds)}")
    return kinds[kind](copy.deepcopy(old), patch)


def _merged(old: Any, patch: Any, *, strategic: bool) -> Any:
    if not isinstance(patch, dict):
        return patch
    made = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if strategic and key.startswith("$setElementOrder/"):
            continue  # no list that can be changed here has an order that matters
        if strategic and key.startswith("$"):
            raise not_stood_in_for(f"strategic merge patch with {key}")
        if value is None:
            made.pop(key, None)
        elif strategic and isinstance(value, list) and isinstance(made.get(key), list):
            made[key] = _merged_list(made[key], value)
        else:
            made[key] = _merged(made.get(key), value, strategic=strategic)
    return made


def _merged_list(old: list[Any], patch: list[Any]) -> list[Any]:
    if not all(isinstance(each, dict) and _KEY in each for each in [*old, *patch]):
        return patch
    made = {each[_KEY]: each for each in old}
    for each in patch:
        made[each[_KEY]] = _merged(made.get(each[_KEY]), each, strategic=True)
    return list(made.values())


def _operated(shown: Object, patch: Any) -> Object:
    if not isinstance(patch, list):
        raise Refusal(400, "a JSON patch is a list of operations")
    for operation in patch:
        try:
            _operate(shown, operation)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise Refusal(422, f"JSON patch {operation}: {type(error).__name__} {error}") from error
    return shown


def _operate(shown: Any, operation: dict[str, Any]) -> None:
    do, path = operation["op"], operation["path"]
    *way, last = [each.replace("~1", "/").replace("~0", "~") for each in path.lstrip("/").split("/")]
    for each in way:
        shown = shown[int(each)] if isinstance(shown, list) else shown[each]
    if isinstance(shown, list):
        raise not_stood_in_for("JSON patch of an entry of a list")
    if do == "remove":
        del shown[last]
    elif do == "add" or (do == "replace" and last in shown):
        shown[last] = operation["value"]
    elif do == "test":
        if shown.get(last) != operation["value"]:
            raise Refusal(422, f"JSON patch: test of {path} failed")
    else:
        raise Refusal(422, f"JSON patch: cannot {do} {path}")
