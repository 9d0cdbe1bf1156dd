"""Objects before and after a patch."""

from __future__ import annotations

from typing import Any

import pytest

from lab.kubernetes.patches import patched
from lab.kubernetes.refusal import Refusal

_MERGE, _STRATEGIC, _JSON = (
    f"application/{kind}+json" for kind in ("merge-patch", "strategic-merge-patch", "json-patch")
)
_OLD: dict[str, Any] = {"spec": {"replicas": 2, "containers": [{"name": "a", "image": "x"}, {"name": "b"}]}}


@pytest.mark.parametrize("kind", [_MERGE, _STRATEGIC])
def test_maps_are_merged_and_null_removes(kind: str) -> None:
    new = patched(kind, _OLD, {"spec": {"replicas": None, "more": 1}, "metadata": {"labels": {"a": "b"}}})
    assert new["spec"] == {"more": 1, "containers": _OLD["spec"]["containers"]}
    assert new["metadata"] == {"labels": {"a": "b"}}
    assert _OLD["spec"]["replicas"] == 2, "the old one stays as it was"


def test_a_list_is_replaced_by_a_merge_and_merged_by_name_by_a_strategic_one() -> None:
    patch = {"spec": {"containers": [{"name": "a", "image": "y"}], "$setElementOrder/containers": [{"name": "a"}]}}
    assert patched(_STRATEGIC, _OLD, patch)["spec"]["containers"] == [{"name": "a", "image": "y"}, {"name": "b"}]
    plain = {"spec": {"containers": [{"name": "c"}]}}
    assert patched(_MERGE, _OLD, plain)["spec"]["containers"] == [{"name": "c"}]


def test_operations() -> None:
    operations = [
        {"op": "test", "path": "/spec/replicas", "value": 2},
        {"op": "replace", "path": "/spec/replicas", "value": 0},
        {"op": "add", "path": "/spec/a~1b", "value": "c"},
    ]
    assert patched(_JSON, _OLD, operations)["spec"] == {**_OLD["spec"], "replicas": 0, "a/b": "c"}


@pytest.mark.parametrize(
    ("kind", "patch", "code"),
    [
        ("application/apply-patch+yaml", {}, 415),
        (_STRATEGIC, {"spec": {"$patch": "replace"}}, 501),
        (_JSON, {}, 400),
        (_JSON, [{"op": "test", "path": "/spec/replicas", "value": 3}], 422),
        (_JSON, [{"op": "replace", "path": "/nowhere/at/all", "value": 3}], 422),
        (_JSON, [{"op": "replace", "path": "/spec/containers/0", "value": {}}], 501),
    ],
)
def test_what_cannot_be_done_is_refused(kind: str, patch: Any, code: int) -> None:
    with pytest.raises(Refusal) as refused:
        patched(kind, _OLD, patch)
    assert refused.value.code == code
