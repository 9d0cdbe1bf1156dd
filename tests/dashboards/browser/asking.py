"""Asks an application for a page without a server between: what an address answers, with its headers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    app: ASGIApp,
    path: str,
    *,
    method: str = "GET",
    query: str = "",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    """The whole answer. `path` as the server hands it on: with %-escapes taken out. A header that is "" is left out."""
    return asyncio.run(_ask(app, path, method, query, {"host": "localhost:8480", **(headers or {})}, body))


async def _ask(app: ASGIApp, path: str, method: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
    said: list[Message] = []
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()  # stays until the answer is complete
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    scope: dict[str, Any] = {
        **{"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": ""},
        **{"method": method, "path": path, "raw_path": path.encode("utf-8", "replace"), "query_string": query.encode()},
        "headers": [(name.encode(), value.encode()) for name, value in headers.items() if value],
        **{"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8480)},
    }
    await app(scope, receive, send)
    start = next(message for message in said if message["type"] == "http.response.start")
    content = b"".join(message.get("body", b"") for message in said if message["type"] == "http.response.body")
    return Answer(start["status"], Headers(raw=start["headers"]), content)
