"""A request's body, whole and of bounded length."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from lab.vitals.outcome import Refusal

LONGEST_BODY = 256 << 10
_LONGEST_DRAIN = 8 << 20


async def read_body(
    given: dict[bytes, bytes],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],  # Any: ASGI's own messages
) -> bytes:
    """All of it. Raises Refusal 413 (too long), 400 (it ended early)."""
    too_long = Refusal(413, "too-long", f"the body is longer than {LONGEST_BODY} bytes")
    length = given.get(b"content-length", b"0")
    if not length.isdigit() or int(length) > _LONGEST_DRAIN:
        raise too_long
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "incomplete", "the body ended early")
        part = message.get("body", b"")
        size += len(part)
        more = message.get("more_body", False)
        if size > _LONGEST_DRAIN:
            raise too_long
        if size > LONGEST_BODY:
            parts.clear()  # read to its end all the same: an answer in the middle of a body is lost in a reset
        else:
            parts.append(part)
    if size > LONGEST_BODY:
        raise too_long
    return b"".join(parts)
