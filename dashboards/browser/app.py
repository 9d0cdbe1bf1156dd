"""Which address leads to which page."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from dashboards.browser.live import Live
from dashboards.browser.pages import Pages
from dashboards.browser.rendering import refusal
from dashboards.browser.scene import QUIET_S
from dashboards.browser.security import LOOPBACK, STOP_PATH, Guarded

_STATIC = Path(__file__).resolve().parent / "static"


@dataclass(frozen=True)
class Browser:
    """The application, with what tests and the server want of it."""

    app: Guarded
    pages: Pages
    live: Live


def browser(
    home: Path, *, allowed_hosts: frozenset[str] = LOOPBACK, every_s: float = 1.0, quiet_s: float = QUIET_S
) -> Browser:
    """The results browser of the folder `home` (with ``runs``). `every_s`: how often a drill in progress is looked at."""
    pages = Pages(home, quiet_s)
    live = Live(pages, quiet_s, every_s)
    routes = [
        Route("/", pages.runs),
        Route("/runs/{run}", pages.run),
        Route("/runs/{run}/files/{file:path}", pages.file),
        Route("/compare", pages.compare),
        Route("/live", live.show),
        Route("/live/events", live.events),
        Route(STOP_PATH, live.ask),
        Route(STOP_PATH, live.stop, methods=["POST"]),
        Mount("/static", StaticFiles(directory=_STATIC)),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPStatus.NOT_FOUND: _not_found})
    return Browser(Guarded(app, allowed_hosts), pages, live)


async def _not_found(request: Request, error: Exception) -> Response:
    return refusal(HTTPStatus.NOT_FOUND, "there is no such page")
