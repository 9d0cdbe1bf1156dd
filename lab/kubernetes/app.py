"""The API server of one site: who asks, for what, may he, and the answer."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from lab.control import Refused
from lab.kubernetes import (
    access,
    asked,
    catalogue,
    changes,
    chaos,
    endings,
    lists,
    logs,
    openapi,
    patches,
    protobuf,
    quotas,
    tables,
    watches,
)
from lab.kubernetes.access import Door, User
from lab.kubernetes.asked import Asked
from lab.kubernetes.creation import created
from lab.kubernetes.objects import owners
from lab.kubernetes.objects.shape import Object
from lab.kubernetes.refusal import Refusal, not_found, not_stood_in_for, success
from lab.kubernetes.standing import Standing
from lab.model import ServiceFailed

STAND_IN = "zweitherz lab: Kubernetes API over processes, no containers; for tests and learning"
_VERSION = {
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.0-stand-in.zweitherz",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "none",
    "platform": "linux/stand-in",
}
# whoever creates and ends objects of that kind
_KEPT = {"resourcequotas": quotas, **dict.fromkeys(catalogue.CHAOS, chaos)}
_LONGEST_BODY = 1 << 20


class Api:
    """An ASGI application. Everything but whether it lives needs a token."""

    def __init__(self, standing: Standing, door: Door) -> None:
        self._standing, self._door = standing, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except Refusal as refusal:
            response = JSONResponse(refusal.status(), refusal.code)
        except (ServiceFailed, Refused, OSError) as error:
            response = JSONResponse(Refusal(500, " ".join(str(error).split())).status(), 500)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - a fault of ours: the client is told, and the lab's log shows where
            traceback.print_exc()
            response = JSONResponse(Refusal(500, f"{type(error).__name__}: {error}").status(), 500)
        response.headers["stand-in"] = STAND_IN
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.url.path
        if path in ("/livez", "/readyz", "/healthz"):
            return Response("ok", media_type="text/plain")
        user = self._door.user(request.headers.get("authorization", ""))
        if request.method == "GET" and (found := _discovered(path)) is not None:
            return JSONResponse(found)
        what = asked.read(request.method, path, request.query_params)
        access.must(
            user, what.verb, what.resource.group, what.resource.plural, name=what.name, namespace=what.namespace
        )
        if "dryRun" in request.query_params:
            raise not_stood_in_for("dryRun")
        return await self._done(request, user, what)

    async def _done(self, request: Request, user: User, what: Asked) -> Response:
        await self._standing.look()
        query = request.query_params
        match what.verb:
            case "get" if what.resource.plural == "pods/log":
                return self._log(what, query)
            case "get" | "list":
                return self._look(what, query, as_table=tables.wanted(request.headers.get("accept", "")))
            case "watch":
                return self._watch(what, query, as_table=tables.wanted(request.headers.get("accept", "")))
            case "patch" | "update":
                return await self._change(request, what)
        if what.verb == "create" and what.resource.kind == "SelfSubjectAccessReview":
            is_protobuf = request.headers.get("content-type", "").startswith(protobuf.CONTENT_TYPE)
            review = protobuf.access_review(await _raw(request)) if is_protobuf else await _body(request)
            return JSONResponse(access.review(user, review, self._standing.namespaces), 201)
        return await self._made_or_ended(what, await _body(request), query)

    async def _made_or_ended(self, what: Asked, body: Object, query: Mapping[str, str]) -> Response:
        match what.verb, what.resource.plural:
            case "create", "pods/eviction":
                return self._evict(what, body)
            case "create", "networkpolicies":
                return await self._create_policy(what, body)
            case "create" | "delete", plural if plural in _KEPT:
                return await self._keep(what, body)
            case "delete" | "deletecollection", "pods":
                return self._delete_pods(what, body, query)
            case "delete", "networkpolicies":
                return await self._delete_policy(what)
        raise not_stood_in_for(f"{what.verb} {what.resource.plural}")

    def _found(self, what: Asked) -> Object:
        plural = what.resource.plural.partition("/")[0]
        shown = self._standing.versions.objects.get((plural, what.namespace, str(what.name)))
        if shown is None:
            group = f".{what.resource.group}" if what.resource.group else ""
            raise not_found(plural + group, str(what.name))
        return shown

    def _shown(self, what: Asked) -> Object:
        shown = self._found(what)
        if what.resource.kind == "Scale":
            return owners.scale(shown)
        return lists.one(what.resource, shown)

    def _look(self, what: Asked, query: Mapping[str, str], *, as_table: bool) -> Response:
        resource, versions = what.resource, self._standing.versions
        if what.verb == "get":
            shown, items = self._shown(what), [self._shown(what)]
        else:
            shown = lists.many(resource, versions, lists.selected(what, query))
            items = shown["items"]
        if as_table and "/" not in resource.plural:
            shown = tables.table(resource.plural, items, str(versions.version))
        return JSONResponse(shown)

    def _log(self, what: Asked, query: Mapping[str, str]) -> Response:
        pod = self._standing.wanted.pod(str(what.namespace), str(what.name))
        if pod is None:
            raise not_found("pods", str(what.name))
        response = StreamingResponse(logs.read(self._standing, pod, query), media_type="text/plain")
        if query.get("timestamps") in ("1", "true"):
            _warn(response, logs.NO_TIMES)
        return response

    def _watch(self, what: Asked, query: Mapping[str, str], *, as_table: bool) -> Response:
        if query.get("sendInitialEvents"):
            raise Refusal(422, "sendInitialEvents: forbidden: not stood in for by the lab")
        version = query.get("resourceVersion") or "0"
        within = query.get("timeoutSeconds")
        if not version.isdigit() or (within is not None and not within.isdigit()):
            raise Refusal(400, "resourceVersion, timeoutSeconds: must be whole numbers")
        events = watches.watch(
            self._standing,
            what.resource,
            lists.selected(what, query),
            int(version) or None,
            float(within) if within else None,
            as_table=as_table,
        )
        return StreamingResponse(events, media_type="application/json")

    def _evict(self, what: Asked, body: Object) -> Response:
        options = body.get("deleteOptions") or {}
        grace = endings.grace_s(options.get("gracePeriodSeconds"))
        endings.end_pod(self._standing, self._found(what), options, grace)
        return JSONResponse(success(), 201)

    def _delete_pods(self, what: Asked, options: Object, query: Mapping[str, str]) -> Response:
        grace = endings.grace_s(options.get("gracePeriodSeconds"), query.get("gracePeriodSeconds"))
        if what.name is not None:
            ended = endings.end_pod(self._standing, self._found(what), options, grace)
            return JSONResponse(lists.one(what.resource, ended))
        chosen = lists.many(what.resource, self._standing.versions, lists.selected(what, query))
        items = [endings.end_pod(self._standing, shown, options, grace) for shown in chosen["items"]]
        return JSONResponse({**chosen, "items": items})

    async def _delete_policy(self, what: Asked) -> Response:
        await endings.end_policy(self._standing, str(what.namespace), str(what.name))
        await self._standing.look()
        return JSONResponse(
            success(details={"name": what.name, "group": what.resource.group, "kind": "networkpolicies"})
        )

    async def _create_policy(self, what: Asked, body: Object) -> Response:
        made = created(what, body, self._standing.namespaces, self._standing.wanted.policies)
        name, namespace = made["name"], made["namespace"]
        warning = await changes.put_policy(self._standing, {"metadata": made, "spec": body.get("spec")})
        await self._standing.look()
        shown = self._standing.versions.objects["networkpolicies", namespace, name]
        return _warn(JSONResponse(lists.one(what.resource, shown), 201), warning)

    async def _keep(self, what: Asked, body: Object) -> Response:
        """Create an object of its own, or delete it: shown as it is afterwards, and one that is gone as it was last."""
        kind, plural, objects = _KEPT[what.resource.plural], what.resource.plural, self._standing.versions.objects
        if what.verb == "create":
            kind.create(self._standing, what, body)
            await self._standing.look()
            return JSONResponse(
                lists.one(what.resource, objects[plural, what.namespace, body["metadata"]["name"]]), 201
            )
        last = self._found(what)
        kind.end(self._standing, what)
        await self._standing.look()
        return JSONResponse(lists.one(what.resource, objects.get((plural, what.namespace, str(what.name)), last)))

    async def _change(self, request: Request, what: Asked) -> Response:
        old = self._shown(what)
        body = await _body(request, of=dict if what.verb == "update" else (dict, list))
        new = body if what.verb == "update" else patches.patched(request.headers.get("content-type", ""), old, body)
        warning = await changes.change(self._standing, what, old, new)
        await self._standing.look()
        return _warn(JSONResponse(self._shown(what)), warning)


def _discovered(path: str) -> Object | None:
    """What a client asks to learn what there is; None: this is no such path."""
    match path.strip("/").split("/"):
        case ["version"]:
            found: Object | None = _VERSION
        case ["openapi", "v3"]:
            found = openapi.index()
        case ["openapi", "v3", *of]:
            found = openapi.document("/".join(of))
        case ["api"]:
            found = {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ["api", version]:
            found = catalogue.resources("", version)
        case ["apis"]:
            found = catalogue.groups()
        case ["apis", group]:
            found = catalogue.group(group)
        case ["apis", group, version]:
            found = catalogue.resources(group, version)
        case _:
            found = None
    return found


async def _raw(request: Request) -> bytes:
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _LONGEST_BODY:
            raise Refusal(400, f"body: longer than {_LONGEST_BODY} bytes")
    return raw


async def _body(request: Request, of: Any = dict) -> Any:  # JSON values, of the type `of`
    """Of the request; an empty one is an empty object. Raises Refusal 400 or 415."""
    raw = await _raw(request)
    content_type = request.headers.get("content-type", "application/json")
    if raw and "json" not in content_type:
        raise Refusal(415, f"body of type {content_type!r}: the lab reads JSON")
    try:
        body = json.loads(raw) if raw.strip() else {}
    except ValueError as error:
        raise Refusal(400, f"body: not JSON ({error})") from error
    if not isinstance(body, of):
        raise Refusal(400, "body: not a JSON object")
    return body


def _warn(response: Response, warning: str) -> Response:
    if warning:
        response.headers["warning"] = f'299 - "{warning}"'
    return response
