"""Label selectors and field selectors, as queries and as policies write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from lab.kubernetes.refusal import Refusal

Labels = Mapping[str, str]
_SET = re.compile(r"^\s*(?P<key>[\w./-]+)\s+(?P<op>in|notin)\s*\((?P<values>[^)]*)\)\s*$")
_EQUAL = re.compile(r"^\s*(?P<key>[\w./-]+)\s*(?P<op>==|=|!=)\s*(?P<value>[^\s=,()]*)\s*$")
_EXISTS = re.compile(r"^\s*(?P<no>!?)\s*(?P<key>[\w./-]+)\s*$")
_COMMA = re.compile(r",(?![^(]*\))")  # not within parentheses


def by_labels(selector: str) -> Callable[[Labels], bool]:
    """Whether labels match, for a query's ``labelSelector`` ("": all do). Raises Refusal 400."""
    asked = [_requirement(each) for each in _COMMA.split(selector)] if selector.strip() else []
    return lambda labels: all(each(labels) for each in asked)


def by_fields(selector: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether an object matches, for a query's ``fieldSelector`` ("": all do). Any field can be named. Raises Refusal 400."""
    asked: list[tuple[list[str], bool, str]] = []
    for each in selector.split(",") if selector.strip() else []:
        found = _EQUAL.match(each)
        if found is None:
            raise Refusal(400, f"fieldSelector {each!r}: must be field=value or field!=value")
        asked.append((found["key"].split("."), found["op"] != "!=", found["value"]))
    return lambda shown: all((_field(shown, path) == value) == equal for path, equal, value in asked)


def by_object(selector: Mapping[str, Any]) -> Callable[[Labels], bool]:
    """Whether labels match a LabelSelector (``matchLabels``, ``matchExpressions``); an empty one: all do. Raises Refusal 422."""
    if unknown := set(selector) - {"matchLabels", "matchExpressions"}:
        raise Refusal(422, f"selector: unknown field {', '.join(sorted(unknown))}")
    equal = dict(selector.get("matchLabels") or {})
    asked = [_expression(each) for each in selector.get("matchExpressions") or []]
    return lambda labels: (
        all(labels.get(key) == value for key, value in equal.items()) and all(each(labels) for each in asked)
    )


def _requirement(text: str) -> Callable[[Labels], bool]:
    if found := _SET.match(text):
        values = {each.strip() for each in found["values"].split(",")}
        return _among(found["key"], values, inside=found["op"] == "in")
    if found := _EQUAL.match(text):
        return _among(found["key"], {found["value"]}, inside=found["op"] != "!=")
    if found := _EXISTS.match(text):
        key, wanted = found["key"], not found["no"]
        return lambda labels: (key in labels) == wanted
    raise Refusal(400, f"labelSelector {text!r}: cannot be read")


def _expression(asked: Mapping[str, Any]) -> Callable[[Labels], bool]:
    key, operator, values = asked.get("key"), asked.get("operator"), set(asked.get("values") or [])
    if not isinstance(key, str):
        raise Refusal(422, "matchExpressions: key is required")
    if operator in ("In", "NotIn"):
        return _among(key, values, inside=operator == "In")
    if operator in ("Exists", "DoesNotExist"):
        return lambda labels: (key in labels) == (operator == "Exists")
    raise Refusal(422, f"matchExpressions: operator {operator!r}: there are In, NotIn, Exists, DoesNotExist")


def _among(key: str, values: set[str], *, inside: bool) -> Callable[[Labels], bool]:
    if inside:
        return lambda labels: key in labels and labels[key] in values
    return lambda labels: labels.get(key) not in values  # a label that is missing is not among them


def _field(shown: Any, path: list[str]) -> str:
    for each in path:
        shown = shown.get(each) if isinstance(shown, Mapping) else None
    if isinstance(shown, bool):
        return str(shown).lower()
    return "" if shown is None else str(shown)
