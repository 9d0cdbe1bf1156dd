"""Matomo's side of reading: ``/index.php?module=API&format=JSON&method=…``, the methods that are used here.

========================  ==============================================================================
API.getMatomoVersion      ``{"value": "…"}``
Live.getCounters          visits, actions, visitors of the last ``lastMinutes`` minutes
Events.getCategory        events by category; with ``secondaryDimension=eventAction&expanded=1`` by action below
========================  ==============================================================================

https://developer.matomo.org/api-reference/reporting-api. Errors are ``{"result": "error", "message": …}`` with 200, as Matomo's
are. Real reports of the current day are cached for 900 s; Live is not, here and there.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lab.telemetry.settings import MATOMO_SITE, Settings
from lab.telemetry.store import Store, Unavailable

VERSION = "5.0.0-stand-in"

_COUNTERS = """
SELECT count(*) AS actions, count(DISTINCT visitor) AS visitors FROM matomo_action WHERE site = $1 AND at >= $2
"""
_EVENTS = """
SELECT category, action, count(*) AS number, sum(value) AS total, min(value) AS least, max(value) AS most,
       count(value) AS valued
FROM matomo_action WHERE site = $1 AND kind = 'event' AND at >= $2 GROUP BY 1, 2 ORDER BY 1, 2
"""


class Refused(ValueError):
    """A call that is answered with an error: one line."""


class Reporting:
    """Answers calls of the reporting API."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store

    async def call(self, request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        given = {**request.query_params, **dict(parse_qsl(body))}
        try:
            return JSONResponse(await self._answer(given))
        except (Refused, Unavailable) as error:
            return JSONResponse({"result": "error", "message": str(error)})

    async def _answer(self, given: dict[str, str]) -> Any:
        if given.get("module") != "API" or given.get("format", "").upper() != "JSON":
            raise Refused("module=API and format=JSON are answered here, and nothing else")
        if given.get("token_auth") != self._settings.matomo_token:
            raise Refused("You can't access this resource as it requires an authenticated access: wrong token_auth")
        method = given.get("method", "")
        if method == "API.getMatomoVersion":
            return {"value": VERSION}
        if given.get("idSite") != str(MATOMO_SITE):
            raise Refused(
                f"An unexpected website was found in the request: website id was set to {given.get('idSite')!r}"
            )
        if method == "Live.getCounters":
            return await self._counters(given)
        if method == "Events.getCategory":
            return await self._events(given)
        raise Refused(f"The method '{method}' does not exist or is not available in this stand-in")

    async def _counters(self, given: dict[str, str]) -> Any:
        try:
            since = time.time_ns() - int(float(given["lastMinutes"]) * 60e9)
        except (KeyError, ValueError) as error:
            raise Refused("Please specify a value for 'lastMinutes'.") from error
        (row,) = await self._store.rows(_COUNTERS, MATOMO_SITE, since)
        return [
            {"visits": row["visitors"], "actions": row["actions"], "visitors": row["visitors"], "visitsConverted": 0}
        ]

    async def _events(self, given: dict[str, str]) -> Any:
        if given.get("period") != "day" or given.get("date") != "today":
            raise Refused("period=day and date=today are answered here")
        midnight = time.time_ns() // 86_400_000_000_000 * 86_400_000_000_000
        below: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in await self._store.rows(_EVENTS, MATOMO_SITE, midnight):
            below[row["category"]].append(_line(row["action"], [row]))
        shown = []
        for category, actions in below.items():
            whole = {
                "label": category,
                "nb_events": sum(each["nb_events"] for each in actions),
                "nb_events_with_value": sum(each["nb_events_with_value"] for each in actions),
                "sum_event_value": sum(each["sum_event_value"] for each in actions),
            }
            if given.get("secondaryDimension") == "eventAction" and given.get("expanded") == "1":
                whole["subtable"] = actions
            shown.append(whole)
        return shown


def _line(label: str, rows: list[Any]) -> dict[str, Any]:
    return {
        "label": label,
        "nb_events": sum(row["number"] for row in rows),
        "nb_events_with_value": sum(row["valued"] for row in rows),
        "sum_event_value": sum(row["total"] or 0 for row in rows),
        "min_event_value": min((row["least"] for row in rows if row["least"] is not None), default=0),
        "max_event_value": max((row["most"] for row in rows if row["most"] is not None), default=0),
    }
