"""What a request asks for."""

from __future__ import annotations

import pytest

from lab.kubernetes.asked import read
from lab.kubernetes.refusal import Refusal


@pytest.mark.parametrize(
    ("method", "path", "query", "verb", "plural", "namespace", "name"),
    [
        ("GET", "/api/v1/pods", {}, "list", "pods", None, None),
        ("GET", "/api/v1/pods", {"watch": "true"}, "watch", "pods", None, None),
        ("GET", "/api/v1/namespaces", {}, "list", "namespaces", None, None),
        ("GET", "/api/v1/namespaces/vitals", {}, "get", "namespaces", None, "vitals"),
        ("GET", "/api/v1/namespaces/vitals/pods/one/log", {}, "get", "pods/log", "vitals", "one"),
        ("POST", "/api/v1/namespaces/vitals/pods/one/eviction", {}, "create", "pods/eviction", "vitals", "one"),
        ("DELETE", "/api/v1/namespaces/vitals/pods", {}, "deletecollection", "pods", "vitals", None),
        ("PATCH", "/api/v1/nodes/fra-node-0", {}, "patch", "nodes", None, "fra-node-0"),
        ("PUT", "/apis/apps/v1/namespaces/v/deployments/d/scale", {}, "update", "deployments/scale", "v", "d"),
    ],
)
def test_verbs(
    method: str, path: str, query: dict[str, str], verb: str, plural: str, namespace: str, name: str
) -> None:
    what = read(method, path, query)
    assert (what.verb, what.resource.plural, what.namespace, what.name) == (verb, plural, namespace, name)


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/", 404),
        ("GET", "/api", 404),
        ("GET", "/api/v1/configmaps", 404),
        ("GET", "/api/v1/namespaces/vitals/nodes", 404),
        ("GET", "/apis/apps/v2/deployments", 404),
        ("GET", "/api/v1/namespaces/vitals/pods/one/exec", 404),
        ("DELETE", "/apis/apps/v1/namespaces/vitals/deployments/vitals", 405),
        ("POST", "/api/v1/namespaces/vitals/pods", 405),
        ("OPTIONS", "/api/v1/pods", 405),
    ],
)
def test_what_there_is_not(method: str, path: str, code: int) -> None:
    with pytest.raises(Refusal) as refused:
        read(method, path, {})
    assert refused.value.code == code
