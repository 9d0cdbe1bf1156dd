"""The drill in progress: its page, its events, and the one order that can be given here: stop.

The order is a file in the run's own folder, which the drill's guards look for once a second (`chaos.guards`); later drills do
not see it. Nobody gives it by accident or from elsewhere: a page asks for the drill's name, and the form must carry the
visitor's token.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from dashboards.browser import scene
from dashboards.browser.pages import Pages
from dashboards.browser.rendering import page, refusal
from dashboards.browser.security import LARGEST_BODY
from dashboards.browser.token import COOKIE, Tokens, new_visitor
from results.listing import Listed

_MOST_STREAMS = 32
_FORM = "application/x-www-form-urlencoded"


class BadOrder(ValueError):
    """An order that is not carried out; one line says why."""


class Live:
    """`every_s`: how often the files of a drill are looked at. `closing` is set when the server ends: events end with it."""

    def __init__(self, pages: Pages, quiet_s: float, every_s: float) -> None:
        self._pages = pages
        self._tokens = Tokens()
        self._quiet_s = quiet_s
        self._every_s = every_s
        self._streams = 0
        self.closing = asyncio.Event()

    async def show(self, request: Request) -> Response:
        """The page. With several drills in progress, the newest one, or the one asked for."""
        runs = await run_in_threadpool(self._pages.live_runs)
        run = _wanted(runs, request.query_params.get("run", ""))
        now = await run_in_threadpool(scene.look, run.path) if run is not None else None
        return page("live", {"scene": now, "runs": runs})

    async def events(self, request: Request) -> Response:
        """Server-sent events: ``scene`` with `Scene` as JSON whenever something has changed, then ``end``."""
        runs = await run_in_threadpool(self._pages.live_runs)
        run = _wanted(runs, request.query_params.get("run", ""))
        if run is None:
            return refusal(HTTPStatus.NOT_FOUND, "no such drill is in progress")
        if self._streams >= _MOST_STREAMS:
            return refusal(HTTPStatus.SERVICE_UNAVAILABLE, f"{_MOST_STREAMS} pages follow a drill already")
        if request.method == "HEAD":
            return Response(None, media_type="text/event-stream")
        return StreamingResponse(self._follow(run), media_type="text/event-stream")

    async def ask(self, request: Request) -> Response:
        """Are you sure? The drill's name has to be typed."""
        run = _wanted(await run_in_threadpool(self._pages.live_runs), request.query_params.get("run", ""))
        if run is None:
            return refusal(HTTPStatus.NOT_FOUND, "no such drill is in progress")
        return self._form(request, run, "", HTTPStatus.OK)

    async def stop(self, request: Request) -> Response:
        """The order itself."""
        try:
            given = await self._order(request)
        except BadOrder as error:
            return refusal(HTTPStatus.FORBIDDEN, str(error))
        run = _wanted(await run_in_threadpool(self._pages.live_runs), given.get("run", ""))
        if run is None or not given.get("run"):
            return refusal(HTTPStatus.NOT_FOUND, "no such drill is in progress; it may have ended meanwhile")
        if given.get("drill", "").strip() != run.drill:
            why = f"{given.get('drill', '').strip()!r} is not the name of the drill"
            return self._form(request, run, why, HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            await run_in_threadpool(_order_stop, run)
        except BadOrder as error:
            return refusal(HTTPStatus.CONFLICT, str(error))
        return RedirectResponse(f"/live?run={quote(run.run, safe='')}", HTTPStatus.SEE_OTHER)

    def _form(self, request: Request, run: Listed, wrong: str, status: HTTPStatus) -> Response:
        visitor = request.cookies.get(COOKIE) or new_visitor()
        answer = page("stop", {"run": run, "token": self._tokens.of(visitor), "wrong": wrong}, status)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, visitor, httponly=True, samesite="strict", path="/live", secure=secure)
        return answer

    async def _order(self, request: Request) -> dict[str, str]:
        """The form's fields. Raises BadOrder for one that is not ours."""
        origin = request.headers.get("origin")
        if origin is not None and origin.partition("://")[2].lower() != request.headers["host"].lower():
            raise BadOrder("the order comes from another page than ours")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            raise BadOrder(f"the order is no form ({_FORM})")
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise BadOrder(f"the order has more than {LARGEST_BODY} bytes")
        try:
            fields = parse_qs(body.decode(), max_num_fields=10)
        except ValueError as error:
            raise BadOrder(f"the order cannot be read ({error})") from error
        given = {name: values[0] for name, values in fields.items()}
        if not self._tokens.holds(request.cookies.get(COOKIE, ""), given.get("token", "")):
            raise BadOrder("the order has no valid token: open the page of the drill again and stop it there")
        return given

    async def _follow(self, run: Listed) -> AsyncIterator[str]:
        self._streams += 1
        shown = ""
        try:
            while True:
                if not await run_in_threadpool(scene.is_live, run.path, self._quiet_s):
                    yield _event("end", {"run": run.run, "why": await run_in_threadpool(self._ending, run)})
                    return
                now = json.dumps((await run_in_threadpool(scene.look, run.path)).as_json(), allow_nan=False)
                # a line at each look, so that a browser that has gone away is noticed
                yield f"event: scene\ndata: {now}\n\n" if now != shown else ": nothing new\n\n"
                shown = now
                try:
                    await asyncio.wait_for(self.closing.wait(), self._every_s)
                except TimeoutError:
                    continue
                yield _event("end", {"run": run.run, "why": "the results browser has ended"})
                return
        finally:
            self._streams -= 1

    def _ending(self, run: Listed) -> str:
        if (run.path / "verdict.json").exists():
            found = next((each for each in self._pages.shelf.runs() if each.run == run.run), run)
            return f"the drill has ended: {found.shown}"
        if not run.path.exists():
            return "the drill was refused before anything had begun"
        return f"nothing was written for {scene.silent_s(run.path):.0f} s: the drill seems to be gone without a verdict"


def _wanted(runs: list[Listed], name: str) -> Listed | None:
    """The run of that name, the newest one where none is named."""
    return next((run for run in runs if not name or run.run == name), None)


def _order_stop(run: Listed) -> None:
    """Write the file that the drill's guards look for. One that is there already is the same order. Raises BadOrder."""
    plan = scene.plan_of_run(run.path)
    name = scene.stop_name(plan) if plan is not None else "STOP"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        fd = os.open(run.path / name, flags, 0o644)
    except FileExistsError:
        return
    except OSError as error:
        raise BadOrder(f"{name} cannot be written into the run: {error.strerror}") from error
    with os.fdopen(fd, "w") as file:
        file.write(f"stopped from the results browser at {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}\n")


def _event(kind: str, data: dict[str, str]) -> str:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n"
