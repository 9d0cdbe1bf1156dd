"""The metadata of an object that somebody creates: what he may set, and what the server adds."""

from __future__ import annotations

import time
import uuid
from collections.abc import Container

from lab.kubernetes.asked import Asked
from lab.kubernetes.objects.shape import Object, metadata
from lab.kubernetes.refusal import Refusal, not_found

_FIELDS = {"apiVersion", "kind", "metadata", "spec", "status"}
_METADATA_FIELDS = {"name", "namespace", "labels", "annotations", "creationTimestamp"}


def created(
    asked: Asked, body: Object, namespaces: Container[str], existing: Container[tuple[str | None, str]]
) -> Object:
    """The metadata; `existing` are namespaces and names of those of its kind. Raises Refusal 400, 404, 409 or 422."""
    sent, namespace = body.get("metadata") or {}, asked.namespace
    unknown = [*(set(body) - _FIELDS), *(f"metadata.{each}" for each in set(sent) - _METADATA_FIELDS)]
    if unknown:
        raise Refusal(422, f"unknown or not settable: {', '.join(sorted(unknown))}")
    name = sent.get("name")
    if namespace not in namespaces:
        raise not_found("namespaces", str(namespace))
    if not isinstance(name, str) or not name:
        raise Refusal(422, "metadata.name: required; generateName is not stood in for by the lab")
    if sent.get("namespace") not in (None, namespace):
        raise Refusal(400, f"metadata.namespace {sent['namespace']!r}: the request is for {namespace!r}")
    if (namespace, name) in existing:
        group = f".{asked.resource.group}" if asked.resource.group else ""
        raise Refusal(409, f'{asked.resource.plural}{group} "{name}" already exists', "AlreadyExists")
    made = metadata(name, namespace, str(uuid.uuid4()), time.time(), sent.get("labels"))
    if sent.get("annotations"):
        made["annotations"] = sent["annotations"]
    return made
