"""The receivers of a site as one ASGI application: Sentry's paths, Matomo's paths, and the cluster's readiness.

One process for both saves memory; they share nothing but the database, as two services of one cluster would.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from lab.telemetry.matomo_reporting import Reporting
from lab.telemetry.matomo_tracking import Tracking
from lab.telemetry.sentry_api import WebApi
from lab.telemetry.sentry_ingest import Ingest
from lab.telemetry.settings import Settings
from lab.telemetry.store import Store, Unavailable

_API = "/api/0"


def make(settings: Settings) -> Starlette:
    """The application of one site."""
    store = Store(settings)
    ingest, web = Ingest(settings, store), WebApi(settings, store)
    tracking, reporting = Tracking(settings, store), Reporting(settings, store)

    async def ready(_: Request) -> Response:
        try:
            active = await store.active()
        except Unavailable as error:
            return JSONResponse({"status": "unavailable", "why": str(error)}, 503)
        return JSONResponse({"status": "ready"}) if active else JSONResponse({"status": "mirror"}, 503)

    @contextlib.asynccontextmanager
    async def living(_: Starlette) -> AsyncIterator[None]:
        await store.open()
        print("started", flush=True)
        yield
        await store.close()

    routes = [
        Route("/api/{project}/envelope/", ingest.envelope, methods=["POST"]),
        Route(f"{_API}/organizations/{{organization}}/issues/", web.issues),
        Route(f"{_API}/projects/{{organization}}/{{project}}/events/", web.events),
        Route(f"{_API}/organizations/{{organization}}/monitors/{{slug}}/checkins/", web.check_ins),
        Route("/matomo.php", tracking.track, methods=["GET", "POST"]),
        Route("/index.php", reporting.call, methods=["GET", "POST"]),
        Route("/health/ready", ready),
    ]
    return Starlette(routes=routes, lifespan=living)


def stamped(application: Starlette, site: str) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Adds to every answer who gave it, and that it is a stand-in."""
    marks = [(b"serving-site", site.encode()), (b"stand-in", b"zweitherz")]

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *marks]  # type: ignore[misc]
            await send(message)

        await application(scope, receive, marked)  # type: ignore[arg-type]

    return answer


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Entry point for the application server; the service is made at the first call."""
    global _service  # noqa: PLW0603 - one service per process, made when the environment is known
    if _service is None:
        settings = Settings.from_environment()
        _service = stamped(make(settings), settings.site)
    await _service(scope, receive, send)


_service: Callable[[Scope, Receive, Send], Awaitable[None]] | None = None
