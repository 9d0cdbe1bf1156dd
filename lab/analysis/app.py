"""The ASGI application: routes, headers, errors. Run by granian, which ends TLS.

=======  ====================================  ==========================================================
method   path                                  answer
=======  ====================================  ==========================================================
POST     /analysis                             the finding on one Observation (`lab.analysis.finding`); nothing is stored
GET      /analysis/stream                      101: the live stream (`lab.analysis.stream`)
GET      /health/ready                         200: it needs no database, so it is ready at both sites
=======  ====================================  ==========================================================

Callers show the product's bearer tokens (`lab.vitals.access`). Every answer names ``Serving-Site`` and ``Service-Version``.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send

from lab.analysis.examiner import Examiner
from lab.analysis.metrics import Metrics
from lab.analysis.settings import Settings
from lab.analysis.stream import Streams
from lab.vitals.access import caller
from lab.vitals.body import read_body
from lab.vitals.log import LOG, set_up_log
from lab.vitals.metrics import serve_privately
from lab.vitals.outcome import Refusal
from lab.vitals.settings import VERSION

_FHIR = "application/fhir+json"
_TYPES = {"application/fhir+json", "application/json"}
_CODES = {404: "not-found", 405: "not-supported"}


class Analysis:
    """The service of one site."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.examiner = Examiner(settings.site, self.metrics)
        self.streams = Streams(self.examiner, self.metrics, settings.token_key)

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/analysis", self._assess, methods=["POST"]),
                WebSocketRoute("/analysis/stream", self.streams.serve),
                Route("/health/ready", self._ready),
            ],
            exception_handlers={Refusal: self._refuse, HTTPException: self._refuse_route},
            lifespan=self._live,
        )

    @contextlib.asynccontextmanager
    async def _live(self, _: Starlette) -> AsyncIterator[None]:
        set_up_log(self.settings.site)
        if self.settings.metrics_address:
            serve_privately(self.metrics.registry, self.settings)
        LOG.info("started")
        yield
        LOG.info("stopped")

    async def _assess(self, request: Request) -> Response:
        given = dict(request.scope["headers"])
        who = caller(given.get(b"authorization"), self.settings.token_key)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _TYPES:
            raise Refusal(415, "not-supported", "Content-Type must be application/fhir+json")
        status, said = self.examiner.answer(await read_body(given, request.receive), who)
        return Response(said, status, media_type=_FHIR)

    async def _ready(self, _: Request) -> Response:
        return Response(b'{"status":"ready"}', media_type="application/json")

    async def _refuse(self, _: Request, refusal: Any) -> Response:  # Starlette types handlers by Exception
        self.metrics.answered("refused")
        headers = {"www-authenticate": "Bearer"} if refusal.status == 401 else {}
        return Response(refusal.body(), refusal.status, headers, media_type=_FHIR)

    async def _refuse_route(self, _: Request, error: Any) -> Response:
        refusal = Refusal(error.status_code, _CODES.get(error.status_code, "processing"), error.detail)
        return Response(refusal.body(), error.status_code, error.headers, media_type=_FHIR)


def stamped(application: Starlette, site: str) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Adds to every answer, also to that of an upgrade, who gave it."""
    marks = [
        (b"serving-site", site.encode()),
        (b"service-version", VERSION.encode()),
        (b"cache-control", b"no-store"),
    ]
    answers = {"http.response.start", "websocket.accept", "websocket.http.response.start"}

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] in answers:
                message["headers"] = [*message.get("headers", []), *marks]
            await send(message)

        await application(scope, receive, marked)

    return answer


@cache
def _service() -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    settings = Settings.from_environment()
    return stamped(Analysis(settings).application(), settings.site)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Entry point for the application server; the service is made at the first call, when the environment is known."""
    await _service()(scope, receive, send)
