"""What a request asks for, read from its method, path and query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lab.kubernetes import catalogue
from lab.kubernetes.catalogue import Resource
from lab.kubernetes.refusal import Refusal

_ONE = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "POST": "create"}
_MANY = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}
_AFTER_NAMESPACE = 2
_FIRST = {"api": 2, "apis": 3}  # parts of the path before the resource's own


@dataclass(frozen=True)
class Asked:
    """`namespace` None: of all of them, or of none; `name` None: of all objects."""

    verb: str
    resource: Resource
    namespace: str | None
    name: str | None


def read(method: str, path: str, query: Mapping[str, str]) -> Asked:
    """Raises Refusal: 404 for a path that leads nowhere, 405 for a method that the resource does not have."""
    parts = path.strip("/").split("/")
    before = _FIRST.get(parts[0], 0)
    if not before or len(parts) <= before:
        raise Refusal(404, f"{path}: there is nothing here")
    group, version = ("", parts[1]) if parts[0] == "api" else (parts[1], parts[2])
    rest, namespace = parts[before:], None
    if rest[0] == "namespaces" and len(rest) > _AFTER_NAMESPACE:
        namespace, rest = rest[1], rest[_AFTER_NAMESPACE:]
    name = rest[1] if len(rest) > 1 else None
    resource = catalogue.find(group, version, "/".join([rest[0], *rest[2:]]))
    if resource is None or (namespace is not None and not resource.namespaced):
        raise Refusal(404, "the server could not find the requested resource")
    verb = (_MANY if name is None else _ONE).get(method, "")
    if verb == "list" and query.get("watch") in ("1", "true"):
        verb = "watch"
    if verb not in resource.verbs:
        raise Refusal(405, f"{method} {path}: the lab's {resource.plural} have {', '.join(resource.verbs)}")
    return Asked(verb, resource, namespace, name)
