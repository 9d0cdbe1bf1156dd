"""Objects as answers show them: one, a list, and what of them a query selects."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lab.kubernetes.asked import Asked
from lab.kubernetes.catalogue import Resource
from lab.kubernetes.objects.shape import Object
from lab.kubernetes.selectors import by_fields, by_labels
from lab.kubernetes.versions import Key, Versions

Selected = Callable[[Key, Object], bool]


def selected(asked: Asked, query: Mapping[str, str]) -> Selected:
    """Whether an object is one of those that were asked for. Raises Refusal 400."""
    labels, fields = by_labels(query.get("labelSelector", "")), by_fields(query.get("fieldSelector", ""))
    plural = asked.resource.plural.partition("/")[0]

    def wanted(key: Key, shown: Object) -> bool:
        return (
            key[0] == plural
            and asked.namespace in (None, key[1])
            and asked.name in (None, key[2])
            and labels(shown["metadata"].get("labels", {}))
            and fields(shown)
        )

    return wanted


def one(resource: Resource, shown: Object) -> Object:
    """With its kind, as it is shown alone."""
    return {"kind": resource.kind, "apiVersion": resource.api_version, **shown}


def many(resource: Resource, versions: Versions, wanted: Selected) -> Object:
    """A list, by namespace and name."""
    items = [shown for key, shown in sorted(versions.objects.items(), key=_in_order) if wanted(key, shown)]
    return {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": {"resourceVersion": str(versions.version)},
        "items": items,
    }


def _in_order(entry: tuple[Key, Object]) -> tuple[str, str]:
    (_, namespace, name), _ = entry
    return namespace or "", name
