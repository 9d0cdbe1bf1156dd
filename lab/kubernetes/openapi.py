"""As much OpenAPI as kubectl asks for before it applies something: that this server checks fields itself (``fieldValidation``).

It does: what it does not know, it refuses.
"""

from __future__ import annotations

from typing import Any

from lab.kubernetes.catalogue import RESOURCES

_ROOT = "/openapi/v3"


def index() -> dict[str, Any]:
    """``/openapi/v3``. JSON values."""
    return {"paths": {path: {"serverRelativeURL": f"{_ROOT}/{path}"} for path in _paths()}}


def document(path: str) -> dict[str, Any] | None:
    """``/openapi/v3/<path>``, with a path of the index; None: there is none. JSON values."""
    if path not in _paths():
        return None
    shown: dict[str, Any] = {}
    for each in RESOURCES:
        if _path(each.api_version) == path and "patch" in each.verbs and "/" not in each.plural:
            within = "namespaces/{namespace}/" if each.namespaced else ""
            shown[f"/{path}/{within}{each.plural}/{{name}}"] = {
                "patch": {
                    "parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}],
                    "responses": {"200": {"description": "OK"}},
                    "x-kubernetes-group-version-kind": {
                        "group": each.group,
                        "version": each.version,
                        "kind": each.kind,
                    },
                }
            }
    info = {"title": "Kubernetes API of a lab, a stand-in", "version": "v1"}
    return {"openapi": "3.0.0", "info": info, "paths": shown, "components": {"schemas": {}}}


def _paths() -> list[str]:
    return list(dict.fromkeys(_path(each.api_version) for each in RESOURCES))


def _path(api_version: str) -> str:
    return f"apis/{api_version}" if "/" in api_version else f"api/{api_version}"
