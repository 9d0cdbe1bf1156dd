"""What is refused before any page sees it, and the headers of every answer."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
STOP_PATH = "/live/stop"  # the only address that takes a POST
LARGEST_BODY = 4096
_LONGEST_PATH, _LONGEST_QUERY = 1024, 2048
# nothing from elsewhere, no script but ours, and no page of somebody else's around ours
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with "no-referrer", browsers would hide from us where a form comes from
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Refusal:
    """Why a request is not answered."""

    status: HTTPStatus
    why: str


class Guarded:
    """An application behind the rules. `allowed_hosts`: names that may stand in the Host header, without port, lower case."""

    def __init__(self, app: ASGIApp, allowed_hosts: frozenset[str]) -> None:
        self._app = app
        self._allowed_hosts = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = refusal_of(scope, self._allowed_hosts)
        if refusal is None:
            await self._app(scope, receive, send_with_headers)
            return
        answer = PlainTextResponse(f"{refusal.why}\n", refusal.status)
        if refusal.status is HTTPStatus.METHOD_NOT_ALLOWED:
            answer.headers["allow"] = allowed_methods(scope["path"])
        await answer(scope, receive, send_with_headers)


def refusal_of(scope: Scope, allowed_hosts: frozenset[str]) -> Refusal | None:
    """Why that request is refused by its head alone; None where it is not."""
    headers = Headers(scope=scope)
    hosts, length = headers.getlist("host"), headers.get("content-length", "0")
    refusals = (
        (len(hosts) != 1, HTTPStatus.BAD_REQUEST, f"Host: {len(hosts)} given, 1 needed"),
        (
            host_name("".join(hosts)) not in allowed_hosts,
            HTTPStatus.MISDIRECTED_REQUEST,
            "Host: not served here; zweitherz serve --allow-host NAME allows it",
        ),
        (
            scope["method"] not in allowed_methods(scope["path"]).split(", "),
            HTTPStatus.METHOD_NOT_ALLOWED,
            f"{scope['method']}: not here",
        ),
        (
            len(scope["path"]) > _LONGEST_PATH or len(scope["query_string"]) > _LONGEST_QUERY,
            HTTPStatus.REQUEST_URI_TOO_LONG,
            "address: too long",
        ),
        (not _is_number(length), HTTPStatus.BAD_REQUEST, "Content-Length: no number"),
        (
            _is_number(length) and int(length) > LARGEST_BODY,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"body: more than {LARGEST_BODY} bytes",
        ),
    )
    return next((Refusal(status, why) for wrong, status, why in refusals if wrong), None)


def allowed_methods(path: str) -> str:
    """As the header Allow has them."""
    return "GET, HEAD, POST" if path == STOP_PATH else "GET, HEAD"


def host_name(host: str) -> str:
    """The name in a Host header or an authority, without port, lower case: ``[::1]:80`` is ``[::1]``."""
    name = host.lower()
    if not name.endswith("]"):
        before, colon, port = name.rpartition(":")
        if colon and port.isdigit():
            name = before
    return name.removesuffix(".")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len("18446744073709551615")
