"""The ASGI application: routes, headers, errors. Run by granian, which ends TLS.

=======  ====================================  ==========================================================
method   path                                  answer
=======  ====================================  ==========================================================
POST     /fhir                                 stores a transaction Bundle; committed before it is acknowledged
GET      /fhir/Observation?patient=p-…         the patient's own uploads, in pages
GET      /fhir/$export                         202 and Content-Location (scope system/*.read)
GET      /fhir/export/<name>                   202 while it goes on, then the manifest with the proof
GET      /fhir/export/<name>/uploads.ndjson    the rows
GET      /health/live                          200 while the process can answer
GET      /health/ready                         200 only while the site's database is primary and takes writes, else 503
=======  ====================================  ==========================================================

Every answer names ``Date`` (by the site's own clock), ``Serving-Site``, ``Serving-Role`` and ``Service-Version``; an
acknowledgement also ``Upload-Ack`` and ``Upload-Digest`` (SHA-256 of the body as received), and ``Upload-Replayed`` where the
upload had been stored before.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from lab.vitals.access import Caller, caller
from lab.vitals.body import read_body
from lab.vitals.bundle import read_upload
from lab.vitals.defect import DefectiveStore
from lab.vitals.errors import Errors
from lab.vitals.export import Exports
from lab.vitals.log import LOG, set_up_log
from lab.vitals.metrics import Metrics
from lab.vitals.outcome import Refusal
from lab.vitals.settings import Settings
from lab.vitals.store import Store

Scope = MutableMapping[str, Any]  # Any: ASGI's own messages
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_FHIR = b"application/fhir+json"
_TYPES = {b"application/fhir+json", b"application/json"}
_MOST_PER_PAGE = 200
_CHUNK = 1 << 18


class Vitals:
    """The service of one site."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings)
        self.metrics = Metrics()
        self.writes: Store | DefectiveStore = self.store
        if settings.defect != "none":
            self.writes = DefectiveStore(self.store, settings, self.metrics.registry)
        self.exports = Exports(settings.exports, self.store)
        self.role = b"unknown"
        self.errors = Errors(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            kind = (await receive())["type"]
            if kind == "lifespan.startup":
                set_up_log(self.settings.site)
                await self.store.open()
                if self.settings.metrics_address:
                    self.metrics.deployed(self.settings)
                    self.metrics.serves(lambda: self.role == b"active")
                    self.metrics.serve(self.settings)
                LOG.info("started")
            else:
                await self.store.close()
                self.errors.close()
                LOG.info("stopped")
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope["headers"])
        begun, status = time.perf_counter(), 200
        try:
            with self.errors.traced(_route_name(scope)):
                await self._route(scope, given, receive, send)
        except Refusal as refusal:
            status = refusal.status
            more = [(b"www-authenticate", b"Bearer")] if refusal.status == 401 else []
            if refusal.status == 503:
                # a connection that stays would bring its client back to a server that cannot help: the balancer knows better ones
                more += [(b"retry-after", b"1"), (b"connection", b"close")]
            if refusal.status >= 500:
                LOG.warning("refused", extra={"status": refusal.status, "why": refusal.code})
                if refusal.__cause__ is not None:
                    self._failed(refusal.__cause__)
            await self._send(send, refusal.status, refusal.body(), more)
        except Exception as error:  # noqa: BLE001 - the last door: the patient gets a truthful 500, the log the type
            status = 500
            LOG.exception("failed", extra={"why": type(error).__name__})
            self._failed(error)
            await self._send(send, 500, Refusal(500, "exception", "an internal error").body())
        if scope["path"] == "/fhir" and scope["method"] == "POST":
            self.metrics.upload(status, time.perf_counter() - begun)

    def _failed(self, error: BaseException) -> None:
        self.metrics.error(type(error).__name__)
        self.errors.failed(error)

    async def _route(self, scope: Scope, given: dict[bytes, bytes], receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if path == "/fhir" and method == "POST":
            await self._upload(given, receive, send)
        elif path == "/health/ready" and method in ("GET", "HEAD"):
            await self._ready(send)
        elif path == "/health/live" and method in ("GET", "HEAD"):
            await self._send(send, 200, b'{"status":"live"}')
        elif path == "/fhir/Observation" and method == "GET":
            await self._search(scope, self._caller(given), send)
        elif path == "/fhir/$export" and method == "GET":
            self._caller(given).must_audit()
            name = self.exports.begin(path)
            await self._send(send, 202, b"", [(b"content-location", f"/fhir/export/{name}".encode())])
        elif path.startswith("/fhir/export/") and method == "GET":
            self._caller(given).must_audit()
            await self._export(path.removeprefix("/fhir/export/"), send)
        elif path in ("/fhir", "/fhir/Observation", "/fhir/$export", "/health/live", "/health/ready"):
            raise Refusal(405, "not-supported", f"{method} is not supported here")
        else:
            raise Refusal(404, "not-found", "no such resource")

    def _caller(self, given: dict[bytes, bytes]) -> Caller:
        return caller(given.get(b"authorization"), self.settings.token_key, self._now_s())

    def _now_s(self) -> float:
        """Unix time by this site's clock."""
        return time.time() + self.settings.clock_s

    async def _upload(self, given: dict[bytes, bytes], receive: Receive, send: Send) -> None:
        who = self._caller(given)
        if given.get(b"content-type", b"").partition(b";")[0].strip().lower() not in _TYPES:
            raise Refusal(415, "not-supported", "Content-Type must be application/fhir+json")
        body = await read_body(given, receive)
        key = given.get(b"idempotency-key")
        upload = read_upload(body, key.decode("latin-1") if key is not None else None)
        who.must_be(upload.patient, "patient/*.write")
        digest = hashlib.sha256(body)
        stored = await self.writes.store(upload, digest.digest(), body)
        self.role = b"active"
        headers = [(b"upload-ack", b"%d" % stored.ack), (b"upload-digest", digest.hexdigest().encode())]
        if stored.replayed:
            headers.append((b"upload-replayed", b"true"))
        status = "200 OK" if stored.replayed else "201 Created"
        entries = [
            {"response": {"status": status, "location": f"Observation/{stored.ack}.{number}"}}
            for number in range(upload.entries)
        ]
        answer = {"resourceType": "Bundle", "id": str(stored.ack), "type": "transaction-response", "entry": entries}
        await self._send(send, 200 if stored.replayed else 201, json.dumps(answer).encode(), headers)

    async def _ready(self, send: Send) -> None:
        role = await self.store.role()
        self.role = role.encode()
        if role != "active":
            raise Refusal(503, "transient", "this site is the mirror: it takes no uploads")
        await self._send(send, 200, b'{"status":"ready"}')

    async def _search(self, scope: Scope, who: Caller, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        patient = query.get("patient", query.get("subject", [""]))[0].removeprefix("Patient/")
        if not patient:
            raise Refusal(400, "required", "the parameter patient is needed")
        if "system/*.read" not in who.scopes:
            who.must_be(patient, "patient/*.read")
        try:
            count = min(_MOST_PER_PAGE, max(1, int(query.get("_count", ["50"])[0])))
            after = int(query.get("_after", ["0"])[0])
        except ValueError as error:
            raise Refusal(400, "value", "_count and _after are whole numbers") from error
        found = await self.store.search(patient, after, count + 1)
        page, more = found[:count], len(found) > count
        links = [{"relation": "self", "url": f"/fhir/Observation?patient={patient}&_count={count}&_after={after}"}]
        if more:
            url = f"/fhir/Observation?patient={patient}&_count={count}&_after={page[-1][0]}"
            links.append({"relation": "next", "url": url})
        entries = [
            {"resource": {**entry["resource"], "id": f"{ack}.{number}"}, "search": {"mode": "match"}}
            for ack, bundle in page
            for number, entry in enumerate(bundle["entry"])
        ]
        answer = {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}
        await self._send(send, 200, json.dumps(answer).encode())

    async def _export(self, rest: str, send: Send) -> None:
        name, _, file = rest.partition("/")
        if not file:
            manifest = self.exports.status(name)
            if manifest is None:
                await self._send(send, 202, b"", [(b"retry-after", b"1")])
            else:
                await self._send(send, 200, json.dumps(manifest).encode())
        elif file == "uploads.ndjson":
            await self._send_file(send, self.exports.file(name))
        else:
            raise Refusal(404, "not-found", "no such resource")

    def _headers(self, length: int, kind: bytes) -> Headers:
        return [
            (b"content-type", kind),
            (b"content-length", b"%d" % length),
            (b"serving-site", self.settings.site.encode()),
            (b"serving-role", self.role),
            (b"service-version", self.settings.release.encode()),
            (b"date", formatdate(self._now_s(), usegmt=True).encode()),
            (b"cache-control", b"no-store"),
        ]

    async def _send(self, send: Send, status: int, body: bytes, more: Iterable[tuple[bytes, bytes]] = ()) -> None:
        headers = [*self._headers(len(body), _FHIR), *more]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _send_file(self, send: Send, path: Path) -> None:
        headers = self._headers(path.stat().st_size, b"application/fhir+ndjson")
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        with path.open("rb") as lines:
            while chunk := await asyncio.to_thread(lines.read, _CHUNK):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


_ROUTES = frozenset({"/fhir", "/fhir/Observation", "/fhir/$export", "/health/ready", "/health/live"})


def _route_name(scope: Scope) -> str:
    """Method and route; what is no route of ours keeps its path to itself."""
    path = str(scope["path"])
    shown = path if path in _ROUTES else "/fhir/export/{name}" if path.startswith("/fhir/export/") else "{other}"
    return f"{scope['method']} {shown}"


def app(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    """Entry point for the application server; the service is made at the first call."""
    global _service  # noqa: PLW0603 - one service per process, made when the environment is known
    if _service is None:
        _service = Vitals(Settings.from_environment())
    return _service(scope, receive, send)


_service: Vitals | None = None
