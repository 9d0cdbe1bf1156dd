"""The receivers of a site as ASGI applications, `sentry` and `matomo`: two services of one cluster that share its database."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache

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


def _sentry(settings: Settings, store: Store) -> list[Route]:
    ingest, web = Ingest(settings, store), WebApi(settings, store)
    return [
        Route("/api/{project}/envelope/", ingest.envelope, methods=["POST"]),
        Route(f"{_API}/organizations/{{organization}}/issues/", web.issues),
        Route(f"{_API}/projects/{{organization}}/{{project}}/events/", web.events),
        Route(f"{_API}/organizations/{{organization}}/monitors/{{slug}}/checkins/", web.check_ins),
    ]


def _matomo(settings: Settings, store: Store) -> list[Route]:
    tracking, reporting = Tracking(settings, store), Reporting(settings, store)
    return [
        Route("/matomo.php", tracking.track, methods=["GET", "POST"]),
        Route("/index.php", reporting.call, methods=["GET", "POST"]),
    ]


def make(settings: Settings, own: Callable[[Settings, Store], list[Route]]) -> Starlette:
    """One receiver of one site: its `own` routes, and its readiness."""
    store = Store(settings)

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

    return Starlette(routes=[*own(settings, store), Route("/health/ready", ready)], lifespan=living)


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


@cache
def _service(own: Callable[[Settings, Store], list[Route]]) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    settings = Settings.from_environment()
    return stamped(make(settings, own), settings.site)


async def sentry(scope: Scope, receive: Receive, send: Send) -> None:
    """Entry point for the application server; the service is made at the first call, when the environment is known."""
    await _service(_sentry)(scope, receive, send)


async def matomo(scope: Scope, receive: Receive, send: Send) -> None:
    """The same for Matomo."""
    await _service(_matomo)(scope, receive, send)
