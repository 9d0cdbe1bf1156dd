"""Matomo's side of sending: ``/matomo.php``, one action as a query, or many at once as JSON.

Parameters: https://developer.matomo.org/api-reference/tracking-api. Answers as Matomo does: 204 or a small picture for one
action, 400 for what it refuses, and for many ``{"status": "success", "tracked": n, "invalid": m}`` with 200.
"""

from __future__ import annotations

import base64
import json
import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lab.telemetry.settings import MATOMO_SITE, Settings
from lab.telemetry.store import Store, Unavailable

_VISITOR = re.compile(r"[0-9a-f]{16}")
_PICTURE = base64.b64decode("R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
_DAY_S = 86_400
_TIMINGS = ("pf_net", "pf_srv", "pf_tfr", "pf_dm1", "pf_dm2", "pf_onl")
LONGEST = 4 << 20


class Invalid(ValueError):
    """An action that Matomo refuses: one line."""


class Tracking:
    """Takes actions, stores them as they came."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store

    async def track(self, request: Request) -> Response:
        body = await request.body()
        if len(body) > LONGEST:
            return Response(status_code=413)
        if body.lstrip().startswith(b"{"):
            return await self._bulk(body)
        query = request.url.query or body.decode("utf-8", "replace")
        try:
            made = row(
                dict(parse_qsl(query, keep_blank_values=True)), query, self._settings.matomo_token, time.time_ns()
            )
        except Invalid as error:
            return Response(f"{error}", 400)
        try:
            await self._store.put_matomo([made])
        except Unavailable as error:
            return Response(f"the store takes nothing now ({error})", 503)
        if dict(parse_qsl(query)).get("send_image") == "0":
            return Response(status_code=204)
        return Response(_PICTURE, media_type="image/gif")

    async def _bulk(self, body: bytes) -> Response:
        try:
            whole = json.loads(body)
            requests = whole["requests"]
            token = str(whole.get("token_auth") or "")
            if not isinstance(requests, list):
                raise Invalid("requests: no list")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return JSONResponse({"status": "error", "message": f"no bulk request: {error}"}, 400)
        rows, invalid = [], []
        for number, each in enumerate(requests):
            given, query = _one(each)
            try:
                rows.append(row({"token_auth": token, **given}, query, self._settings.matomo_token, time.time_ns()))
            except Invalid:
                invalid.append(number)
        try:
            await self._store.put_matomo(rows)
        except Unavailable as error:
            return JSONResponse({"status": "error", "message": f"the store takes nothing now ({error})"}, 503)
        return JSONResponse(
            {"status": "success", "tracked": len(rows), "invalid": len(invalid), "invalid_indices": invalid}
        )


def _one(each: Any) -> tuple[dict[str, str], str]:
    """An element of a bulk request, as parameters and as a query; it may be a query or an object."""
    if isinstance(each, Mapping):
        given = {str(name): str(value) for name, value in each.items()}
        return given, json.dumps(given)
    query = str(each).removeprefix("?")
    return dict(parse_qsl(query, keep_blank_values=True)), query


def row(given: Mapping[str, str], query: str, token: str, now_ns: int) -> dict[str, Any]:
    """An action as a row of `matomo_action`. Raises Invalid."""
    if given.get("idsite") != str(MATOMO_SITE):
        raise Invalid(f"idsite {given.get('idsite')!r}: an unexpected website was found in the request")
    if given.get("rec") != "1":
        raise Invalid("rec=1 is needed")
    visitor = given.get("_id") or given.get("cid") or ""
    if visitor and not _VISITOR.fullmatch(visitor):
        raise Invalid("_id and cid have 16 hexadecimal digits")
    known = given.get("token_auth") == token
    if "cip" in given and not known:
        raise Invalid("cip needs token_auth")
    at_ns = _time_ns(given.get("cdt"), now_ns)
    if now_ns - at_ns > _DAY_S * 1_000_000_000 and not known:
        raise Invalid("cdt older than a day needs token_auth")
    event = "e_c" in given
    if event and not given.get("e_a"):
        raise Invalid("e_c without e_a")
    # the identifiers of a user are not kept: the receiver knows visitors only
    kept = "&".join(part for part in query.split("&") if not part.startswith(("token_auth=", "uid=")))
    return {
        "received": now_ns,
        "at": at_ns,
        "site": MATOMO_SITE,
        "visitor": visitor,
        "kind": "event" if event else "ping" if given.get("ping") == "1" else "page",
        "url": given.get("url"),
        "title": given.get("action_name"),
        "category": given.get("e_c"),
        "action": given.get("e_a"),
        "name": given.get("e_n"),
        "value": _number(given.get("e_v")),
        "timing_ms": json.dumps({name: _number(given[name]) for name in _TIMINGS if name in given}) or None,
        "query": kept,
    }


def _time_ns(stamp: str | None, now_ns: int) -> int:
    """``cdt``: seconds since the epoch, or ``YYYY-mm-dd HH:MM:SS`` in UTC."""
    if stamp is None:
        return now_ns
    try:
        if stamp.replace(".", "", 1).isdigit():
            return int(float(stamp) * 1e9)
        return int(datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()) * 1_000_000_000
    except (ValueError, OverflowError) as error:
        raise Invalid(f"cdt {stamp[:30]!r}: no time") from error


def _number(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise Invalid(f"{text[:30]!r}: no number") from error
    if not math.isfinite(value):
        raise Invalid(f"{text[:30]!r}: no number")
    return value
