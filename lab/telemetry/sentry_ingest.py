"""Sentry's side of sending: ``POST /api/<project>/envelope/``.

Protocol: https://develop.sentry.dev/sdk/. Answers as Relay does: 200 ``{"id": …}``, 400 for what is no envelope, 401 without
a key, 403 for a wrong one, 429 with ``Retry-After`` and ``X-Sentry-Rate-Limits`` beyond the quota,
503 while the store takes nothing.
"""

from __future__ import annotations

import hashlib
import math
import re
import time
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lab.telemetry.envelope import BadEnvelope, Item, decompress, parse
from lab.telemetry.quota import Quota
from lab.telemetry.settings import PROJECTS, Settings
from lab.telemetry.store import Store, Unavailable

_NUMBERS = re.compile(r"\d+|0x[0-9a-fA-F]+")
_KINDS = frozenset(
    {"event", "transaction", "check_in", "session", "sessions", "client_report", "log", "attachment", "span"}
)


class Ingest:
    """Takes envelopes of all projects."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._quota = {project: Quota(settings.items_per_s, time.monotonic) for project in PROJECTS}

    async def envelope(self, request: Request) -> Response:
        """One envelope. Every item is stored as it came; what Sentry shows is drawn out of it."""
        if refused := self._refused(request):
            return refused
        project = int(request.path_params["project"])
        try:
            whole = decompress(await request.body(), request.headers.get("content-encoding", "").strip().lower())
            header, items = parse(whole)
        except BadEnvelope as error:
            return JSONResponse({"detail": str(error), "causes": []}, 400)
        if unknown := sorted({item.kind for item in items} - _KINDS):
            return JSONResponse({"detail": f"item type {', '.join(unknown)} is unknown here", "causes": []}, 400)
        if wait := self._quota[project].take(len(items)):
            seconds = max(1, math.ceil(wait))
            limits = {"Retry-After": str(seconds), "X-Sentry-Rate-Limits": f"{seconds}::organization"}
            return JSONResponse({"detail": "rate limit"}, 429, limits)
        try:
            await self._store.put_sentry([row(project, header, item, time.time_ns()) for item in items])
        except Unavailable as error:
            return JSONResponse({"detail": f"the store takes nothing now ({error})"}, 503, {"Retry-After": "1"})
        return JSONResponse({"id": header.get("event_id")} if header.get("event_id") else {})

    def _refused(self, request: Request) -> Response | None:
        key = _key(request)
        if key is None:
            return JSONResponse({"detail": "missing authorization information", "causes": []}, 401)
        project = request.path_params["project"]
        if key != self._settings.sentry_key or not project.isdigit() or int(project) not in PROJECTS:
            return JSONResponse({"detail": "event submission rejected with_reason: ProjectId", "causes": []}, 403)
        return None


def _key(request: Request) -> str | None:
    """The DSN's public key, from the header ``X-Sentry-Auth`` or the query."""
    given = request.headers.get("x-sentry-auth", "")
    if given.lower().startswith("sentry "):
        for part in given[7:].split(","):
            name, _, value = part.strip().partition("=")
            if name == "sentry_key":
                return value
    return request.query_params.get("sentry_key")


def row(project: int, header: dict[str, Any], item: Item, received_ns: int) -> dict[str, Any]:
    """An item as a row of `sentry_item`. Any: JSON values."""
    content = item.json()
    made = {
        "received": received_ns,
        "project": project,
        "kind": item.kind,
        "event": content.get("event_id") or header.get("event_id"),
        "environment": content.get("environment"),
        "release": content.get("release"),
        "server": content.get("server_name"),
        "payload": item.payload,
    }
    if item.kind == "event":
        title, culprit = _title(content), content.get("transaction") or ""
        made |= {"level": content.get("level") or "error", "title": title, "name": culprit}
        made["issue"] = _issue(project, content, title, culprit)
    elif item.kind == "transaction":
        made |= {"name": content.get("transaction"), "duration_ms": _span_ms(content)}
        made["status"] = (content.get("contexts") or {}).get("trace", {}).get("status")
    elif item.kind == "check_in":
        made |= {
            "name": content.get("monitor_slug"),
            "status": content.get("status"),
            "event": content.get("check_in_id"),
        }
        duration = content.get("duration")
        made["duration_ms"] = duration * 1000 if isinstance(duration, int | float) else None
    return {name: str(value) if name in _TEXTS and value is not None else value for name, value in made.items()}


_TEXTS = frozenset({"event", "issue", "title", "level", "environment", "release", "server", "name", "status"})


def _title(content: dict[str, Any]) -> str:
    values = (content.get("exception") or {}).get("values") or []
    if values:
        last = values[-1]
        return f"{last.get('type')}: {last.get('value')}"[:200]
    message = content.get("logentry") or content.get("message") or ""
    if isinstance(message, dict):
        message = message.get("formatted") or message.get("message") or ""
    return str(message)[:200] or "<unlabeled event>"


def _issue(project: int, content: dict[str, Any], title: str, culprit: str) -> str:
    """Events of one issue share it: the given fingerprint, else type and place; numbers in a message do not tell issues apart."""
    given = content.get("fingerprint")
    values = (content.get("exception") or {}).get("values") or []
    if given and given != ["{{ default }}"]:
        basis = "|".join(map(str, given))
    elif values:
        basis = f"{values[-1].get('type')}|{culprit}"
    else:
        basis = f"{_NUMBERS.sub('#', title)}|{culprit}"
    return str(int(hashlib.sha256(f"{project}|{basis}".encode()).hexdigest()[:12], 16))


def _span_ms(content: dict[str, Any]) -> float | None:
    begun, ended = (_seconds(content.get(name)) for name in ("start_timestamp", "timestamp"))
    return None if begun is None or ended is None else (ended - begun) * 1000


def _seconds(stamp: Any) -> float | None:
    if isinstance(stamp, int | float):
        return float(stamp)
    try:
        return datetime.fromisoformat(str(stamp)).timestamp()
    except ValueError:
        return None
