"""Sentry's side of reading: the three lists that are used here, with Sentry's names, pages by ``Link``, and Bearer token.

``GET /api/0/organizations/<org>/issues/``, ``/api/0/projects/<org>/<project>/events/``,
``/api/0/organizations/<org>/monitors/<slug>/checkins/`` (https://docs.sentry.io/api/). Parameters: ``environment``, ``start``
(ISO 8601), ``per_page`` or ``limit``, ``cursor``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lab.telemetry.settings import ORGANIZATION, PROJECTS, Settings
from lab.telemetry.store import Store, Unavailable

_MOST = 100

_ISSUES = """
SELECT issue, min(project) AS project, (array_agg(title ORDER BY received DESC))[1] AS title, max(name) AS culprit,
       max(level) AS level, count(*) AS count, min(received) AS first_seen, max(received) AS last_seen
FROM sentry_item WHERE kind = 'event' AND received >= $1 AND ($2::text IS NULL OR environment = $2)
GROUP BY issue ORDER BY max(received) DESC, issue LIMIT $3 OFFSET $4
"""
_EVENTS = """
SELECT event, title, level, received, environment, release, payload FROM sentry_item
WHERE kind = 'event' AND received >= $1 AND ($2::text IS NULL OR environment = $2) AND project = $5
ORDER BY received DESC, id LIMIT $3 OFFSET $4
"""
_CHECK_INS = """
SELECT event, status, received, duration_ms, environment FROM sentry_item
WHERE kind = 'check_in' AND received >= $1 AND ($2::text IS NULL OR environment = $2) AND name = $5
ORDER BY received DESC, id LIMIT $3 OFFSET $4
"""


class WebApi:
    """Reads what was taken."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store

    async def issues(self, request: Request) -> Response:
        return await self._page(request, _ISSUES, _issue)

    async def events(self, request: Request) -> Response:
        slugs = {slug: number for number, slug in PROJECTS.items()}
        project = slugs.get(request.path_params["project"])
        if project is None:
            return JSONResponse({"detail": "The requested resource does not exist"}, 404)
        return await self._page(request, _EVENTS, _event, project)

    async def check_ins(self, request: Request) -> Response:
        return await self._page(request, _CHECK_INS, _check_in, request.path_params["slug"])

    async def _page(
        self, request: Request, query: str, shown: Callable[[asyncpg.Record], dict[str, Any]], *more: Any
    ) -> Response:
        if request.headers.get("authorization") != f"Bearer {self._settings.sentry_token}":
            return JSONResponse({"detail": "Invalid token"}, 401)
        if request.path_params["organization"] != ORGANIZATION:
            return JSONResponse({"detail": "The requested resource does not exist"}, 404)
        asked = request.query_params
        try:
            limit = min(_MOST, max(1, int(asked.get("per_page") or asked.get("limit") or _MOST)))
            offset = max(0, int((asked.get("cursor") or "0:0:0").split(":")[1]))
            start = int(datetime.fromisoformat(asked["start"]).timestamp() * 1e9) if "start" in asked else 0
        except (ValueError, IndexError):
            return JSONResponse({"detail": "Invalid parameter: limit, cursor or start"}, 400)
        try:
            rows = await self._store.rows(query, start, asked.get("environment"), limit + 1, offset, *more)
        except Unavailable as error:
            return JSONResponse({"detail": f"the store does not answer ({error})"}, 503)
        more_there, cursor = len(rows) > limit, f"0:{offset + limit}:0"
        url = request.url.replace_query_params(**{**asked, "cursor": cursor})
        link = f'<{url}>; rel="next"; results="{str(more_there).lower()}"; cursor="{cursor}"'
        return JSONResponse([shown(row) for row in rows[:limit]], headers={"Link": link})


def _issue(row: asyncpg.Record) -> dict[str, Any]:
    slug = PROJECTS.get(row["project"], "unknown")
    return {
        "id": row["issue"],
        "title": row["title"],
        "culprit": row["culprit"],
        "level": row["level"],
        "status": "unresolved",
        "count": str(row["count"]),  # a string, as Sentry sends it
        "userCount": 0,
        "firstSeen": _iso(row["first_seen"]),
        "lastSeen": _iso(row["last_seen"]),
        "project": {"id": str(row["project"]), "slug": slug, "name": slug},
    }


def _event(row: asyncpg.Record) -> dict[str, Any]:
    content = json.loads(row["payload"])
    tags = content.get("tags") or {}
    return {
        "id": row["event"],
        "eventID": row["event"],
        "title": row["title"],
        "dateCreated": _iso(row["received"]),
        "event.type": "error",
        "tags": [{"key": key, "value": value} for key, value in dict(tags).items()],
    }


def _check_in(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "id": row["event"],
        "status": row["status"],
        "dateCreated": _iso(row["received"]),
        "duration": None if row["duration_ms"] is None else int(row["duration_ms"]),
        "environment": row["environment"],
    }


def _iso(ns: int) -> str:
    return datetime.fromtimestamp(ns / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
